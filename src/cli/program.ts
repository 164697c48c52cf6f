/**
 * The command line as a whole. Commands are known by name and summary; the file of a command is loaded when it is
 * the one that was asked for, because a `send` must not wait for the modules of a gateway.
 */
import { Command, CommanderError } from 'commander';
import type { CommandContext } from '#app/command-context.js';
import { productVersion } from '#app/version.js';
import type { Configure, Run } from './command.js';
import { examples } from './command.js';
import { reportError } from './report-error.js';

interface KnownCommand {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly configure: Configure }>;
}

const commands: readonly KnownCommand[] = [
  {
    name: 'dev',
    summary: 'Try it: a gateway with its own broker and services.',
    load: () => import('./dev.js'),
  },
  { name: 'serve', summary: 'Run a gateway.', load: () => import('./serve.js') },
  { name: 'request', summary: 'Ask a service and print its reply.', load: () => import('./request.js') },
  { name: 'status', summary: 'Show a request, or its reply.', load: () => import('./status.js') },
  { name: 'trace', summary: 'Show what happened to a request.', load: () => import('./trace.js') },
  { name: 'why', summary: 'Say what a request waits for.', load: () => import('./why.js') },
  { name: 'watch', summary: 'Follow a project, or a request.', load: () => import('./watch.js') },
  {
    name: 'publish-status',
    summary: 'Tell a project what moved on.',
    load: () => import('./publish-status.js'),
  },
  { name: 'cancel', summary: 'Cancel a request.', load: () => import('./cancel.js') },
  { name: 'list', summary: 'List requests.', load: () => import('./list.js') },
  {
    name: 'deliveries',
    summary: 'Show where a reply goes, or send it elsewhere too.',
    load: () => import('./deliveries.js'),
  },
  {
    name: 'dead-letters',
    summary: 'Look at what failed, edit it, send it again, drop it.',
    load: () => import('./dead-letters.js'),
  },
  {
    name: 'unmatched',
    summary: 'Look at replies to no known request, and match them.',
    load: () => import('./unmatched.js'),
  },
  { name: 'reply', summary: 'Make any program a service.', load: () => import('./reply.js') },
  { name: 'consume', summary: 'Read a queue.', load: () => import('./consume.js') },
  { name: 'send', summary: 'Put one message on a queue.', load: () => import('./send.js') },
  { name: 'token', summary: 'Make a token for a caller.', load: () => import('./token.js') },
  { name: 'doctor', summary: 'Say what is right and wrong here.', load: () => import('./doctor.js') },
  {
    name: 'config',
    summary: 'Check, print or explain the configuration.',
    load: () => import('./config.js'),
  },
  {
    name: 'completion',
    summary: 'Print a completion script for a shell.',
    load: async () => ({
      configure: (await import('./completion.js')).configureCompletion(wholeProgram),
    }),
  },
];

/** With every command configured, and none that could run. */
async function wholeProgram(): Promise<Command> {
  const program = new Command('replyto').helpOption('-h, --help', 'Print this help.');
  for (const { name, summary, load } of commands) {
    (await load()).configure(program.command(name).description(summary), () => Promise.resolve());
  }
  return program;
}

const wrongUse = 2;

/** Runs one command line, without the name of the program; resolves with the exit code and never rejects. */
export async function runCommandLine(given: readonly string[], context: CommandContext): Promise<number> {
  let exitCode = 0;
  const run: Run = async (work) => {
    exitCode = await work(context);
  };
  try {
    const program = await createProgram(given, context, run);
    await program.parseAsync(given, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error, context);
    // Help and version end like errors; what was wrong is told already.
    return error.exitCode === 0 ? 0 : wrongUse;
  }
}

async function createProgram(given: readonly string[], context: CommandContext, run: Run): Promise<Command> {
  const program = new Command('replyto')
    .description(
      'Plain HTTP in front of ActiveMQ: a request becomes a message, its reply is matched and never lost.',
    )
    .version(`replyto ${productVersion}`, '-V, --version', 'Print the version.')
    .helpOption('-h, --help', 'Print this help.')
    .helpCommand('help [command]', 'Print the help of a command.')
    .showHelpAfterError('(--help tells more)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
    })
    .addHelpText(
      'after',
      `
Exit codes: 0 done, 1 failed, 2 wrong use, 3 not found, 4 fault of the service, 5 expired, 6 cancelled, 7 unavailable.
${examples('replyto dev', `replyto request demo.echo --data '{"say":"hello"}'`, 'replyto help request')}`,
    );
  for (const { name, summary } of commands) program.command(name).description(summary);
  const [first, second] = given.filter((word) => !word.startsWith('-'));
  const wanted = first === 'help' ? second : first;
  const known = commands.find(({ name }) => name === wanted);
  const command = program.commands.find((candidate) => candidate.name() === wanted);
  if (known !== undefined && command !== undefined) (await known.load()).configure(command, run);
  return program;
}
