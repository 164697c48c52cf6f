import type { Backlog } from './backlog.js';
import type { BrokerCore } from './core.js';
import type { BrokerDestination } from './destinations.js';
import { giveRoom } from './room.js';
import type { Payload, StoredMessage } from './stored-message.js';

/**
 * Competing consumers on one backlog: each message goes to one of them, in turn among those that can take one.
 * First in, first out; what comes back (end of a connection or subscription, NACK) goes to its old place and
 * is marked redelivered. A queue, a durable subscription and a present topic subscriber all are one of these.
 */
export interface Queue {
  /** Where its messages were sent to. */
  readonly destination: BrokerDestination;
  readonly closed: boolean;
  /** Nothing waits, nothing is in flight, nobody consumes: whoever owns the queue may drop it. */
  readonly idle: boolean;
  /** Messages that wait. */
  readonly depth: number;
  /** Bytes of what waits and of what is in flight. */
  readonly bytes: number;
  readonly consumers: number;
  /** Given to consumers and not settled. */
  readonly inFlight: number;
  /** A new message; persistent ones are on disk already. */
  append(message: StoredMessage): void;
  attach(consumer: Consumer): void;
  detach(consumer: Consumer): void;
  /** The consumer may be able to take more: acknowledged something, or its socket has room. */
  wake(consumer: Consumer): void;
  /** These were in flight and wait again. */
  giveBack(messages: readonly StoredMessage[]): void;
  /** These were in flight and are done with. */
  settled(messages: readonly StoredMessage[]): void;
  /** Gives nothing out any more; what waits can still be asked for. */
  halt(): void;
  /** Forgets what waits, and what comes afterwards; again does nothing. */
  close(): void;
  returned(): readonly StoredMessage[];
}

/** A queue that is lent: to a subscription, or to a message on its way. */
export interface Binding {
  readonly queue: Queue;
  /** It is not needed any more; called once. */
  release(): void;
}

export interface Consumer {
  /** Whether it can take one now: prefetch not used up and the socket keeps up. */
  canTake(): boolean;
  deliver(message: StoredMessage, payload: Payload): void;
}

export interface QueueOptions {
  readonly destination: BrokerDestination;
  readonly backlog: Backlog;
  /** It became {@link Queue.idle} by what was settled. */
  readonly onIdle?: () => void;
}

/** After the log could not be read. */
const retryMs = 1_000;

export function createQueue(core: BrokerCore, options: QueueOptions): Queue {
  const { clock, logger, storage } = core;
  const { destination, backlog, onIdle } = options;
  const consumers = new Set<Consumer>();
  /** Those that could take one when last asked, in the order of their turn. */
  const ready = new Set<Consumer>();
  let inFlight = 0;
  let inFlightBytes = 0;
  let state: 'open' | 'halted' | 'closed' = 'open';
  let cancelRetry: (() => void) | undefined;

  function nextConsumer(): Consumer | undefined {
    for (const consumer of ready) {
      if (consumer.canTake()) return consumer;
      ready.delete(consumer);
    }
    return undefined;
  }

  function take(): ReturnType<Backlog['take']> {
    try {
      return backlog.take();
    } catch (error) {
      logger.error({ err: error, destination: destination.address }, 'cannot read messages, trying again');
      cancelRetry ??= clock.after(retryMs, () => {
        cancelRetry = undefined;
        dispatch();
      });
      return undefined;
    }
  }

  function dispatch(): void {
    while (state === 'open') {
      const consumer = nextConsumer();
      if (consumer === undefined) return;
      const taken = take();
      if (taken === undefined) return;
      if (ready.size > 1) {
        ready.delete(consumer);
        ready.add(consumer);
      }
      inFlight += 1;
      inFlightBytes += taken.message.bytes;
      consumer.deliver(taken.message, taken.payload);
    }
  }

  function land(messages: readonly StoredMessage[]): void {
    inFlight -= messages.length;
    for (const message of messages) inFlightBytes -= message.bytes;
  }

  function isIdle(): boolean {
    return state === 'open' && inFlight === 0 && consumers.size === 0 && backlog.depth === 0;
  }

  return {
    destination,
    get closed() {
      return state === 'closed';
    },
    get idle() {
      return isIdle();
    },
    get depth() {
      return backlog.depth;
    },
    get bytes() {
      return backlog.bytes + inFlightBytes;
    },
    get consumers() {
      return consumers.size;
    },
    get inFlight() {
      return inFlight;
    },
    append(message) {
      if (state === 'closed') {
        giveRoom(core, message);
        return;
      }
      backlog.append(message);
      dispatch();
    },
    attach(consumer) {
      consumers.add(consumer);
      ready.add(consumer);
      dispatch();
    },
    detach(consumer) {
      consumers.delete(consumer);
      ready.delete(consumer);
    },
    wake(consumer) {
      if (!consumers.has(consumer)) return;
      ready.add(consumer);
      dispatch();
    },
    giveBack(messages) {
      if (messages.length === 0) return;
      for (const message of messages) message.redelivered = true;
      land(messages);
      if (state === 'closed') {
        for (const message of messages) giveRoom(core, message);
        return;
      }
      backlog.giveBack(messages);
      dispatch();
    },
    settled(messages) {
      land(messages);
      if (isIdle()) onIdle?.();
    },
    halt() {
      state = 'halted';
      cancelRetry?.();
    },
    close() {
      state = 'closed';
      cancelRetry?.();
      storage.give(backlog.clear());
    },
    returned: () => backlog.returned(),
  };
}
