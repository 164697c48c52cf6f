/**
 * Competing Consumers (https://www.enterpriseintegrationpatterns.com/CompetingConsumers.html) that speak only HTTP: a
 * message is not destroyed by reading it but leased, and whoever took it acknowledges, answers, renews or releases.
 * Guarantee: at least once. The lease is committed before the broker is told that the message is done with; what is
 * released or lapses goes back to its queue by the outbox relay, with a receipt. Failure: a crash between the lease
 * and the acknowledgement is seen when the broker delivers the message again, and the lease counts; a message whose
 * lease ran out too often becomes a dead letter, and its sender gets a Fault. Shutdown: leases stay in the store.
 */
import type { OwnDestinations } from '#core/destination.js';
import { ReplytoError } from '#core/errors.js';
import type { Lease } from '#core/lease.js';
import { attemptOf } from '#core/message.js';
import type { Message } from '#core/message.js';
import type { Clock } from '#core/ports/clock.js';
import type { IdSource } from '#core/ports/id-source.js';
import type { LeaseKey, Leases } from '#core/ports/leases.js';
import type { Logger } from '#core/ports/logger.js';
import type { CountedEvent, Meter } from '#core/ports/meter.js';
import { leaseProblem } from './lease-problem.js';
import type { LeaseAnswer, LeaseReply } from './lease-reply.js';
import { answerableAddressOf, createLeaseReplies } from './lease-reply.js';
import type { PolledDelivery, PollingConsumer } from './polling-consumer.js';
import type { ReplyCheck } from './reply-settlement.js';
import { toFaultMessage } from './reply-sender.js';
import { createTimers } from './timers.js';

export interface LeasingOptions {
  readonly leases: Leases;
  readonly consumer: PollingConsumer;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
  /** Names of leases: random, because whoever knows one may use it. */
  readonly newLeaseId: IdSource;
  readonly newId: IdSource;
  /** A message that was handed out so often, and never acknowledged, becomes a dead letter. */
  readonly maxAttempts: number;
  readonly own: OwnDestinations;
  /** Whether this gateway may send replies to the queue; default: to all. */
  readonly mayReplyTo?: (queue: string) => boolean;
  /** Judges what is for the own replies, before a lease ends by it. */
  readonly checkReply?: ReplyCheck;
  /** Called after a commit that queued a message for the broker. */
  readonly onOutgoing: () => void;
}

interface ReceiveLeaseOptions {
  readonly holder: string | null;
  readonly leaseMs: number;
  readonly waitMs: number;
  /** The caller is gone. */
  readonly signal: AbortSignal;
}

/** Every method throws LEASE_NOT_FOUND and LEASE_ENDED where they apply, and STORE_UNAVAILABLE. */
export interface Leasing {
  start(): void;
  stop(deadlineMs: number): Promise<void>;
  /** The next message of a queue, leased; null when none came in time. Throws as PollingConsumer does. */
  receive(queueName: string, options: ReceiveLeaseOptions): Promise<Lease | null>;
  /** Done with. Again is no error. */
  acknowledge(key: LeaseKey): Promise<void>;
  /**
   * Answers and acknowledges in one step; the same reply again is no error (`repeated`). The lease stays held when it
   * throws.
   *
   * @throws NO_REPLY_ADDRESS also for an address that is not to be used; SCHEMA_MISMATCH
   */
  reply(key: LeaseKey, reply: LeaseReply): Promise<LeaseAnswer>;
  renew(key: LeaseKey, leaseMs: number): Promise<Lease>;
  /** Back to its queue, now. Again is no error. */
  release(key: LeaseKey): Promise<void>;
  /** Back to its queue, because it never reached the one who asked for it. Never rejects. */
  abandon(key: LeaseKey): Promise<void>;
  /** Queues that are subscribed to. */
  readonly queuesRead: number;
}

const lookEveryMs = 1_000;
const lapseAtOnce = 200;
/** Others wait while bodies are moved. */
const lapseBytesAtOnce = 4 * 1024 * 1024;

export function createLeasing(options: LeasingOptions): Leasing {
  const { leases, consumer, clock, logger, meter } = options;
  const timers = createTimers(clock);
  const replies = createLeaseReplies(options);

  async function receive(queue: string, wanted: ReceiveLeaseOptions): Promise<Lease | null> {
    const endAt = clock.monotonic() + wanted.waitMs;
    for (;;) {
      const waitMs = Math.max(0, endAt - clock.monotonic());
      const polled = await consumer.receive(queue, { ...wanted, waitMs });
      if (polled === null) return null;
      const lease = await take(queue, polled, wanted);
      if (lease !== null) return lease;
    }
  }

  /** Null: a lease holds it already. */
  async function take(
    queue: string,
    polled: PolledDelivery,
    { holder, leaseMs, signal }: ReceiveLeaseOptions,
  ): Promise<Lease | null> {
    const { message, redelivered } = polled.delivery;
    let lease: Lease | false;
    try {
      if (signal.aborted) throw new ReplytoError('WAIT_ABORTED');
      const id = options.newLeaseId();
      lease = await leases.take({ id, queue, holder, message, redelivered, leaseMs });
    } catch (error) {
      polled.giveBack();
      throw error;
    }
    polled.acknowledge();
    if (lease === false) return null;
    meter.count('messages-leased');
    return lease;
  }

  function ended(event: CountedEvent): void {
    meter.count(event);
    options.onOutgoing();
  }

  async function release(key: LeaseKey, counts: boolean): Promise<void> {
    const state = await leases.release(key, counts);
    if (state?.kind === 'held') ended('leases-released');
    else if (state?.end !== 'released') throw leaseProblem(key, state);
  }

  /** What its sender is told about a message that nobody acknowledged. */
  function toFault(message: Message): Message | null {
    const { address } = answerableAddressOf(message, options);
    if (address === undefined) return null;
    const attempts = attemptOf(message);
    const fault = {
      code: 'SERVICE_FAILED',
      message: `the service took it ${attempts} times and never acknowledged it`,
      retryable: true,
    };
    return toFaultMessage(address, fault, options);
  }

  /** Each moves its part in a turn of its own; gives the time until the next look, at once when there may be more. */
  async function lapse(): Promise<number> {
    try {
      const { maxAttempts } = options;
      const how = { limit: lapseAtOnce, enoughBytes: lapseBytesAtOnce, maxAttempts, toFault };
      const lapses = await leases.lapseDue(how);
      for (const { queue, messageId, attempt, isDead } of lapses) {
        meter.count('leases-lapsed');
        if (isDead) meter.count('messages-dead-lettered');
        const facts = { queue, messageId, attempt };
        if (isDead) logger.warn(facts, 'a message whose lease ran out too often became a dead letter');
        else logger.info(facts, 'a lease ran out; its message goes back to its queue');
      }
      if (lapses.length > 0) options.onOutgoing();
      return lapses.length > 0 ? 0 : lookEveryMs;
    } catch (error) {
      logger.warn({ err: error }, 'leases that ran out could not be ended');
      return lookEveryMs;
    }
  }

  return {
    start: () => timers.repeat(lookEveryMs, lapse),
    async stop(deadlineMs) {
      timers.stop();
      await consumer.stop(deadlineMs);
    },
    receive,
    async acknowledge(key) {
      const state = await leases.acknowledge(key);
      if (state?.kind === 'held') meter.count('leases-acknowledged');
      else if (state?.end !== 'acknowledged' && state?.end !== 'replied') throw leaseProblem(key, state);
    },
    async reply(key, given) {
      const answer = await replies.reply(key, given);
      if (!answer.repeated) ended('leases-replied');
      return answer;
    },
    async renew(key, leaseMs) {
      const state = await leases.renew(key, leaseMs);
      if (state?.kind === 'held') return state.lease;
      throw leaseProblem(key, state);
    },
    release: (key) => release(key, true),
    abandon: (key) =>
      release(key, false).catch((error: unknown) => {
        // It lapses then, which takes longer.
        logger.warn({ err: error, queue: key.queue }, 'a message that nobody got could not be given back');
      }),
    get queuesRead() {
      return consumer.queues;
    },
  };
}
