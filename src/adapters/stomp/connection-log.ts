/**
 * What the connections to one broker tell the log. They fall together when it goes away, so they speak together:
 * why (each reason once, and again every half minute), and when all are back. Each for itself is told at level debug.
 */
import type { ErrorCode } from '#core/error-kinds.js';
import type { ReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import { gistOf } from './broker-words.js';
import type { DetectedDialect } from './dialects/detect.js';

export interface ConnectionLog {
  /**
   * For one connection that comes back; `purpose` says what it is for. One that `isApart` is told of at level debug alone:
   * it goes where others do not, and when it does not it says nothing of the broker.
   */
  link(purpose: string, isApart?: boolean): LinkLog;
}

interface LinkLog {
  up(connection: { readonly endpoint: string; readonly broker: DetectedDialect }): void;
  /** It ended, or could not be opened or prepared. */
  down(reason: ReplytoError): void;
  /** It is wanted no more. */
  end(): void;
}

const repeatMs = 30_000;
/** With more reasons than this at a time, each is no news any more. */
const mostReasons = 20;

const sentences: Partial<Record<ErrorCode, string>> = {
  BROKER_LOGIN_REFUSED: 'the broker refuses the login',
  SUBSCRIBE_REFUSED: 'the broker refuses a subscription',
};

export interface ConnectionLogOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** How many messages are kept for the broker now; told with an outage and its end. Default: not told. */
  readonly waiting?: (() => number) | undefined;
}

export function createConnectionLog({ clock, logger, waiting }: ConnectionLogOptions): ConnectionLog {
  const down = new Set<LinkLog>();
  const toldAt = new Map<string, number>();
  let awaySince = 0;
  let isKnown = false;

  function isNews(reason: string): boolean {
    const last = toldAt.get(reason);
    const now = clock.monotonic();
    if (last !== undefined && now - last < repeatMs) return false;
    if (last === undefined && toldAt.size >= mostReasons) return false;
    toldAt.set(reason, now);
    return true;
  }

  function outage(): { readonly awayMs: number; readonly waiting?: number } {
    const awayMs = Math.round(clock.monotonic() - awaySince);
    return waiting === undefined ? { awayMs } : { awayMs, waiting: waiting() };
  }

  return {
    link(purpose, isApart = false) {
      let wasUp = false;
      const log: LinkLog = {
        up({ endpoint, broker }) {
          wasUp = true;
          const facts = { endpoint, server: broker.server, dialect: broker.dialect.name };
          logger.debug({ ...facts, connection: purpose }, 'a connection to the broker is up');
          if (isApart) return;
          if (!isKnown) logger.info(facts, 'connected to the broker');
          isKnown = true;
          if (!down.delete(log) || down.size > 0) return;
          // As loud as its beginning: whoever was told that it is away wants to know that it is back.
          logger.warn({ ...facts, ...outage() }, 'the broker is back');
          toldAt.clear();
        },
        down({ code, message }) {
          const facts = { code, reason: message };
          logger.debug({ ...facts, connection: purpose }, 'a connection to the broker is down');
          if (isApart) return;
          if (down.size === 0) awaySince = clock.monotonic();
          down.add(log);
          const lost = wasUp ? 'the broker connection ended' : 'the broker cannot be reached';
          wasUp = false;
          if (isNews(gistOf(message))) logger.warn({ ...facts, ...outage() }, sentences[code] ?? lost);
        },
        end() {
          down.delete(log);
          if (down.size === 0) toldAt.clear();
        },
      };
      return log;
    },
  };
}
