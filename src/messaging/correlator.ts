/**
 * Correlation Identifier (https://www.enterpriseintegrationpatterns.com/CorrelationIdentifier.html): takes replies
 * from the one reply queue and settles the requests they name. Any instance may receive any reply.
 * Guarantee: a reply is acknowledged only after the commit that keeps it, so it is recorded at least once, and
 * recognised when it comes again: once. Failure: while the store is away nothing is acknowledged; after 10 s the
 * subscription is given up, so that the replies held here go to others, and is taken again when the store answers.
 * Shutdown: what is being stored is finished, the rest goes back to the broker.
 */
import type { Destination } from '#core/destination.js';
import type { Clock } from '#core/ports/clock.js';
import type { DeadLetters } from '#core/ports/dead-letters.js';
import type { Logger } from '#core/ports/logger.js';
import type { Delivery, MessageSource } from '#core/ports/message-source.js';
import type { Meter } from '#core/ports/meter.js';
import type { RequestStore, SettleOutcome } from '#core/ports/request-store.js';
import type { IncomingReply } from '#core/request.js';
import { createGuardedConsumer } from './guarded-consumer.js';
import { keepInvalid } from './keep-invalid.js';
import { readReply } from './reply-message.js';
import type { RequestWatch } from './request-watch.js';

export interface CorrelatorOptions {
  readonly store: RequestStore;
  readonly deadLetters: DeadLetters;
  readonly source: MessageSource;
  readonly watch: RequestWatch;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
  readonly replies: Destination;
  /** Replies that carry another Store-ID belong to another deployment. */
  readonly storeId: string;
  readonly prefetch: number;
  /** Larger replies go to the invalid messages. */
  readonly maxBodyBytes: number;
  /** Called after a commit that queued something for a Reply-To queue. */
  readonly onForward: () => void;
  /** Called after a request ended by its reply. */
  readonly onEnded: () => void;
  /** Says why a reply is not taken, for instance by the JSON Schema of its route; null = it is good. */
  readonly checkReply?: (reply: IncomingReply) => Promise<string | null>;
  /** Resolves when the store answers again. */
  readonly checkStore: () => Promise<void>;
}

export interface Correlator {
  /** Resolves when replies are being received, which needs the broker. */
  start(): Promise<void>;
  stop(deadlineMs: number): Promise<void>;
}

export function createCorrelator(options: CorrelatorOptions): Correlator {
  const { store, watch, meter, clock, logger } = options;

  const invalid = { ...options, sentence: 'an invalid message came to the reply queue' };

  async function handle(delivery: Delivery): Promise<void> {
    const read = readReply(delivery, options);
    if ('invalid' in read) {
      await keepInvalid(invalid, delivery, read.invalid);
      return;
    }
    const refusal = await options.checkReply?.(read.reply);
    if (refusal !== undefined && refusal !== null) {
      await keepInvalid(invalid, delivery, refusal);
      return;
    }
    report(await store.settle(read.reply), read.reply.correlationIds);
  }

  function report(outcome: SettleOutcome, correlationIds: readonly string[]): void {
    switch (outcome.kind) {
      case 'settled': {
        const { record, reply } = outcome;
        meter.count(record.status === 'faulted' ? 'requests-faulted' : 'requests-replied');
        meter.replied(reply.receivedAt - record.createdAt);
        options.onEnded();
        break;
      }
      case 'late':
        meter.count('replies-late');
        logger.info({ requestId: outcome.record.id, status: outcome.record.status }, 'a late reply was kept');
        break;
      case 'duplicate':
        meter.count('replies-duplicate');
        logger.info({ requestId: outcome.record.id }, 'another reply than the first was kept');
        break;
      case 'repeated':
        meter.count('replies-repeated');
        return;
      case 'unmatched':
        meter.count('replies-unmatched');
        logger.warn({ correlationIds }, 'a reply to no request that is known here was kept');
        return;
    }
    watch.notify(outcome);
    if (outcome.record.replyTo !== null) options.onForward();
  }

  const consumer = createGuardedConsumer({
    source: options.source,
    destination: options.replies,
    prefetch: options.prefetch,
    clock,
    logger,
    handle,
    keepInvalid: (delivery, reason) => keepInvalid(invalid, delivery, reason),
    checkStore: options.checkStore,
  });
  return { start: () => consumer.start(), stop: (deadlineMs) => consumer.stop(deadlineMs) };
}
