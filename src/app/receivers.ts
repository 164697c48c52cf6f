/**
 * Everything that a gateway takes from the broker: replies, status events, dead letters, invalid messages. None of
 * it can begin before the broker answers, and the gateway serves meanwhile; so it begins in the background, and
 * what cannot be mended by waiting ends the process.
 */
import type { StompBroker } from '#adapters/stomp/broker.js';
import type { Store } from '#adapters/store/store.js';
import { createDeferred } from '#core/deferred.js';
import type { OwnDestinations } from '#core/destination.js';
import { isReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { Meter } from '#core/ports/meter.js';
import { unlessAborted } from '#core/unless-aborted.js';
import { createDeadLetterKeeper } from '#messaging/dead-letter-channel.js';
import { createInvalidMessageKeeper } from '#messaging/invalid-message-channel.js';
import { pause } from '#messaging/pause.js';
import { createPrefixClaim } from '#messaging/prefix-claim.js';
import { createStatusReceiver } from '#status/status-receiver.js';
import type { Part } from './parts.js';
import type { RequestReply } from './request-reply.js';

export interface ReceiversOptions {
  readonly store: Store;
  readonly broker: Pick<StompBroker, 'channel' | 'source'>;
  readonly requestReply: Pick<RequestReply, 'control' | 'correlator' | 'relay' | 'watch'>;
  readonly own: OwnDestinations;
  readonly prefix: string;
  readonly instance: string;
  /** Whether this process takes replies and the rest; without it the prefix is claimed, and kept for the others. */
  readonly receives: boolean;
  readonly prefetch: number;
  /** The broker starts with this process: nobody was there before, who would have to be waited for. */
  readonly isEmbedded: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
  /** Called when receiving can never begin: another deployment has the prefix, the broker refuses a queue. */
  readonly onFatal: (error: unknown) => void;
}

export interface Receivers extends Part {
  /** Whether the prefix is claimed and all is being received that this process is to receive. */
  isReceiving(): boolean;
  /** The instance of another deployment that answers under the same prefix, as far as is known; see PrefixClaim. */
  stranger(): string | undefined;
}

/** Milliseconds before what failed is tried again. */
const againMs = 1_000;

export function createReceivers(options: ReceiversOptions): Receivers {
  const { store, broker, own, requestReply, prefetch, clock, logger, meter } = options;
  const common = {
    source: broker.source,
    clock,
    logger,
    meter,
    deadLetters: store.deadLetters,
    checkStore: () => store.check(),
  };
  const statusReceiver = createStatusReceiver({
    ...common,
    destination: own.status,
    log: store.events,
    watch: requestReply.watch,
    marks: requestReply.relay.marks,
    prefetch,
  });
  const others = [
    requestReply.correlator,
    createDeadLetterKeeper({ ...common, own, destination: own.deadLetters }),
    createInvalidMessageKeeper({ ...common, own, destination: own.invalid }),
  ];
  const claim = createPrefixClaim({
    ...options,
    control: requestReply.control,
    channel: broker.channel,
    storeId: store.id,
    awaitsObjections: !options.isEmbedded,
  });
  const stopping = new AbortController();
  const { signal } = stopping;
  let isReceiving = false;

  async function begin(): Promise<void> {
    await claimPrefix();
    if (hasStopped()) return;
    if (!options.receives) {
      isReceiving = true;
      return;
    }
    // Both have waited since the last gateway ended: what a service told of its work came before its reply.
    await unlessAborted(statusReceiver.start(), signal);
    if (hasStopped()) return;
    await unlessAborted(Promise.all(others.map((consumer) => consumer.start())), signal);
    if (hasStopped()) return;
    isReceiving = true;
    logger.info({ queue: own.replies.name }, 'receiving replies');
  }

  async function claimPrefix(): Promise<void> {
    while (!hasStopped()) {
      await brokerUp();
      if (hasStopped()) return;
      try {
        await claim.start();
        return;
      } catch (error) {
        if (hasStopped()) return;
        // The broker went away in the middle of it: once more when it is back.
        if (!isReplytoError(error) || !error.retryable) throw error;
        logger.warn({ err: error }, 'receiving could not begin');
      }
      await pause(clock, againMs, signal);
    }
  }

  /** A function, because stop() may have been called during an await. */
  function hasStopped(): boolean {
    return signal.aborted;
  }

  async function brokerUp(): Promise<void> {
    if (broker.channel.isUp()) return;
    const up = createDeferred<undefined>();
    const stopListening = broker.channel.onUp(() => up.resolve(undefined));
    await unlessAborted(up.promise, signal);
    stopListening();
  }

  return {
    name: 'receivers',
    start() {
      begin().catch(options.onFatal);
    },
    async stop(deadlineMs) {
      const endAt = clock.monotonic() + deadlineMs;
      stopping.abort();
      isReceiving = false;
      await Promise.all([statusReceiver, ...others].map((consumer) => consumer.stop(deadlineMs)));
      // As long as replies are taken, others have to be told.
      await claim.stop(Math.max(0, endAt - clock.monotonic()));
    },
    isReceiving: () => isReceiving,
    stranger: () => claim.stranger(),
  };
}
