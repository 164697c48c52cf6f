/**
 * Everything that a gateway takes from the broker: replies, status events, dead letters, invalid messages. None of
 * it can begin before the broker answers, and the gateway serves meanwhile; so it begins in the background, and
 * what cannot be mended by waiting ends the process.
 */
import type { StompBroker } from '#adapters/stomp/broker.js';
import type { Store } from '#adapters/store/open-store.js';
import type { OwnDestinations } from '#core/destination.js';
import { isReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { Meter } from '#core/ports/meter.js';
import type { Subscription } from '#core/ports/message-source.js';
import { createDeadLetterKeeper } from '#messaging/dead-letter-channel.js';
import { createInvalidMessageKeeper } from '#messaging/invalid-message-channel.js';
import { claimPrefix } from '#messaging/prefix-claim.js';
import { createStatusReceiver } from '#status/status-receiver.js';
import type { Part } from './parts.js';
import type { RequestReply } from './request-reply.js';

export interface ReceiversOptions {
  readonly store: Store;
  readonly broker: StompBroker;
  readonly requestReply: RequestReply;
  readonly own: OwnDestinations;
  readonly prefix: string;
  readonly instance: string;
  readonly prefetch: number;
  /** A broker of our own process has no other deployments. */
  readonly isShared: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
  /** Called when receiving can never begin: another deployment has the prefix, the broker refuses a queue. */
  readonly onFatal: (error: unknown) => void;
}

export interface Receivers extends Part {
  /** Whether replies are being received. */
  isReceiving(): boolean;
}

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
  const consumers = [
    requestReply.correlator,
    createStatusReceiver({
      ...common,
      destination: own.status,
      store: store.requests,
      watch: requestReply.watch,
      prefetch,
    }),
    createDeadLetterKeeper({ ...common, destination: own.deadLetters }),
    createInvalidMessageKeeper({ ...common, destination: own.invalid }),
  ];
  let claim: Subscription | undefined;
  let isReceiving = false;
  let isStopped = false;

  async function begin(): Promise<void> {
    if (options.isShared) {
      await brokerUp();
      if (hasStopped()) return;
      claim = await claimPrefix({ ...options, control: requestReply.control, storeId: store.id });
    }
    await Promise.all(consumers.map((consumer) => consumer.start()));
    isReceiving = true;
    logger.info({ queue: own.replies.name }, 'receiving replies');
  }

  /** A function, because stop() may have been called during an await. */
  function hasStopped(): boolean {
    return isStopped;
  }

  function brokerUp(): Promise<void> {
    if (broker.channel.isUp()) return Promise.resolve();
    return new Promise((resolve) => {
      const stopListening = broker.channel.onUp(() => {
        stopListening();
        resolve();
      });
    });
  }

  async function beginUntilDone(): Promise<void> {
    for (;;) {
      try {
        await begin();
        return;
      } catch (error) {
        if (hasStopped()) return;
        // The broker went away in the middle of it: once more when it is back.
        if (!isReplytoError(error) || !error.retryable) {
          options.onFatal(error);
          return;
        }
        logger.warn({ err: error }, 'receiving could not begin');
      }
    }
  }

  return {
    name: 'receivers',
    start: () => void beginUntilDone(),
    async stop(deadlineMs) {
      isStopped = true;
      await Promise.all(consumers.map((consumer) => consumer.stop(deadlineMs)));
      await claim?.unsubscribe();
    },
    isReceiving: () => isReceiving,
  };
}
