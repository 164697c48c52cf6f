/**
 * A log that a flood of messages cannot fill: of each sentence the first twenty in half a minute are told as they are,
 * the rest as a number when that time is over. What each message was is in the store.
 */
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';

export interface CalmLogger extends Logger {
  /** Tells the numbers that are left, and ends every timer. */
  stop(): void;
}

type Level = 'info' | 'warn' | 'error';

interface Window {
  told: number;
  more: number;
  readonly tellMore: () => void;
  readonly cancel: () => void;
}

const everyMs = 30_000;
const mostTold = 20;
/** With more sentences than this the oldest ends its time early. */
const mostWindows = 100;

export function createCalmLogger(logger: Logger, clock: Pick<Clock, 'after'>): CalmLogger {
  const windows = new Map<string, Window>();
  let isStopped = false;

  function close(key: string): void {
    const window = windows.get(key);
    if (window === undefined) return;
    windows.delete(key);
    window.cancel();
    if (window.more > 0) window.tellMore();
  }

  function open(key: string, tellMore: (more: number) => void): Window {
    const [oldest] = windows.keys();
    if (windows.size >= mostWindows && oldest !== undefined) close(oldest);
    const cancel = clock.after(everyMs, () => close(key));
    const window: Window = { told: 0, more: 0, cancel, tellMore: () => tellMore(window.more) };
    windows.set(key, window);
    return window;
  }

  function calm(inner: Logger): Logger {
    const at =
      (level: Level) =>
      (facts: object, sentence: string): void => {
        if (isStopped) {
          inner[level](facts, sentence);
          return;
        }
        const key = `${level} ${sentence}`;
        const window =
          windows.get(key) ??
          // Under nobody's facts: they are those of all who said it.
          open(key, (more) => logger[level]({ more, withinMs: everyMs }, `${sentence}: and more of them`));
        if (window.told < mostTold) {
          window.told += 1;
          inner[level](facts, sentence);
        } else {
          window.more += 1;
        }
      };
    return {
      debug: (facts, sentence) => inner.debug(facts, sentence),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: (facts) => calm(inner.child(facts)),
    };
  }

  return {
    ...calm(logger),
    stop() {
      isStopped = true;
      for (const key of [...windows.keys()]) close(key);
    },
  };
}
