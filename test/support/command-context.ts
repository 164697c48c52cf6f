import type { CommandContext, Output, TerminalSize } from '#app/command-context.js';
import type { Environment } from '#app/configuration/environment.js';

/** A context for commands inside of the test's process, which keeps what they write. */
export interface TestContext extends CommandContext {
  readonly said: () => { readonly stdout: string; readonly stderr: string };
}

export interface TestContextOptions {
  readonly environment?: Environment;
  readonly workingFolder?: string;
  /** What is piped into it; absent: nothing is. */
  readonly input?: string;
  readonly isTerminal?: boolean;
  /** Of its terminal; default 80 by 24. */
  readonly size?: TerminalSize;
}

export function testContext(options: TestContextOptions = {}): TestContext {
  const { environment = {}, workingFolder = '/nowhere', input, isTerminal = false } = options;
  const written = { stdout: '', stderr: '' };
  const output = (name: keyof typeof written): Output => ({
    isTerminal,
    isColourful: isTerminal && environment['NO_COLOR'] === undefined,
    write: (text) => {
      written[name] += typeof text === 'string' ? text : Buffer.from(text).toString('utf8');
      return Promise.resolve(true);
    },
    size: () => options.size ?? { columns: 80, rows: 24 },
    hideCursor() {
      written[name] += '\u001b[?25l';
      return () => {
        written[name] += '\u001b[?25h';
      };
    },
  });
  return {
    environment,
    workingFolder,
    program: 'replyto',
    stdin: { isPiped: input !== undefined, readAll: () => Promise.resolve(Buffer.from(input ?? '')) },
    stdout: output('stdout'),
    stderr: output('stderr'),
    said: () => ({ ...written }),
  };
}
