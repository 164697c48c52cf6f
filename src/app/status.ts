/** Publish-subscribe status: what numbers events, publishes them, and brings them to who follows a project here. */
import type { StompBroker } from '#adapters/stomp/broker.js';
import type { Store } from '#adapters/store/store.js';
import type { Destination } from '#core/destination.js';
import type { Clock } from '#core/ports/clock.js';
import type { IdSource } from '#core/ports/id-source.js';
import type { Logger } from '#core/ports/logger.js';
import type { Meter } from '#core/ports/meter.js';
import { createSequencer } from '#status/sequencer.js';
import { createSequencerDuty } from '#status/sequencer-duty.js';
import { createSharedEvents } from '#status/shared-events.js';
import type { StatusHub } from '#status/status-hub.js';
import { createStatusHub } from '#status/status-hub.js';
import { createTopicPublisher } from '#status/topic-publisher.js';
import { backgroundPart } from './background-part.js';
import type { Part } from './parts.js';

export interface StatusOptions {
  readonly store: Pick<Store, 'events' | 'isShared'>;
  readonly broker: Pick<StompBroker, 'channel' | 'source' | 'orderedChannel'>;
  /** Where instances tell each other of events. */
  readonly topic: Destination;
  readonly newId: IdSource;
  /** Owner of the duty; new at each start. */
  readonly instance: string;
  /** Whether this process numbers events and publishes them. */
  readonly numbers: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
}

export interface Status {
  readonly hub: StatusHub;
  /** In the order of their start. */
  readonly parts: readonly Part[];
}

export function createStatus({ store, broker, topic, instance, numbers, ...shared }: StatusOptions): Status {
  const log = store.events;
  const duty = createSequencerDuty({ log, owner: instance, clock: shared.clock });
  const hub = createStatusHub({ ...shared, log });
  const publisher = createTopicPublisher({ ...shared, log, duty, channel: broker.orderedChannel });
  const others = createSharedEvents({
    ...{ ...shared, ...broker, log, hub, topic, instance },
    isSequencer: () => duty.isHeld,
    onEntered: () => {
      if (duty.isHeld) sequencer.wake();
    },
  });
  const sequencer = createSequencer({
    ...{ ...shared, log, duty, instance },
    onNumbered: (events) => {
      publisher.wake();
      if (store.isShared) others.tell(events);
      return hub.push(events);
    },
  });
  return {
    hub,
    parts: [
      ...(numbers
        ? [
            { name: 'sequencer duty', start: () => undefined, stop: () => duty.release() },
            {
              name: 'status publisher',
              start: () => publisher.start(),
              stop: (ms: number) => publisher.stop(ms),
            },
          ]
        : []),
      ...(store.isShared ? [backgroundPart('events of other instances', others, shared.logger)] : []),
      ...(numbers
        ? [{ name: 'sequencer', start: () => sequencer.start(), stop: () => sequencer.stop() }]
        : []),
    ],
  };
}
