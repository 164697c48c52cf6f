import { refusal } from '#adapters/stomp-server/refusal.js';
import { createBacklog } from './backlog.js';
import type { BrokerCore } from './core.js';
import type { BrokerDestination } from './destinations.js';
import type { RecoveredBacklog } from './message-log.js';
import type { Binding, Queue } from './queue.js';
import { createQueue } from './queue.js';
import type { QueueStatistics } from './statistics.js';
import { toQueueStatistics } from './statistics.js';

/**
 * The point-to-point queues: there while they hold messages or are lent, forgotten when they are empty and left
 * alone. What the store held at the start is counted only, until somebody asks for it.
 */
export interface Queues {
  /** The queue, made if need be. @throws StompRefusal when it would be one too many. */
  bind(destination: BrokerDestination): Binding;
  /** The queue, made if need be, however many there are. */
  bindAnyway(destination: BrokerDestination): Binding;
  /** Those that somebody has asked for. */
  inMemory(): Iterable<Queue>;
  statistics(): Iterable<QueueStatistics>;
}

const keyPrefix = 'queue/';

/** Key of a queue's messages in the log. */
export function queueKey(name: string): string {
  return `${keyPrefix}${name}`;
}

interface Entry {
  readonly queue: Queue;
  /** Bindings that are not released. */
  users: number;
}

export function createQueues(core: BrokerCore): Queues {
  const { log, memory, limits, logger } = core;
  const entries = new Map<string, Entry>();
  const untouched = new Map<string, RecoveredBacklog>();
  for (const recovered of log.recovered.backlogs) {
    const { backlog } = recovered;
    if (backlog.startsWith(keyPrefix)) untouched.set(backlog.slice(keyPrefix.length), recovered);
  }

  function create(destination: BrokerDestination): Entry {
    const { name } = destination;
    const backlog = createBacklog({
      key: queueKey(name),
      log,
      memory,
      listedMessages: limits.listedMessages,
      logger,
      recovered: untouched.get(name),
    });
    const queue = createQueue(core, { destination, backlog, onIdle: () => dropIfIdle(name) });
    const entry = { queue, users: 0 };
    untouched.delete(name);
    entries.set(name, entry);
    return entry;
  }

  function dropIfIdle(name: string): void {
    const entry = entries.get(name);
    if (entry?.users === 0 && entry.queue.idle) entries.delete(name);
  }

  function bindAnyway(destination: BrokerDestination): Binding {
    const { name } = destination;
    const entry = entries.get(name) ?? create(destination);
    entry.users += 1;
    return {
      queue: entry.queue,
      release() {
        entry.users -= 1;
        dropIfIdle(name);
      },
    };
  }

  return {
    bind(destination) {
      const { name } = destination;
      const known = entries.has(name) || untouched.has(name) || core.freeQueues.has(name);
      if (!known && entries.size + untouched.size >= limits.queues) {
        throw refusal(
          'too many queues',
          `There may be ${limits.queues} queues: empty some and leave them alone, or raise the limit.`,
        );
      }
      return bindAnyway(destination);
    },
    bindAnyway,
    *inMemory() {
      for (const { queue } of entries.values()) yield queue;
    },
    *statistics() {
      for (const { queue } of entries.values()) yield toQueueStatistics(queue);
      for (const [name, { count }] of untouched) yield { name, depth: count, consumers: 0, inFlight: 0 };
    },
  };
}
