import type { EmbeddedBroker } from '#adapters/broker/embedded-broker.js';
import { createEmbeddedInspection } from '#adapters/broker/embedded-inspection.js';
import type { StompBroker } from '#adapters/stomp/broker.js';
import type { Store } from '#adapters/store/store.js';
import type { OwnDestinations } from '#core/destination.js';
import type { Authenticator } from '#core/ports/authenticator.js';
import type { Clock } from '#core/ports/clock.js';
import type { IdSource } from '#core/ports/id-source.js';
import type { Logger } from '#core/ports/logger.js';
import type { RequestLives } from '#core/ports/request-lives.js';
import type { Tracer } from '#core/ports/tracer.js';
import type { Role } from '#core/roles.js';
import { dashboard } from '#dashboard/dashboard.js';
import type { GatewayContext, Readiness } from '#gateway/context.js';
import type { GaugeReaders, Metrics } from '#gateway/metrics.js';
import { createRequestHistory } from '#gateway/request-history.js';
import type { RouteTable } from '#gateway/route-table.js';
import { createDeadLetterOffice } from '#messaging/dead-letter-office.js';
import { isReplyToken } from '#messaging/digest.js';
import type { Leasing } from '#messaging/leasing.js';
import type { NameShares } from '#messaging/name-shares.js';
import { missingInWords } from '#messaging/role-watch.js';
import { createReplyDeliveries } from '#messaging/reply-deliveries.js';
import { createRequestDiagnosis } from '#messaging/request-diagnosis.js';
import type { StatusHub } from '#status/status-hub.js';
import type { AccessLog } from './access-log.js';
import { brokerAddress } from './configuration/broker-address.js';
import type { LoadedConfiguration } from './configuration/load.js';
import type { Receivers } from './receivers.js';
import type { RequestReply } from './request-reply.js';
import { productVersion } from './version.js';

export interface GatewayContextOptions {
  readonly loaded: LoadedConfiguration;
  readonly routes: RouteTable;
  readonly store: Store;
  readonly broker: StompBroker;
  readonly embedded: EmbeddedBroker | undefined;
  readonly requestReply: RequestReply;
  readonly receivers: Receivers;
  readonly leasing: Leasing;
  readonly hub: StatusHub;
  readonly followerPlaces: NameShares;
  readonly metrics: Metrics;
  readonly tracer: Tracer;
  readonly own: OwnDestinations;
  readonly authenticator: Authenticator | null;
  readonly tls: GatewayContext['tls'];
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly logger: Logger;
  readonly accessLog: AccessLog | undefined;
  /** Roles that no live process has; undefined where there is but one process. */
  readonly missingRoles: () => readonly Role[] | undefined;
  readonly isStopping: () => boolean;
}

export function createGatewayContext(options: GatewayContextOptions): GatewayContext {
  const { loaded, store, broker, embedded, requestReply, metrics, own, clock, newId, logger } = options;
  metrics.addGauges(gaugeReaders(options));
  const lives: RequestLives = {
    async of(id, mostEvents) {
      // Whoever looks into a request is to see a receipt that has come.
      await requestReply.relay.marks.release(id);
      return store.lives.of(id, mostEvents);
    },
  };
  return {
    requestor: requestReply.requestor,
    scatterGather: requestReply.scatterGather,
    store: store.requests,
    history: createRequestHistory(store.requests),
    events: store.events,
    hub: options.hub,
    followerPlaces: options.followerPlaces,
    watch: requestReply.watch,
    settlement: requestReply.settlement,
    leasing: options.leasing,
    deadLetters: store.deadLetters,
    office: createDeadLetterOffice({
      ...{ letters: store.deadLetters, clock, meter: metrics },
      onOutgoing: () => requestReply.work.wakeMessages(),
    }),
    deliveries: createReplyDeliveries({
      outbox: store.outbox,
      onForward: () => requestReply.work.wakeDeliveries(),
    }),
    lives,
    diagnosis: createRequestDiagnosis({
      ...{ lives, instances: store.instances, storeTime: store.time, instance: requestReply.relay.instance },
      inspection: embedded === undefined ? broker.inspection : createEmbeddedInspection(embedded),
      isBrokerUp: () => broker.channel.isUp(),
      heldQueues: () => requestReply.relay.status().heldQueues,
    }),
    isReplyToken: (requestId, token) => isReplyToken(store.secret, requestId, token),
    configuration: loaded.configuration,
    routes: options.routes,
    bodyChecks: loaded.bodyChecks,
    authenticator: options.authenticator,
    tls: options.tls,
    own,
    clock,
    storeTime: store.time,
    newId,
    logger,
    meter: metrics,
    tracer: options.tracer,
    announceCancel: requestReply.announceCancel,
    readiness: () => readiness(options),
    metrics: () => metrics.read(),
    version: {
      version: productVersion,
      node: process.versions.node,
      broker: () => broker.broker()?.server ?? null,
      brokerUrl: brokerAddress(loaded.configuration.broker),
    },
    pages: dashboard,
    accessLog: options.accessLog,
    isStopping: options.isStopping,
  };
}

/** A broker may be busy for a while; one that says nothing for longer, though it owes something, is out of order. */
const silentAfterMs = 5_000;

/** An away broker must not take every gateway out of a load balancer: requests are still accepted. */
async function readiness({
  loaded,
  store,
  broker,
  receivers,
  requestReply,
  missingRoles,
}: GatewayContextOptions): Promise<Readiness> {
  const { roles } = loaded.configuration;
  const storeFailure = await store.check().then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const { unsent } = requestReply.admission.counts();
  const { maxPending } = loaded.configuration.outbox;
  const isUp = broker.channel.isUp();
  const silentMs = broker.overdueMs();
  const answers = isUp && silentMs < silentAfterMs;
  const connected = `connected to ${broker.broker()?.server ?? 'it'}`;
  const silent = answers ? '' : `, which owes an answer for ${Math.round(silentMs / 1_000)} s`;
  const brokerState = isUp ? `${connected}${silent}` : 'away; requests are kept for it';
  const checks = [
    { name: 'store', isOk: storeFailure === null, detail: storeFailure ?? 'answers' },
    { name: 'broker', isOk: answers, detail: brokerState },
    ...(roles.includes('correlator') ? [repliesCheck(receivers, broker)] : []),
    prefixCheck(receivers),
    {
      name: 'outbox',
      isOk: unsent < maxPending,
      detail: `${unsent} of ${maxPending} requests wait for the broker`,
    },
    ...heldQueuesCheck(requestReply.relay.status().heldQueues),
    ...rolesCheck(roles, missingRoles()),
  ];
  return { isReady: storeFailure === null && (isUp || unsent < maxPending), checks };
}

/** After its start a gateway has its subscriptions for good, but they are down while their connections are. */
function repliesCheck(receivers: Receivers, broker: StompBroker): Readiness['checks'][number] {
  const { wantedSubscriptions, subscriptions } = broker.activity();
  if (!receivers.isReceiving()) return { name: 'replies', isOk: false, detail: 'not received yet' };
  if (subscriptions === wantedSubscriptions) return { name: 'replies', isOk: true, detail: 'being received' };
  const detail = `${subscriptions} of ${wantedSubscriptions} subscriptions are up`;
  return { name: 'replies', isOk: false, detail };
}

/** Where others may have the roles that this process has not. Calls are accepted all the same. */
function rolesCheck(own: readonly Role[], missing: readonly Role[] | undefined): Readiness['checks'] {
  if (missing === undefined) return [];
  const detail =
    missing.length === 0 ? `${own.join(', ')} here; each has a running process` : missingInWords(missing);
  return [{ name: 'roles', isOk: missing.length === 0, detail }];
}

const mostNamed = 5;

/** Only told of when there are any. */
function heldQueuesCheck(held: readonly string[]): Readiness['checks'] {
  if (held.length === 0) return [];
  const more = held.length > mostNamed ? ` and ${held.length - mostNamed} more` : '';
  const detail = `the broker does not take messages for ${held.slice(0, mostNamed).join(', ')}${more}`;
  return [{ name: 'queues', isOk: false, detail }];
}

/** Two deployments that share a prefix take each other's replies. */
function prefixCheck(receivers: Receivers): Readiness['checks'][number] {
  const stranger = receivers.stranger();
  if (!receivers.isReceiving()) {
    return { name: 'prefix', isOk: stranger === undefined, detail: 'who else uses it is not known yet' };
  }
  const detail =
    stranger === undefined
      ? 'used by this deployment alone'
      : `another deployment (instance ${stranger}) uses it on this broker and takes its replies`;
  return { name: 'prefix', isOk: stranger === undefined, detail };
}

function gaugeReaders({
  store,
  broker,
  embedded,
  requestReply,
  leasing,
  hub,
}: GatewayContextOptions): GaugeReaders {
  const { admission, relay, watch } = requestReply;
  return {
    requests_pending: () => admission.counts().pending,
    requests_unsent: () => admission.counts().unsent,
    waits: () => watch.size,
    status_subscriptions: () => hub.subscriptions,
    queues_read: () => leasing.queuesRead,
    sends_in_flight: () => relay.status().inFlight,
    queues_held: () => relay.status().heldQueues.length,
    broker_up: () => Number(broker.channel.isUp()),
    subscriptions_up: () => broker.activity().subscriptions,
    store_transactions: () => store.transactions(),
    ...(embedded === undefined ? {} : { embedded_connections: () => embedded.statistics().connections }),
  };
}
