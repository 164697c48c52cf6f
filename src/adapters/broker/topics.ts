import { createBacklog } from './backlog.js';
import { createBudget } from './budget.js';
import type { BrokerCore } from './core.js';
import type { BrokerDestination } from './destinations.js';
import type { Binding, Queue } from './queue.js';
import { createQueue } from './queue.js';
import type { StoredMessage } from './stored-message.js';

/** Somewhere that a message published to a topic goes. */
export interface TopicTarget {
  /** Key of its messages in the log; absent for who only hears what is said while he is there. */
  readonly key: string | undefined;
  append(message: StoredMessage): void;
}

/** A queue whose persistent messages are kept in the log, under this key. */
export function toTarget(key: string, queue: Queue): TopicTarget {
  return { key, append: (message) => queue.append(message) };
}

/** Who hears what is published where. */
export interface Topics {
  targets(name: string): Iterable<TopicTarget>;
  add(name: string, target: TopicTarget): void;
  remove(name: string, target: TopicTarget): void;
  /**
   * A subscriber who hears what is published while he is there, through a queue of his own.
   *
   * @param onOverflow so much waits for him that he must go.
   */
  bind(destination: BrokerDestination, onOverflow: () => void): Binding;
}

export function createTopics(core: BrokerCore): Topics {
  const { limits, logger } = core;
  const topics = new Map<string, Set<TopicTarget>>();
  /** Bodies are shared among subscribers; what bounds them is `topicBacklogBytes` of each. */
  const unbounded = createBudget(Number.POSITIVE_INFINITY);

  function add(name: string, target: TopicTarget): void {
    const targets = topics.get(name);
    if (targets === undefined) topics.set(name, new Set([target]));
    else targets.add(target);
  }

  function remove(name: string, target: TopicTarget): void {
    const targets = topics.get(name);
    targets?.delete(target);
    if (targets?.size === 0) topics.delete(name);
  }

  return {
    targets: (name) => topics.get(name) ?? [],
    add,
    remove,
    bind(destination, onOverflow) {
      const backlog = createBacklog({
        key: destination.address,
        log: undefined,
        memory: unbounded,
        listedMessages: limits.listedMessages,
        logger,
      });
      const queue = createQueue(core, { destination, backlog });
      const target: TopicTarget = {
        key: undefined,
        append(message) {
          if (queue.closed) return;
          queue.append(message);
          if (queue.bytes > limits.topicBacklogBytes) onOverflow();
        },
      };
      add(destination.name, target);
      return {
        queue,
        release() {
          remove(destination.name, target);
          queue.close();
        },
      };
    },
  };
}
