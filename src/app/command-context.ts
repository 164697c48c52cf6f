/**
 * What a command sees of its process: environment, working folder, the three streams. Only this file and
 * configuration read them from Node, so that everything behind it can be tested with others.
 *
 * A reader that goes away (`| head`) is no failure: writing then says so by false, and whoever follows something
 * ends.
 */
import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { Environment } from './configuration/environment.js';

/** One of the two output streams. */
export interface Output {
  /** Resolves when the text was handed over: false when nobody reads any more. Never rejects. */
  write(text: string | Uint8Array): Promise<boolean>;
  /** A person reads it. */
  readonly isTerminal: boolean;
  /** A person reads it who did not switch colours off (`NO_COLOR`, `TERM=dumb`). */
  readonly isColourful: boolean;
  /** Of the terminal as it is now; 80 by 24 where it does not say. */
  size(): TerminalSize;
  /** Hides the cursor of the terminal until what it returns is called, or the process ends. */
  hideCursor(): () => void;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

interface Input {
  /** Whether something was piped or redirected into the process; false for terminals and `/dev/null`. */
  readonly isPiped: boolean;
  /** All of it, to its end. */
  readAll(): Promise<Buffer>;
}

export interface CommandContext {
  readonly environment: Environment;
  /** Absolute. */
  readonly workingFolder: string;
  /** How this program is called, for lines to copy: `replyto`, `npm run --silent replyto --`. */
  readonly program: string;
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
}

/** The context of this process; to be made once, at its start. */
export function processContext(): CommandContext {
  const { env, stdin, stdout, stderr } = process;
  return {
    environment: env,
    workingFolder: process.cwd(),
    program: programOf(env),
    stdin: {
      get isPiped() {
        return isPiped(0);
      },
      readAll: () => readAll(stdin),
    },
    stdout: createOutput(stdout, env),
    stderr: createOutput(stderr, env),
  };
}

function programOf(env: Environment): string {
  // Run from its source, there is no command of that name.
  if (import.meta.url.endsWith('.ts')) return 'npm run --silent replyto --';
  return env['npm_lifecycle_event'] === 'npx' ? 'npx replyto' : 'replyto';
}

function createOutput(stream: NodeJS.WriteStream & { readonly fd: number }, env: Environment): Output {
  let isClosed = false;
  // Without a listener the first write to a closed pipe would end the process with a stack.
  stream.on('error', () => {
    isClosed = true;
  });
  const isTerminal = isatty(stream.fd);
  return {
    isTerminal,
    isColourful: isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb',
    write: (text) =>
      new Promise((resolve) => {
        if (isClosed || stream.destroyed) resolve(false);
        else stream.write(text, (error) => resolve(error === undefined || error === null));
      }),
    size: () => ({ columns: toLength(stream.columns, 80), rows: toLength(stream.rows, 24) }),
    hideCursor() {
      const show = (): void => {
        process.off('exit', show);
        if (!isClosed && !stream.destroyed) stream.write('\u001b[?25h');
      };
      process.once('exit', show);
      stream.write('\u001b[?25l');
      return show;
    },
  };
}

/** Terminals that do not know their size say 0, other streams nothing at all. */
function toLength(said: number | undefined, otherwise: number): number {
  return said === undefined || said < 1 ? otherwise : said;
}

/** A parent that leaves a device there (`/dev/null`, a terminal) gives nothing to read. */
function isPiped(fileDescriptor: number): boolean {
  try {
    const facts = fstatSync(fileDescriptor);
    return facts.isFIFO() || facts.isFile() || facts.isSocket();
  } catch {
    return false;
  }
}

async function readAll(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
