/** Durable request-reply on a store and a broker: what the gateway and the library's requestor have in common. */
import type { StompBroker } from '#adapters/stomp/broker.js';
import type { Store } from '#adapters/store/store.js';
import type { Destination, OwnDestinations } from '#core/destination.js';
import type { Clock } from '#core/ports/clock.js';
import type { IdSource } from '#core/ports/id-source.js';
import type { Logger } from '#core/ports/logger.js';
import type { Meter } from '#core/ports/meter.js';
import type { Tracer } from '#core/ports/tracer.js';
import type { RequestRecord } from '#core/request.js';
import type { Role } from '#core/roles.js';
import type { Admission } from '#messaging/admission.js';
import { createAdmission } from '#messaging/admission.js';
import { createAggregator } from '#messaging/aggregator.js';
import type { ControlBus } from '#messaging/control-bus.js';
import { createControlBus } from '#messaging/control-bus.js';
import type { Correlator } from '#messaging/correlator.js';
import { createCorrelator } from '#messaging/correlator.js';
import { createMessageExpiration } from '#messaging/message-expiration.js';
import type { OutboxRelay } from '#messaging/outbox-relay.js';
import { createOutboxRelay } from '#messaging/outbox-relay.js';
import { createRelayNotices } from '#messaging/relay-notices.js';
import type { ReplyCheck, ReplySettlement } from '#messaging/reply-settlement.js';
import { createReplySettlement } from '#messaging/reply-settlement.js';
import { createReplyTracing } from '#messaging/reply-tracing.js';
import type { RequestWatch } from '#messaging/request-watch.js';
import { createRequestWatch } from '#messaging/request-watch.js';
import type { Requestor } from '#messaging/requestor.js';
import { createRequestor } from '#messaging/requestor.js';
import type { ScatterGather } from '#messaging/scatter-gather.js';
import { createScatterGather } from '#messaging/scatter-gather.js';
import { createSettledNotices } from '#messaging/settled-notices.js';
import { createStoreSweep } from '#messaging/store-sweep.js';
import { backgroundPart } from './background-part.js';
import type { Part } from './parts.js';

export interface RequestReplyOptions {
  readonly store: Store;
  readonly broker: Pick<StompBroker, 'channel' | 'source'>;
  readonly own: OwnDestinations;
  /** Where replies come in: `{prefix}.replies` for gateways, a queue of its own for a library's requestor. */
  readonly replies: Destination;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly logger: Logger;
  readonly meter: Meter;
  readonly tracer: Tracer;
  /** Owner of leases; new at each start. */
  readonly instance: string;
  /** What this process does. */
  readonly roles: readonly Role[];
  readonly receiptTimeoutMs: number;
  readonly prefetch: number;
  readonly maxPending: number;
  readonly maxPendingOf: (queue: string) => number;
  readonly maxUnsent: number;
  readonly maxReplyBytes: number;
  readonly checkReply?: ReplyCheck;
}

export interface RequestReply {
  readonly requestor: Requestor;
  readonly scatterGather: ScatterGather;
  /** Tells services that a request was cancelled; best effort. */
  readonly announceCancel: (requestId: string) => void;
  readonly watch: RequestWatch;
  readonly admission: Admission;
  readonly relay: OutboxRelay;
  /** To be woken when something is stored that is to be sent: the relay, or notices to those elsewhere. */
  readonly work: OutboxWork;
  readonly control: ControlBus;
  readonly correlator: Correlator;
  readonly settlement: ReplySettlement;
  /** All but the correlator, whose start needs the broker; in the order of their start. */
  readonly parts: readonly Part[];
}

type OutboxWork = Pick<OutboxRelay, 'wakeDeliveries' | 'wakeMessages'>;

export function createRequestReply(options: RequestReplyOptions): RequestReply {
  const { store, broker, clock, newId, logger, meter, tracer, replies } = options;
  const isRelay = options.roles.includes('relay');
  const { channel, source } = broker;
  const topics = { channel, source, clock, newId, logger };
  const watch = createRequestWatch(clock, (record) => {
    if (store.isShared) notices.tell(record);
    aggregator.changed(record);
  });
  const notices = createSettledNotices({
    ...{ ...topics, watch },
    store: store.requests,
    instance: options.instance,
    topicOf: (instance) => options.own.settled(instance),
  });
  const shared = { clock, logger, meter, watch };
  const admission = createAdmission({
    ...options,
    store: store.requests,
    isUp: () => channel.isUp(),
    isShared: store.isShared,
    random: Math.random,
  });
  const relay = createOutboxRelay({
    ...shared,
    store: store.requests,
    outbox: store.outbox,
    outgoing: store.outgoing,
    storeTime: store.time,
    channel,
    admission,
    deployment: { storeId: store.id, secret: store.secret, replies },
    instance: options.instance,
    receiptTimeoutMs: options.receiptTimeoutMs,
    random: Math.random,
  });
  const relayNotices = createRelayNotices({ ...topics, topic: options.own.outbox, relay });
  const work = isRelay ? relay : relayNotices;
  const onForward = (): void => work.wakeDeliveries();
  const onEnded = (record: RequestRecord): void => admission.ended(record);
  const settlement = createReplySettlement({
    ...shared,
    store: store.requests,
    letters: store.deadLetters,
    marks: relay.marks,
    onForward,
    onEnded,
    tracing: tracer.isOn ? createReplyTracing({ tracer, store: store.requests, replies }) : undefined,
    ...(options.checkReply === undefined ? {} : { checkReply: options.checkReply }),
  });
  const correlator = createCorrelator({
    ...shared,
    settlement,
    deadLetters: store.deadLetters,
    source,
    replies,
    storeId: store.id,
    prefetch: options.prefetch,
    maxBodyBytes: options.maxReplyBytes,
    checkStore: () => store.check(),
  });
  const expiration = createMessageExpiration({ ...shared, store: store.requests, onForward, onEnded });
  const onLeft = isRelay ? {} : { onLeft: () => relayNotices.wakeRequests() };
  const requestor = createRequestor({ ...shared, store: store.requests, relay, admission, ...onLeft });
  const control = createControlBus({ channel, source, topic: options.own.control, clock, newId });
  const announceCancel = (requestId: string): void => {
    control.publish({ type: 'cancel', requestId }).catch((error: unknown) => {
      logger.info({ err: error, requestId }, 'services could not be told of a cancel');
    });
  };
  const aggregator = createAggregator({
    ...shared,
    store: store.requests,
    gatherings: store.gatherings,
    storeTime: store.time,
    onForward,
    onEnded,
    async cancel(id) {
      const outcome = await requestor.cancel(id);
      if (outcome?.changed === true) announceCancel(id);
    },
  });
  const sweep = createStoreSweep({ stores: [store.requests, store.events], clock, logger });
  return {
    requestor,
    scatterGather: createScatterGather({
      ...shared,
      ...{ store: store.requests, gatherings: store.gatherings, relay, admission, requestor },
      ...onLeft,
    }),
    announceCancel,
    watch,
    admission,
    relay,
    work,
    control,
    correlator,
    settlement,
    parts: [
      { name: 'admission', start: () => admission.start(), stop: () => admission.stop() },
      part('aggregator', aggregator),
      ...(isRelay
        ? [part('outbox relay', relay), part('message expiration', expiration), part('store sweep', sweep)]
        : []),
      ...(store.isShared
        ? [
            // Whoever changes a request tells; those who wait are at gateways.
            sharedPart('notices of other instances', notices, options.roles.includes('gateway')),
            sharedPart('notices of work', relayNotices, isRelay),
          ]
        : []),
    ],
  };

  function part(name: string, { start, stop }: Pick<Part, 'start' | 'stop'>): Part {
    return { name, start, stop };
  }

  /** One that only tells has nothing to wait for. */
  function sharedPart(name: string, told: Parameters<typeof backgroundPart>[1], hears: boolean): Part {
    return hears
      ? backgroundPart(name, told, logger)
      : { name, start: () => undefined, stop: (deadlineMs) => told.stop(deadlineMs) };
  }
}
