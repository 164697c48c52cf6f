import { isReplytoError } from '#core/errors.js';
import type { Logger } from '#core/ports/logger.js';
import type { CommandContext } from '../command-context.js';
import { harmless } from '../message-text.js';

const levels = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof levels)[number];

const repeatAfterMs = 30_000;
const mostRemembered = 100;

/** A log for people at a terminal: `warning: the broker connection ended: it fell silent`. */
export interface ToolLogger extends Logger {
  /** From now on it speaks: what goes wrong before is told once, as the error that ends the command. */
  open(): void;
}

/** `LOG_LEVEL` chooses the least that is told; warnings when it says nothing or something else. */
export function createToolLogger({ stderr, environment }: CommandContext): ToolLogger {
  const given = levels.indexOf((environment['LOG_LEVEL'] ?? 'warn') as Level);
  const least = environment['LOG_LEVEL'] === 'silent' ? levels.length : given === -1 ? 2 : given;
  let isOpen = least === 0;
  const toldAt = new Map<string, number>();

  function write(level: Level, facts: object, sentence: string): void {
    if (!isOpen || levels.indexOf(level) < least) return;
    const label = level === 'warn' ? 'warning' : level;
    const line = `${label}: ${harmless(sentence)}${inWords(facts)}\n`;
    // Every connection says for itself that the broker is away, at every attempt.
    const isRepeated = performance.now() - (toldAt.get(line) ?? -Infinity) < repeatAfterMs;
    if (isRepeated) return;
    if (toldAt.size >= mostRemembered) toldAt.clear();
    toldAt.set(line, performance.now());
    void stderr.write(line);
  }

  function create(bound: object): Logger {
    const at =
      (level: Level) =>
      (facts: object, sentence: string): void =>
        write(level, { ...bound, ...facts }, sentence);
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

/** The reason as a part of the sentence, the message it is about in parentheses. */
function inWords(facts: object): string {
  const { err, reason, messageId, attempt } = facts as Readonly<Record<string, unknown>>;
  const why = err instanceof Error || isReplytoError(err) ? err.message : textOf(reason);
  const about = [
    textOf(messageId) === undefined ? undefined : `message ${String(messageId)}`,
    attempt === undefined ? undefined : `attempt ${String(attempt as number)}`,
  ].filter((part) => part !== undefined);
  const place = about.length === 0 ? '' : ` (${about.join(', ')})`;
  return harmless(`${why === undefined ? '' : `: ${why}`}${place}`);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
