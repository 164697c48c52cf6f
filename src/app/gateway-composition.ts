/** Messaging and HTTP of a gateway process, put together: who knows whom. */
import { randomBytes } from 'node:crypto';
import type { EmbeddedBroker } from '#adapters/broker/embedded-broker.js';
import type { StompBroker } from '#adapters/stomp/broker.js';
import type { Store } from '#adapters/store/store.js';
import { createEventsEndpoint } from '#adapters/stomp-events/events-endpoint.js';
import { ownDestinations } from '#core/destination.js';
import type { Logger } from '#core/ports/logger.js';
import type { Tracer } from '#core/ports/tracer.js';
import type { Gateway } from '#gateway/gateway.js';
import { createGateway } from '#gateway/gateway.js';
import { createEventFeeds } from '#gateway/status/event-feeds.js';
import { createMetrics } from '#gateway/metrics.js';
import { createRouteLabels } from '#gateway/route-labels.js';
import { createRouteTable } from '#gateway/route-table.js';
import { createLeasing } from '#messaging/leasing.js';
import { createMembership } from '#messaging/membership.js';
import { createNameShares } from '#messaging/name-shares.js';
import { createPollingConsumer } from '#messaging/polling-consumer.js';
import { createRoleWatch } from '#messaging/role-watch.js';
import { isQueueAllowed } from '#schema/queue-pattern.js';
import type { Access } from './access/access.js';
import type { AccessLog } from './access-log.js';
import { agreedSettings } from './agreed-settings.js';
import { createBrokerUpgrade } from './broker-upgrade.js';
import { createCalmLogger } from './calm-logger.js';
import type { LoadedConfiguration } from './configuration/load.js';
import { createEventsUpgrade } from './events-upgrade.js';
import { createGatewayContext } from './gateway-context.js';
import { readHttpTls } from './http-tls.js';
import type { Part } from './parts.js';
import { createReceivers } from './receivers.js';
import { createReplyCheck } from './reply-check.js';
import { createRequestReply } from './request-reply.js';
import { createStatus } from './status.js';
import { systemClock as clock } from './system-clock.js';
import { toTracedBroker } from './traced-broker.js';
import { productVersion } from './version.js';
import { newId } from './new-id.js';

/** What stands before messaging and HTTP are put together. */
interface Foundations {
  readonly loaded: LoadedConfiguration;
  readonly logger: Logger;
  readonly accessLog: AccessLog | undefined;
  readonly onFatal: (error: unknown) => void;
  /** The id of this process among others. */
  readonly instance: string;
  readonly store: Store;
  readonly broker: StompBroker;
  readonly embedded: EmbeddedBroker | undefined;
  readonly embeddedPort: number | undefined;
  /** Null where nobody has to log in. */
  readonly access: Access | null;
  readonly tracer: Tracer;
  readonly isStopping: () => boolean;
}

interface GatewayComposition {
  readonly gateway: Gateway;
  /** Everybody who waits for something; ends while HTTP still works. */
  readonly waits: Part;
  /** How many requests are not with the broker yet. */
  readonly unsent: () => number;
  /** In the order in which they start. */
  readonly parts: readonly Part[];
}

/** Replies may be larger than requests: services are trusted more than callers. */
const leastMaxReplyBytes = 10 * 1024 * 1024;
/** A subscriber that does not answer the close takes no more of the deadline. */
const subscribersShare = 0.5;

export function composeGateway(foundations: Foundations): GatewayComposition {
  const { loaded, logger, accessLog, onFatal, instance, isStopping } = foundations;
  const { store, embedded, embeddedPort, access, tracer } = foundations;
  const { configuration } = loaded;
  const { broker: brokerSettings, requests } = configuration;
  const own = ownDestinations(configuration.prefix);
  const { roles } = configuration;
  const isRelay = roles.includes('relay');
  const routes = createRouteTable(configuration.routes);
  const metrics = createMetrics(createRouteLabels(configuration.routes, routes).labelOf);
  const broker = toTracedBroker(foundations.broker, tracer);
  // What strangers send must not fill the log.
  const calm = createCalmLogger(logger, clock);
  const shared = { store, broker, own, clock, newId, logger: calm, meter: metrics, tracer, instance };
  const checkReply = createReplyCheck(routes, loaded, store.requests);
  const requestReply = createRequestReply({
    ...shared,
    roles,
    replies: own.replies,
    receiptTimeoutMs: brokerSettings.receiptTimeoutMs,
    prefetch: brokerSettings.prefetch,
    maxPending: requests.maxPending,
    maxPendingOf: (queue) => routes.forQueue(queue)?.maxPending ?? requests.maxPendingPerQueue,
    maxUnsent: configuration.outbox.maxPending,
    // A reply over HTTP is taken up to the limit of all bodies, and must not be too large here.
    maxReplyBytes: Math.max(leastMaxReplyBytes, configuration.http.maxBodyBytes),
    checkReply,
  });
  const receivers = createReceivers({
    ...shared,
    requestReply,
    prefix: configuration.prefix,
    receives: roles.includes('correlator'),
    prefetch: brokerSettings.prefetch,
    isEmbedded: embedded !== undefined,
    onFatal,
  });
  const leasing = createLeasing({
    ...{ clock, newId, logger: calm, meter: metrics, leases: store.leases, own, checkReply },
    consumer: createPollingConsumer({
      ...{ source: broker.source, clock, logger: calm },
      isUp: () => broker.channel.isUp(),
    }),
    newLeaseId: () => randomBytes(16).toString('base64url'),
    maxAttempts: configuration.queues.maxAttempts,
    mayReplyTo: (name) => isQueueAllowed(configuration.allow.replyTo, name),
    onOutgoing: () => requestReply.work.wakeMessages(),
  });
  const status = createStatus({ ...shared, topic: own.numbered, numbers: isRelay });
  const { maxFollowers } = configuration.status;
  const roleWatch = createRoleWatch({ clock, logger: calm, instances: store.instances });
  const context = createGatewayContext({
    ...shared,
    missingRoles: () => (store.isShared ? roleWatch.missing() : undefined),
    hub: status.hub,
    followerPlaces: createNameShares({
      limit: maxFollowers,
      what: 'event streams and subscriptions are open',
    }),
    leasing,
    loaded,
    routes,
    requestReply,
    receivers,
    metrics,
    embedded,
    authenticator: access?.authenticator ?? null,
    tls: readHttpTls(configuration),
    accessLog,
    isStopping,
  });
  const subscribers = createEventsEndpoint({ clock, logger: calm, version: productVersion, isStopping });
  const upgrades = new Map(
    roles.includes('gateway')
      ? [
          ...createBrokerUpgrade(embedded, embeddedPort),
          ...createEventsUpgrade({
            endpoint: subscribers,
            feedsOf: (principal) => createEventFeeds(context, principal),
            mostConnections: maxFollowers,
            isStopping,
          }),
        ]
      : [],
  );
  const http = createGateway(context, upgrades);
  const gateway: Gateway = {
    ...http,
    async stop(deadlineMs) {
      // At the same time: neither may cost the other its time.
      await Promise.all([http.stop(deadlineMs), subscribers.stop(deadlineMs * subscribersShare)]);
    },
  };
  metrics.addGauges({ event_streams: () => http.activity().eventStreams });
  const membership = createMembership({
    ...{ instance, clock, logger: calm, instances: store.instances },
    version: productVersion,
    roles,
    agreed: agreedSettings(configuration, instance),
    onFreed: () => requestReply.relay.wake(),
    onFatal,
  });
  const waits: Part = {
    name: 'waits',
    start: () => {
      if (isRelay) leasing.start();
    },
    stop: async (deadlineMs) => {
      requestReply.watch.stop();
      status.hub.stop();
      await leasing.stop(deadlineMs);
    },
  };
  const unsent = (): number => requestReply.admission.counts().unsent;
  const log: Part = { name: 'log', start: () => undefined, stop: () => calm.stop() };
  const member: Part = {
    name: 'membership',
    start: (signal) => membership.start(signal),
    stop: () => membership.stop(),
  };
  const watch: Part = { name: 'role watch', start: () => roleWatch.start(), stop: () => roleWatch.stop() };
  return {
    gateway,
    waits,
    unsent,
    parts: [
      log,
      ...(store.isShared ? [member, watch] : []),
      ...requestReply.parts,
      ...status.parts,
      receivers,
    ],
  };
}
