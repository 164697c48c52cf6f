#!/usr/bin/env node
import { processContext } from '#app/command-context.js';
import { runCommandLine } from './program.js';
import { reportError } from './report-error.js';

const context = processContext();
const [, , ...given] = process.argv;

// A fault of this program is told as every other error; serving processes stop in order before that.
process.once('uncaughtException', (error) => {
  if (process.listenerCount('uncaughtException') === 0) void reportError(error, context).then(end);
});

await end(await runCommandLine(given, context));

/** Nothing that is still open, such as standard input, may keep a finished command alive. */
async function end(exitCode: number): Promise<never> {
  await context.stdout.write('');
  await context.stderr.write('');
  process.exit(exitCode);
}
