import type { StompHeaders } from '@stomp/stompjs';
import { ReplytoError } from '#core/errors.js';
import type { DetectedDialect } from './dialects/detect.js';
import { detectDialect } from './dialects/detect.js';
import type { Dialect } from './dialects/dialect.js';
import { agreedIntervalMs } from './heart-beats.js';

export interface Greeting {
  readonly broker: DetectedDialect;
  /** Milliseconds, see {@link agreedIntervalMs}. */
  readonly heartBeatMs: number;
}

/** Timers of Node overflow above, and fire at once and for ever. */
const mostHeartBeatMs = 2 ** 31 - 1;

/**
 * Reads CONNECTED.
 *
 * @throws BROKER_UNSUPPORTED when it comes from a broker, or agrees on something, that this side cannot speak to.
 */
export function readGreeting(
  headers: StompHeaders,
  offered: { readonly heartbeatMs: number; readonly dialect?: Dialect | undefined },
): Greeting {
  const broker = detectDialect(headers['server'] ?? '', offered.dialect);
  const { version, 'heart-beat': heartBeat = '0,0' } = headers;
  if (version !== '1.2' && version !== '1.1') {
    throw unsupported(`answers with STOMP version '${shown(version)}'`, '1.2 or 1.1');
  }
  const beats = /^(\d+)\s*,\s*(\d+)$/u.exec(heartBeat)?.slice(1).map(Number);
  if (beats === undefined || beats.some((ms) => ms > mostHeartBeatMs)) {
    throw unsupported(`answers with heart-beat '${shown(heartBeat)}'`, 'two numbers of milliseconds');
  }
  return { broker, heartBeatMs: agreedIntervalMs(offered.heartbeatMs, heartBeat) };
}

function unsupported(what: string, allowed: string): ReplytoError {
  return new ReplytoError('BROKER_UNSUPPORTED', { detail: `the broker ${what}; understood is ${allowed}` });
}

function shown(text = ''): string {
  return text.slice(0, 60);
}
