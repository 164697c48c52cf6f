/**
 * Competing Consumers (https://www.enterpriseintegrationpatterns.com/CompetingConsumers.html) that speak only HTTP: a
 * message is not destroyed by reading it but leased, and whoever took it acknowledges, answers, renews or releases.
 * Guarantee: at least once. The lease is committed before the broker is told that the message is done with; what is
 * released or lapses goes back to its queue by the outbox relay, with a receipt. Failure: a crash between the lease
 * and the acknowledgement is seen when the broker delivers the message again, and the lease counts; a message whose
 * lease ran out too often becomes a dead letter, and its sender gets a Fault. Shutdown: leases stay in the store.
 */
import { ReplytoError } from '#core/errors.js';
import type { FaultBody } from '#core/fault.js';
import type { Lease } from '#core/lease.js';
import { attemptOf } from '#core/message.js';
import type { Message } from '#core/message.js';
import type { Clock } from '#core/ports/clock.js';
import type { IdSource } from '#core/ports/id-source.js';
import type { LeaseKey, Leases, LeaseState } from '#core/ports/leases.js';
import type { Logger } from '#core/ports/logger.js';
import type { CountedEvent, Meter } from '#core/ports/meter.js';
import type { ReturnAddress } from '#core/return-address.js';
import { returnAddressOf } from '#core/return-address.js';
import { contentDigest, fingerprint } from './digest.js';
import type { PolledDelivery, PollingConsumer } from './polling-consumer.js';
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
  /** Called after a commit that queued a message for the broker. */
  readonly onOutgoing: () => void;
}

/** A reply to a leased message, without what the message itself says about it. */
export interface LeaseReply {
  readonly messageId: string | null;
  readonly contentType: string | null;
  readonly body: Uint8Array;
  readonly applicationHeaders: Readonly<Record<string, string>>;
  readonly fault: FaultBody | null;
}

interface LeaseAnswer {
  /** Of the reply; null when it was given before, without a name. */
  readonly messageId: string | null;
  /** The very same reply had been given before. */
  readonly repeated: boolean;
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
  /** Answers and acknowledges in one step; the same reply again is no error (`repeated`). @throws NO_REPLY_ADDRESS */
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

export function createLeasing(options: LeasingOptions): Leasing {
  const { leases, consumer, clock, logger, meter } = options;
  const timers = createTimers(clock);

  async function receive(queue: string, wanted: ReceiveLeaseOptions): Promise<Lease | null> {
    const endAt = clock.monotonic() + wanted.waitMs;
    for (;;) {
      const waitMs = Math.max(0, endAt - clock.monotonic());
      const polled = await consumer.receive(queue, { waitMs, signal: wanted.signal });
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

  async function reply(key: LeaseKey, given: LeaseReply): Promise<LeaseAnswer> {
    const { body, contentType, fault, applicationHeaders } = given;
    const print = fingerprint([contentType, String(fault !== null), body]);
    const repeated = { messageId: given.messageId, repeated: true };
    const known = await leases.find(key);
    if (isRepeated(known, print)) return repeated;
    if (known?.kind !== 'held') throw notHeld(key, known);
    const { message } = known.lease;
    const address = returnAddressOf(message, contentDigest(message.body));
    if (address === null) {
      const detail = `message ${message.messageId} names no Reply-To; acknowledge it instead`;
      throw new ReplytoError('NO_REPLY_ADDRESS', { detail });
    }
    const answer: Message = {
      // Whoever copies the headers of the message sends its id too, which names no reply.
      messageId:
        given.messageId === null || given.messageId === message.messageId ? options.newId() : given.messageId,
      correlationId: address.correlationId,
      replyTo: null,
      time: clock.now(),
      contentType,
      body,
      properties: { ...address.properties, ...(fault === null ? {} : { fault: true }) },
      applicationHeaders,
    };
    const state = await leases.reply(key, answer, print);
    // Another call with the same reply was faster.
    if (isRepeated(state, print)) return repeated;
    if (state?.kind !== 'held') throw notHeld(key, state);
    ended('leases-replied');
    return { messageId: answer.messageId, repeated: false };
  }

  async function release(key: LeaseKey, counts: boolean): Promise<void> {
    const state = await leases.release(key, counts);
    if (state?.kind === 'held') ended('leases-released');
    else if (state?.end !== 'released') throw notHeld(key, state);
  }

  /** What its sender is told about a message that nobody acknowledged. */
  function toFault(message: Message): Message | null {
    const address: ReturnAddress | null = returnAddressOf(message);
    if (address === null) return null;
    const attempts = attemptOf(message);
    const fault = {
      code: 'SERVICE_FAILED',
      message: `the service took it ${attempts} times and never acknowledged it`,
      retryable: true,
    };
    return toFaultMessage(address, fault, options);
  }

  async function lapse(): Promise<void> {
    try {
      const { maxAttempts } = options;
      const lapses = await leases.lapseDue({ limit: lapseAtOnce, maxAttempts, toFault });
      for (const { queue, messageId, attempt, isDead } of lapses) {
        meter.count('leases-lapsed');
        if (isDead) meter.count('messages-dead-lettered');
        const facts = { queue, messageId, attempt };
        if (isDead) logger.warn(facts, 'a message whose lease ran out too often became a dead letter');
        else logger.info(facts, 'a lease ran out; its message goes back to its queue');
      }
      if (lapses.length > 0) options.onOutgoing();
      if (lapses.length === lapseAtOnce) timers.after(0, () => void lapse());
    } catch (error) {
      logger.warn({ err: error }, 'leases that ran out could not be ended');
    }
  }

  return {
    start: () => timers.every(lookEveryMs, lapse),
    async stop(deadlineMs) {
      timers.stop();
      await consumer.stop(deadlineMs);
    },
    receive,
    async acknowledge(key) {
      const state = await leases.acknowledge(key);
      if (state?.kind === 'held') meter.count('leases-acknowledged');
      else if (state?.end !== 'acknowledged' && state?.end !== 'replied') throw notHeld(key, state);
    },
    reply,
    async renew(key, leaseMs) {
      const state = await leases.renew(key, leaseMs);
      if (state?.kind === 'held') return state.lease;
      throw notHeld(key, state);
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

function isRepeated(state: LeaseState | null, print: string): boolean {
  return state?.kind === 'ended' && state.end === 'replied' && state.fingerprint === print;
}

const howItEnded = {
  acknowledged: 'it was acknowledged',
  replied: 'it was answered, with another reply',
  released: 'it was released',
  lapsed: 'it ran out, and the message went back to its queue',
} as const;

function notHeld({ id, queue }: LeaseKey, state: LeaseState | null): ReplytoError {
  if (state === null || state.kind === 'held') {
    return new ReplytoError('LEASE_NOT_FOUND', {
      detail: `no lease '${id.slice(0, 64)}' of ${queue} is known`,
    });
  }
  const { end, endedAt } = state;
  return new ReplytoError('LEASE_ENDED', {
    detail: `${howItEnded[end]}, at ${endedAt} (epoch milliseconds)`,
  });
}
