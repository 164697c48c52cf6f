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
import type { OutcomeOf } from '#core/stages.js';
import { createGuardedConsumer } from './guarded-consumer.js';
import { keepInvalid } from './keep-invalid.js';
import { readReply } from './reply-message.js';
import type { ReplySettlement } from './reply-settlement.js';

export interface CorrelatorOptions {
  readonly settlement: ReplySettlement;
  readonly deadLetters: DeadLetters;
  readonly source: MessageSource;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
  readonly replies: Destination;
  /** Replies that carry another Store-ID belong to another deployment. */
  readonly storeId: string;
  readonly prefetch: number;
  /** Larger replies go to the invalid messages. */
  readonly maxBodyBytes: number;
  /** Resolves when the store answers again. */
  readonly checkStore: () => Promise<void>;
}

/** What became of a delivery, for the meter. */
interface Settled {
  readonly outcome: OutcomeOf<'settle'>;
  /** Of the request. */
  readonly queue: string | null;
}

const kept: Settled = { outcome: 'invalid', queue: null };

export interface Correlator {
  /** Resolves when replies are being received, which needs the broker. */
  start(): Promise<void>;
  stop(deadlineMs: number): Promise<void>;
}

export function createCorrelator(options: CorrelatorOptions): Correlator {
  const { clock, logger, meter } = options;

  const invalid = { ...options, sentence: 'an invalid message came to the reply queue' };

  async function handle(delivery: Delivery): Promise<Settled> {
    const read = readReply(delivery, options);
    if ('invalid' in read) {
      await keepInvalid(invalid, delivery, read.invalid);
      return kept;
    }
    const settled = await options.settlement.settle(read.reply);
    if ('refused' in settled) {
      await keepInvalid(invalid, delivery, settled.refused);
      return kept;
    }
    return { outcome: settled.kind, queue: 'record' in settled ? settled.record.queue : null };
  }

  const consumer = createGuardedConsumer<Settled>({
    source: options.source,
    destination: options.replies,
    prefetch: options.prefetch,
    clock,
    logger,
    handle,
    keepInvalid: (delivery, reason) => keepInvalid(invalid, delivery, reason),
    onDone: ({ outcome, queue } = kept, tookMs) => meter.took('settle', outcome, queue, tookMs),
    checkStore: options.checkStore,
  });
  return { start: () => consumer.start(), stop: (deadlineMs) => consumer.stop(deadlineMs) };
}
