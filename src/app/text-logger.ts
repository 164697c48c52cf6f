/** A log for people: one plain line for each thing, such as `warning: the broker connection ended: it fell silent`. */
import { isAbsolute, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from '#core/ports/logger.js';
import { valueInWords } from '#schema/problems.js';
import { harmless } from './message-text.js';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
type LogLevel = (typeof logLevels)[number];

export interface TextLoggerOptions {
  /** Takes one line, without its end. */
  readonly writeLine: (line: string) => void;
  /** Begins each line; default nothing. */
  readonly prefix?: string;
  /** The least that is told; default `warn`. */
  readonly least?: LogLevel;
}

export interface TextLogger extends Logger {
  /**
   * From now on it speaks: what goes wrong before is told once, as the error that ends the start. At level `debug`
   * it speaks from its beginning.
   */
  open(): void;
}

const repeatAfterMs = 30_000;
const mostRemembered = 100;

/** What a line may be about, in this order. */
const subjects = { queue: 'queue', messageId: 'message', requestId: 'request', attempt: 'attempt' } as const;

export function createTextLogger({ writeLine, prefix = '', least = 'warn' }: TextLoggerOptions): TextLogger {
  let isOpen = least === 'debug';
  const toldAt = new Map<string, number>();

  function write(level: Exclude<LogLevel, 'silent'>, facts: object, sentence: string | undefined): void {
    if (!isOpen || logLevels.indexOf(level) < logLevels.indexOf(least)) return;
    const line = `${prefix}${level === 'warn' ? 'warning' : level}: ${inWords(facts, sentence)}`;
    // Several parts may find the same, and at every attempt again.
    const isRepeated = performance.now() - (toldAt.get(line) ?? -Infinity) < repeatAfterMs;
    if (isRepeated) return;
    if (toldAt.size >= mostRemembered) toldAt.clear();
    toldAt.set(line, performance.now());
    writeLine(line);
  }

  function create(bound: object): Logger {
    const at =
      (level: Exclude<LogLevel, 'silent'>) =>
      (given: unknown, sentence?: string): void => {
        // A handler's `log` may be called as one of pino is: with a sentence alone, or an error as facts.
        if (typeof given === 'string') write(level, bound, given);
        else
          write(
            level,
            { ...bound, ...(given instanceof Error ? { err: given } : (given as object)) },
            sentence,
          );
      };
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: (facts) => create({ ...bound, ...facts }),
    };
  }

  return { ...create({}), open: () => (isOpen = true) };
}

/** The sentence, the reason as a part of it, and in parentheses where it was thrown and what it is about. */
function inWords(facts: object, sentence: string | undefined): string {
  const { err, reason, ...about } = facts as Readonly<Record<string, unknown>>;
  const why = err === undefined || err === null ? reason : reasonOf(err);
  const said = [sentence, why].filter((part) => typeof part === 'string' && part !== '').join(': ');
  const told = Object.entries(subjects)
    .filter(([name]) => typeof about[name] === 'string' || typeof about[name] === 'number')
    .map(([name, word]) => `${word} ${String(about[name] as string | number)}`);
  const thrownAt = userPlaceOf(err);
  const details = [...(thrownAt === undefined ? [] : [`at ${thrownAt}`]), ...told].join(', ');
  const line = [said, details === '' ? '' : `(${details})`].filter((part) => part !== '').join(' ');
  return harmless(onOneLine(line));
}

function onOneLine(text: string): string {
  return text
    .split(/[\r\n]+/u)
    .map((part) => part.trim())
    .join(' ');
}

/** An error often tells its cause already. */
function reasonOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return valueInWords(thrown);
  const { cause } = thrown;
  const said = thrown.message === '' ? thrown.name : thrown.message;
  return cause instanceof Error && !said.includes(cause.message) ? `${said}: ${cause.message}` : said;
}

/** Of this product, whether from its sources or built. */
const ownFolder = fileURLToPath(new URL('../', import.meta.url));

/** `src/orders.ts:14`: the first place of the stack, or of that of the cause, in the code of the user. */
function userPlaceOf(thrown: unknown): string | undefined {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return [thrown, cause]
    .flatMap(framesOf)
    .map(toUserPlace)
    .find((place) => place !== undefined);
}

/** Without the message, which a caller may have written. */
function framesOf(thrown: unknown): string[] {
  if (!(thrown instanceof Error) || typeof thrown.stack !== 'string') return [];
  const { message, stack } = thrown;
  const end = stack.indexOf(message);
  return (end < 0 ? stack : stack.slice(end + message.length)).split('\n');
}

function toUserPlace(frame: string): string | undefined {
  const found = /^\s+at (?:.*\()?(?<file>(?:file:|\/|[A-Za-z]:\\).*?):(?<line>\d+):\d+\)?$/u.exec(
    frame,
  )?.groups;
  const { file = '', line } = found ?? {};
  if (file === '' || line === undefined) return undefined;
  const path = toPath(file);
  if (path.startsWith(ownFolder) || path.includes(`${sep}node_modules${sep}`)) return undefined;
  const near = relative(process.cwd(), path);
  return `${near.startsWith('..') || isAbsolute(near) ? path : near}:${line}`;
}

function toPath(file: string): string {
  try {
    return file.startsWith('file:') ? fileURLToPath(file) : file;
  } catch {
    return file;
  }
}
