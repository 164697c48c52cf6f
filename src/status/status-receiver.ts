/**
 * Takes status events of services from `{prefix}.status` into the history of the request they are about, and into the log of
 * their project.
 * Guarantee: acknowledged after the commit; an event that comes again with the same id changes nothing. Failure:
 * what breaks the schema goes to the invalid messages with the reason; what names no project and is about nothing that is kept here is counted
 * and let go, because services tell of every request, and not all come from a gateway.
 */
import type { Destination } from '#core/destination.js';
import type { Clock } from '#core/ports/clock.js';
import type { DeadLetters } from '#core/ports/dead-letters.js';
import type { EventLog } from '#core/ports/event-log.js';
import type { Logger } from '#core/ports/logger.js';
import type { Delivery, MessageSource } from '#core/ports/message-source.js';
import type { Meter } from '#core/ports/meter.js';
import type { GuardedConsumer } from '#messaging/guarded-consumer.js';
import { createGuardedConsumer } from '#messaging/guarded-consumer.js';
import { keepInvalid } from '#messaging/keep-invalid.js';
import type { RequestWatch } from '#messaging/request-watch.js';
import type { SentMarks } from '#messaging/sent-marks.js';
import { parseStatusEvent } from '#schema/status-event.js';

export interface StatusReceiverOptions {
  readonly source: MessageSource;
  /** `{prefix}.status`. */
  readonly destination: Destination;
  readonly log: Pick<EventLog, 'append'>;
  readonly deadLetters: DeadLetters;
  readonly watch: RequestWatch;
  /** Receipts that are not stored yet. */
  readonly marks: Pick<SentMarks, 'release'>;
  readonly prefetch: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
  readonly checkStore: () => Promise<void>;
}

export function createStatusReceiver(options: StatusReceiverOptions): GuardedConsumer {
  const { log, watch, marks, meter } = options;

  const invalid = { ...options, sentence: 'an invalid status event came' };

  async function handle(delivery: Delivery): Promise<void> {
    const parsed = parseStatusEvent(delivery.message.body);
    if (!parsed.ok) {
      const reasons = parsed.problems.map(({ field, allowed }) => `${field}: ${allowed}`);
      await keepInvalid(invalid, delivery, reasons.join('; '));
      return;
    }
    // What a service tells comes after the sending, in the history too; both are one transaction.
    void marks.release(parsed.value.subject);
    const outcome = await log.append(parsed.value);
    if (outcome === null) {
      meter.count('events-unmatched');
      options.logger.debug(
        { subject: parsed.value.subject },
        'a status event about nothing that is kept here',
      );
      return;
    }
    if (!outcome.changed) return;
    meter.count('events-recorded');
    if (outcome.record !== null) watch.notify({ record: outcome.record, reply: null });
  }

  return createGuardedConsumer({
    ...options,
    handle,
    keepInvalid: (delivery, reason) => keepInvalid(invalid, delivery, reason),
  });
}
