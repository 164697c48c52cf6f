/**
 * Two deployments with the same prefix on one broker would eat each other's replies. Before an instance takes
 * replies it says hello with the identity of its store; one of another store that is there answers, and the
 * start ends. Every instance answers, for as long as it runs.
 * After an outage of the broker a hello may reach nobody, because subscriptions come back one by one. So it is said
 * again each time the sending channel comes up, and every 30 s; each time until it comes back to its sender, whose
 * own subscription is there then. Whoever answers now runs already: neither ends, but the conflict is told.
 * A full broker confirms no hello, and what fills it may be the very replies that wait for this start. So a start does not
 * wait for ever to be heard: it claims the prefix unheard then, and asks on.
 */
import { ReplytoError, toReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { MessageChannel } from '#core/ports/message-channel.js';
import type { Subscription } from '#core/ports/message-source.js';
import { unlessAborted } from '#core/unless-aborted.js';
import type { ControlBus, ControlNotice } from './control-bus.js';
import { pause } from './pause.js';
import { createTimers } from './timers.js';

export interface PrefixClaimOptions {
  readonly control: ControlBus;
  /** The one that the control bus publishes on. */
  readonly channel: Pick<MessageChannel, 'isUp' | 'onUp'>;
  readonly prefix: string;
  readonly storeId: string;
  readonly instance: string;
  /** Whether a start waits for objections; not on a broker that starts with it, where nobody was before. */
  readonly awaitsObjections: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface PrefixClaim {
  /**
   * Resolves when the prefix is claimed, or at its stop. After a failure nothing is left, and it may be started again;
   * the second time that a broker is there and does not confirm the hello, the prefix is claimed all the same.
   *
   * @throws PREFIX_TAKEN; SUBSCRIBE_REFUSED; what else a hello ends with that was not confirmed
   */
  start(): Promise<void>;
  /** Answers nobody any more; takes at most `deadlineMs`. */
  stop(deadlineMs: number): Promise<void>;
  /** The instance of another deployment that answered the last hello. */
  stranger(): string | undefined;
}

/** Milliseconds that others get to object. */
const objectionMs = 1_000;
const repeatMs = 30_000;
/** Milliseconds that the broker gets to confirm a hello; the channel itself may keep it for minutes. */
const confirmMs = 10_000;
const mostUnconfirmed = 2;
/** Hellos of one start that are confirmed and never come back: a broker that drops them is as good as one that is full. */
const mostUnheard = 10;

export function createPrefixClaim(options: PrefixClaimOptions): PrefixClaim {
  const { control, channel, prefix, storeId, instance, clock, logger } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const timers = createTimers(clock);
  let subscription: Subscription | undefined;
  let stopListening: (() => void) | undefined;
  /** Times that the channel came up since the subscription was made. */
  let ups = 0;
  /** When its own hello came back last. */
  let echoedAt = -Infinity;
  let isClaimed = false;
  let isAsking = false;
  let isRefused = false;
  /** Starts that failed although the broker was there. */
  let unconfirmed = 0;
  let stranger: { readonly instance: string; readonly heardAt: number } | undefined;

  async function hello(): Promise<void> {
    const answered = new AbortController();
    const late = pause(clock, confirmMs, signal, answered.signal).then(() => {
      if (signal.aborted || answered.signal.aborted) return;
      const detail = `the broker did not confirm within ${confirmMs} ms`;
      throw new ReplytoError('RECEIPT_TIMEOUT', { detail });
    });
    try {
      await Promise.race([control.publish({ type: 'hello', storeId, instance }), late]);
    } finally {
      answered.abort();
    }
  }

  function onNotice(notice: ControlNotice): void {
    if (notice.type === 'cancel') return;
    if (notice.type === 'hello' && notice.instance === instance) echoedAt = clock.monotonic();
    if (notice.storeId === storeId) return;
    if (notice.type === 'hello') {
      control.publish({ type: 'welcome', storeId, instance }).catch((error: unknown) => {
        logger.warn({ err: error }, 'another deployment uses this prefix and could not be told');
      });
      return;
    }
    stranger = { instance: notice.instance, heardAt: clock.monotonic() };
    if (isClaimed)
      logger.error({ code: 'PREFIX_TAKEN', prefix, stranger: notice.instance }, conflict(notice));
  }

  function conflict(other: { readonly instance: string }): string {
    return `another deployment (instance ${other.instance}) uses the prefix '${prefix}' on this broker: give each its own prefix (--prefix or REPLYTO_PREFIX), or the same store`;
  }

  /** Says hello until one came back, and nothing that could bring an objection was lost for a second after it. */
  async function ask(): Promise<void> {
    let isHeard: boolean;
    let hellos = 0;
    do {
      if (hellos++ >= mostUnheard && channel.isUp()) {
        const detail = `the broker confirmed ${mostUnheard} hellos and sent none of them back`;
        throw new ReplytoError('RECEIPT_TIMEOUT', { detail });
      }
      const upsBefore = ups;
      const askedAt = clock.monotonic();
      await hello();
      await pause(clock, objectionMs, signal);
      isHeard = echoedAt >= askedAt && ups === upsBefore;
    } while (!isHeard && !signal.aborted);
  }

  async function claim(): Promise<void> {
    const unheard = await ask().then(() => undefined, toReplytoError);
    if (signal.aborted) return;
    if (stranger !== undefined) throw new ReplytoError('PREFIX_TAKEN', { detail: conflict(stranger) });
    if (unheard !== undefined) {
      if (!isUnconfirmed(unheard) || ++unconfirmed < mostUnconfirmed) throw unheard;
      const sentence =
        'the broker confirms nothing: replies are taken before it is known whether another deployment uses this prefix';
      logger.warn({ err: unheard, prefix }, sentence);
      return;
    }
    if (channel.isUp()) return;
    throw new ReplytoError('BROKER_UNAVAILABLE', {
      detail: 'the broker went away while the prefix was claimed',
    });
  }

  /** The broker is there and does not take a hello; one that went away is waited for. */
  function isUnconfirmed({ code, retryable }: ReplytoError): boolean {
    return code === 'RECEIPT_TIMEOUT' || (retryable && channel.isUp());
  }

  async function askAgain(): Promise<void> {
    // One that is under way sees by itself that the channel came up again.
    if (isAsking || !channel.isUp()) return;
    isAsking = true;
    const askedAt = clock.monotonic();
    try {
      await ask();
      isRefused = false;
      if (stranger !== undefined && stranger.heardAt < askedAt) forget(stranger);
    } catch (error) {
      onUnasked(error);
    } finally {
      isAsking = false;
    }
  }

  function forget(silent: { readonly instance: string }): void {
    if (signal.aborted) return;
    stranger = undefined;
    logger.info({ prefix, stranger: silent.instance }, 'no other deployment uses this prefix any more');
  }

  function onUnasked(error: unknown): void {
    // The next one is said when the channel is up again.
    if (signal.aborted || isRefused || toReplytoError(error).retryable) return;
    isRefused = true;
    logger.warn({ err: error, prefix }, 'the broker does not take the question who else uses this prefix');
  }

  async function end(deadlineMs?: number): Promise<void> {
    stopListening?.();
    const ending = subscription;
    subscription = undefined;
    await ending?.unsubscribe(deadlineMs);
  }

  return {
    async start() {
      stranger = undefined;
      const subscribing = control.subscribe(onNotice);
      const made = await unlessAborted(subscribing, signal);
      if (made === undefined || signal.aborted) {
        // Nobody waits for it: it may come when the broker does.
        subscribing.then((late) => late.unsubscribe()).catch(() => undefined);
        return;
      }
      subscription = made;
      stopListening = channel.onUp(() => {
        ups += 1;
        // With a refusal a broker ends the connection too: to ask whenever it is up would never end.
        if (isClaimed && !isRefused) void askAgain();
      });
      try {
        if (options.awaitsObjections) await claim();
      } catch (error) {
        await end();
        throw error;
      }
      isClaimed = true;
      if (!options.awaitsObjections) void askAgain();
      timers.every(repeatMs, () => void askAgain());
    },
    async stop(deadlineMs) {
      stopping.abort();
      timers.stop();
      await end(deadlineMs);
    },
    stranger: () => stranger?.instance,
  };
}
