import type { QueueInspection } from '#core/ports/queue-inspection.js';
import type { EmbeddedBroker } from './embedded-broker.js';

/** A broker in the same process knows at once; a queue that is not there is empty. */
export function createEmbeddedInspection(broker: Pick<EmbeddedBroker, 'statistics'>): QueueInspection {
  return {
    inspect(name) {
      const found = broker.statistics().queues.find((queue) => queue.name === name);
      const { depth: waiting = 0, inFlight = 0, consumers = 0 } = found ?? {};
      const depth = waiting + inFlight;
      return Promise.resolve({
        ...{ depth, isAtLeast: false, inFlight, consumers, unknown: null },
        message: depth === 0 ? 'gone' : waiting === 0 ? 'held' : null,
      });
    },
  };
}
