import { createBacklog } from './backlog.js';
import type { BrokerCore } from './core.js';
import type { BrokerDestination } from './destinations.js';
import { parseDestination } from './destinations.js';
import type { RecoveredBacklog } from './message-log.js';
import type { Queue } from './queue.js';
import { createQueue } from './queue.js';

/** The point-to-point queues: there when somebody sends or subscribes, gone when empty and left alone. */
export interface Queues {
  /** The queue, made if need be. */
  get(destination: BrokerDestination): Queue;
  all(): Iterable<Queue>;
}

const keyPrefix = 'queue/';

/** Key of a queue's messages in the log. */
export function queueKey(name: string): string {
  return `${keyPrefix}${name}`;
}

export function createQueues(core: BrokerCore): Queues {
  const queues = new Map<string, Queue>();

  function create(destination: BrokerDestination, recovered?: RecoveredBacklog): Queue {
    const { log, memory, limits, clock, logger } = core;
    const backlog = createBacklog({
      key: queueKey(destination.name),
      log,
      memory,
      listedMessages: limits.listedMessages,
      logger,
      recovered,
    });
    const queue = createQueue({
      destination,
      backlog,
      clock,
      logger,
      onIdle: () => queues.delete(destination.name),
    });
    queues.set(destination.name, queue);
    return queue;
  }

  for (const recovered of core.log.recovered.backlogs) {
    if (!recovered.backlog.startsWith(keyPrefix)) continue;
    create(parseDestination(`/queue/${recovered.backlog.slice(keyPrefix.length)}`), recovered);
  }

  return {
    get: (destination) => queues.get(destination.name) ?? create(destination),
    all: () => queues.values(),
  };
}
