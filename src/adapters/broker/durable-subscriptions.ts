import { refusal } from '#adapters/stomp-server/refusal.js';
import { createBacklog } from './backlog.js';
import type { BrokerCore } from './core.js';
import type { BrokerDestination } from './destinations.js';
import { parseDestination } from './destinations.js';
import type { DurableRecord } from './log-batch.js';
import type { RecoveredBacklog } from './message-log.js';
import type { Binding, Queue } from './queue.js';
import { createQueue } from './queue.js';
import type { TopicTarget, Topics } from './topics.js';
import { toTarget } from './topics.js';

/**
 * Durable Subscriber: a topic subscription with a name that keeps its messages while its client is away. The
 * record is on disk before SUBSCRIBE is confirmed, its persistent messages before their senders are.
 */
export interface DurableSubscriptions {
  /**
   * Takes up the subscription, made if need be; `saved` resolves when its record is on disk, whoever had it made,
   * and rejects when there is no such subscription after all.
   *
   * @throws StompRefusal when it is in use, belongs to another topic, or there are too many.
   */
  bind(clientId: string, name: string, topic: BrokerDestination): { binding: Binding; saved: Promise<void> };
  /** Removes it with all that waits for it. @throws StompRefusal when it is unknown or in use. */
  remove(clientId: string, name: string): Promise<void>;
  all(): Iterable<{ readonly name: string; readonly clientId: string; readonly queue: Queue }>;
}

interface Durable {
  readonly record: DurableRecord;
  readonly queue: Queue;
  readonly target: TopicTarget;
  /** As `bind` returns it. */
  saved: Promise<void>;
  inUse: boolean;
}

export function createDurableSubscriptions(core: BrokerCore, topics: Topics): DurableSubscriptions {
  const { log, memory, limits, logger } = core;
  const durables = new Map<string, Durable>();

  function create(record: DurableRecord, recovered?: RecoveredBacklog): Durable {
    const backlog = createBacklog({
      key: record.backlog,
      log,
      memory,
      listedMessages: limits.listedMessages,
      logger,
      recovered,
    });
    const queue = createQueue(core, { destination: parseDestination(`/topic/${record.topic}`), backlog });
    const target = toTarget(record.backlog, queue);
    const durable = { record, queue, target, saved: Promise.resolve(), inUse: false };
    durables.set(record.backlog, durable);
    topics.add(record.topic, target);
    return durable;
  }

  /** There may be another one of this name by now. */
  function forget(durable: Durable): void {
    const { record, queue, target } = durable;
    if (durables.get(record.backlog) === durable) durables.delete(record.backlog);
    topics.remove(record.topic, target);
    queue.close();
  }

  /** What was sent to it in the turn of its end; what stays goes with the next of this name, or at the next start. */
  async function clean({ record }: Durable): Promise<void> {
    try {
      await log.write((batch) => batch.removeDurable(record.backlog));
    } catch (error) {
      logger.warn({ err: error, subscription: record.name }, 'its last messages could not be removed');
    }
  }

  async function save(durable: Durable): Promise<void> {
    try {
      await log.write((batch) => batch.addDurable(durable.record));
    } catch (error) {
      forget(durable);
      await clean(durable);
      throw error;
    }
  }

  const backlogs = new Map(log.recovered.backlogs.map((recovered) => [recovered.backlog, recovered]));
  for (const record of log.recovered.durables) create(record, backlogs.get(record.backlog));

  return {
    bind(clientId, name, topic) {
      const backlog = keyOf(clientId, name);
      const known = durables.get(backlog);
      if (known?.inUse === true) {
        throw refusal(
          'durable subscription in use',
          `One connection at a time may use '${name}' of client '${clientId}'.`,
        );
      }
      if (known !== undefined && known.record.topic !== topic.name) {
        throw refusal(
          'durable subscription of another topic',
          `'${name}' of client '${clientId}' belongs to /topic/${known.record.topic}: delete it by UNSUBSCRIBE first.`,
        );
      }
      if (known === undefined && durables.size >= limits.durableSubscriptions) {
        throw refusal(
          'too many durable subscriptions',
          `There may be ${limits.durableSubscriptions}: delete some by UNSUBSCRIBE, or raise the limit.`,
        );
      }
      const durable = known ?? create({ backlog, clientId, name, topic: topic.name });
      if (known === undefined) durable.saved = save(durable);
      durable.inUse = true;
      return {
        binding: {
          queue: durable.queue,
          release() {
            durable.inUse = false;
          },
        },
        saved: durable.saved,
      };
    },
    async remove(clientId, name) {
      const durable = durables.get(keyOf(clientId, name));
      if (durable === undefined) {
        throw refusal(
          'durable subscription unknown',
          `There is none named '${name}' of client '${clientId}'.`,
        );
      }
      if (durable.inUse) {
        throw refusal(
          'durable subscription in use',
          `'${name}' of client '${clientId}' can be deleted when nobody uses it.`,
        );
      }
      // Nobody takes it up from here on. It hears what is sent until it is gone: it may have to stay.
      durable.inUse = true;
      try {
        await log.write((batch) => batch.removeDurable(durable.record.backlog));
      } catch (error) {
        durable.inUse = false;
        throw error;
      }
      forget(durable);
      await clean(durable);
    },
    *all() {
      for (const { record, queue } of durables.values()) {
        yield { name: record.name, clientId: record.clientId, queue };
      }
    },
  };
}

function keyOf(clientId: string, name: string): string {
  return `durable/${encodeURIComponent(clientId)}/${encodeURIComponent(name)}`;
}
