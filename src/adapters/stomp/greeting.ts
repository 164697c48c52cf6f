import type { StompHeaders } from '@stomp/stompjs';
import { ReplytoError } from '#core/errors.js';
import type { DetectedDialect } from './dialects/detect.js';
import { detectDialect } from './dialects/detect.js';
import type { Dialect } from './dialects/dialect.js';
import { agreedIntervalMs, expectedIntervalMs } from './heart-beats.js';

export interface Greeting {
  readonly broker: DetectedDialect;
  /** Milliseconds, see {@link agreedIntervalMs}. */
  readonly heartBeatMs: number;
  /** Milliseconds, see {@link expectedIntervalMs}. */
  readonly expectedBeatMs: number;
}

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
  const { version = '' } = headers;
  if (version !== '1.2' && version !== '1.1') {
    const detail = `the broker answers with STOMP version '${version.slice(0, 60)}'; understood is 1.2 or 1.1`;
    throw new ReplytoError('BROKER_UNSUPPORTED', { detail });
  }
  const { heartbeatMs } = offered;
  const beats = headers['heart-beat'];
  return {
    broker,
    heartBeatMs: agreedIntervalMs(heartbeatMs, beats),
    expectedBeatMs: expectedIntervalMs(heartbeatMs, beats),
  };
}
