import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { Frame } from '#adapters/stomp-server/frame.js';
import type { FrameHandler, Session } from '#adapters/stomp-server/frame-handler.js';
import { createBudget } from './budget.js';
import { createConnection } from './connection.js';
import type { BrokerCore } from './core.js';
import { createDeadLetterChannel } from './dead-letter-channel.js';
import { createDurableSubscriptions } from './durable-subscriptions.js';
import type { BrokerLimits } from './limits.js';
import type { MessageLog } from './message-log.js';
import type { Queue } from './queue.js';
import { createQueues } from './queues.js';
import { createRouter } from './router.js';
import { createSettlement } from './settlement.js';
import type { BrokerStatistics } from './statistics.js';
import { toQueueStatistics } from './statistics.js';
import { createTopics } from './topics.js';

/** Queues, topics and the log, wired together, from the opening of the log to its close; no sockets. */
export interface RunningBroker {
  /** Serves a client that has logged in. */
  connect(session: Session, connect: Frame): FrameHandler;
  /** Gives nothing out any more. */
  halt(): void;
  /** Resolves when the log has nothing left to write. */
  idle(): Promise<void>;
  /** Marks the clean end and closes the log. */
  stop(): Promise<void>;
  statistics(): Omit<BrokerStatistics, 'connections'>;
}

export interface RunningBrokerOptions {
  readonly log: MessageLog;
  readonly limits: BrokerLimits;
  readonly freeQueues: ReadonlySet<string>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createRunningBroker(options: RunningBrokerOptions): RunningBroker {
  const { log, limits } = options;
  const core: BrokerCore = {
    ...options,
    memory: createBudget(limits.memoryBytes),
    storage: createBudget(limits.storedBytes, log.recovered.bytes),
    traffic: { sent: 0, delivered: 0 },
  };
  const queues = createQueues(core);
  const topics = createTopics(core);
  const settlement = createSettlement(core, createDeadLetterChannel(core, queues));
  const durables = createDurableSubscriptions(core, topics);
  const router = createRouter(core, queues, topics);

  function* backlogs(): Iterable<Queue> {
    yield* queues.inMemory();
    for (const { queue } of durables.all()) yield queue;
  }

  return {
    connect: (session, connect) =>
      createConnection({
        core,
        queues,
        topics,
        durables,
        router,
        settlement,
        session,
        clientId: connect.headers.get('client-id'),
      }),
    halt() {
      for (const queue of backlogs()) queue.halt();
    },
    idle: () => log.idle(),
    async stop() {
      await settlement.stop();
      await log.idle();
      const deliveredBefore = Array.from(backlogs(), (queue) => queue.returned()).flat();
      log.close(deliveredBefore.filter(({ persistent }) => persistent));
    },
    statistics: () => ({
      queues: [...queues.statistics()],
      durableSubscriptions: Array.from(durables.all(), ({ name, clientId, queue }) => ({
        ...toQueueStatistics(queue),
        name,
        clientId,
        topic: queue.destination.name,
      })),
      storedBytes: core.storage.used,
      memoryBytes: core.memory.used,
      transactions: log.transactions,
      ...core.traffic,
    }),
  };
}
