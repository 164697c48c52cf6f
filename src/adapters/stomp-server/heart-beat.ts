import type { Clock } from '#core/ports/clock.js';
import type { SessionLimits } from './limits.js';
import { protocolFault } from './refusal.js';

/** What both sides agreed on; 0 = none in that direction. */
export interface HeartBeatAgreement {
  /** Value of the `heart-beat` header of CONNECTED. */
  readonly header: string;
  /** The server writes something at least this often. */
  readonly sendMs: number;
  /** The client promised to write something at least this often. */
  readonly expectMs: number;
}

/**
 * Answers the client's `heart-beat: can,wants` (STOMP 1.2, "Heart-beating"): the server offers what the client
 * wants and asks for what it can do, both within the limits.
 *
 * @throws StompRefusal that closes when the header is not two numbers.
 */
export function agreeOnHeartBeat(
  header: string | undefined,
  limits: Pick<SessionLimits, 'heartBeatLeastMs' | 'heartBeatMostMs'>,
): HeartBeatAgreement {
  const match = /^(\d{1,9}),(\d{1,9})$/u.exec(header ?? '0,0');
  if (match === null) {
    throw protocolFault(
      'heart-beat is not two numbers',
      'heart-beat is two numbers of milliseconds: 10000,10000.',
    );
  }
  const can = Number(match[1]);
  const wants = Number(match[2]);
  const within = (ms: number): number =>
    ms === 0 ? 0 : Math.min(Math.max(ms, limits.heartBeatLeastMs), limits.heartBeatMostMs);
  const offered = within(wants);
  const asked = within(can);
  return {
    header: `${offered},${asked}`,
    sendMs: wants === 0 ? 0 : Math.max(offered, wants),
    expectMs: can === 0 ? 0 : Math.max(asked, can),
  };
}

export interface HeartBeatOptions {
  readonly agreement: HeartBeatAgreement;
  readonly clock: Clock;
  /** Writes one heart-beat. */
  readonly beat: () => void;
  /** Whether the server does not read now, so that silence means nothing. */
  readonly isDeaf: () => boolean;
  /** The client was silent for two intervals; called once. */
  readonly onSilence: () => void;
}

export interface HeartBeat {
  /** Bytes came. */
  received(): void;
  /** Something was written. */
  sent(): void;
  stop(): void;
}

/** A busy event loop delays what has long arrived: so much time is given to read it before the client counts as silent. */
const secondLookMs = 50;

export function startHeartBeat(options: HeartBeatOptions): HeartBeat {
  const { agreement, clock, beat, isDeaf, onSilence } = options;
  const graceMs = 2 * agreement.expectMs;
  let receivedAt = clock.monotonic();
  let sentSinceTick = true;
  let cancelSend: () => void = () => undefined;
  let cancelWatch: () => void = () => undefined;

  /** Twice per interval, so that the gap between two writes stays below it. */
  function tick(): void {
    if (!sentSinceTick) beat();
    sentSinceTick = false;
    cancelSend = clock.after(agreement.sendMs / 2, tick);
  }

  function watch(): void {
    const leftMs = receivedAt + graceMs - clock.monotonic();
    cancelWatch = leftMs > 0 ? clock.after(leftMs, watch) : clock.after(secondLookMs, lookAgain);
  }

  function lookAgain(): void {
    if (isDeaf()) receivedAt = clock.monotonic();
    if (receivedAt + graceMs > clock.monotonic()) watch();
    else onSilence();
  }

  if (agreement.sendMs > 0) cancelSend = clock.after(agreement.sendMs / 2, tick);
  if (agreement.expectMs > 0) watch();
  return {
    received() {
      receivedAt = clock.monotonic();
    },
    sent() {
      sentSinceTick = true;
    },
    stop() {
      cancelSend();
      cancelWatch();
    },
  };
}
