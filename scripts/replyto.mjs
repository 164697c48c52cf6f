// `npm run replyto`: the command from its source, in the folder in which npm was called, as the installed command would
// run. npm itself goes to the root of the repository.
process.chdir(process.env.INIT_CWD ?? '.');
await import('../src/cli/main.ts');
