import { tmpdir } from 'node:os';
import { loadConfiguration } from '#app/configuration/load.js';
import { systemClock } from '#app/system-clock.js';
import { ownDestinations } from '#core/destination.js';
import { silentLogger } from '#core/ports/logger.js';
import { silentMeter } from '#core/ports/meter.js';
import { silentTracer } from '#core/ports/tracer.js';
import type { GatewayContext } from '#gateway/context.js';
import { createRouteTable } from '#gateway/route-table.js';
import { createNameShares } from '#messaging/name-shares.js';
import { createRequestWatch } from '#messaging/request-watch.js';
import type { Configuration } from '#schema/configuration.js';

/** A configuration of presets and these variables; nothing of the environment. */
export function configurationOf(settings: Readonly<Record<string, string>> = {}): Configuration {
  return loadConfiguration({ environment: { PORT: '0', ...settings }, workingFolder: tmpdir() })
    .configuration;
}

/** A context for a gateway without a store and a broker: what needs one of them throws. */
export function contextOf(overrides: Partial<GatewayContext> = {}): GatewayContext {
  const configuration = overrides.configuration ?? configurationOf();
  return {
    requestor: absent('requestor'),
    scatterGather: absent('scatterGather'),
    store: absent('store'),
    history: absent('history'),
    events: absent('events'),
    hub: absent('hub'),
    followerPlaces: createNameShares({ limit: 100, what: 'follow' }),
    watch: createRequestWatch(systemClock),
    settlement: absent('settlement'),
    leasing: absent('leasing'),
    deadLetters: absent('deadLetters'),
    office: absent('office'),
    deliveries: absent('deliveries'),
    lives: absent('lives'),
    diagnosis: absent('diagnosis'),
    isReplyToken: () => false,
    configuration,
    routes: createRouteTable(configuration.routes),
    bodyChecks: new Map(),
    authenticator: null,
    tls: null,
    own: ownDestinations(configuration.prefix),
    clock: systemClock,
    storeTime: systemClock,
    newId: () => 'an-id',
    logger: silentLogger,
    meter: silentMeter,
    tracer: silentTracer,
    announceCancel: () => undefined,
    readiness: () => Promise.resolve({ isReady: true, checks: [] }),
    metrics: () => Promise.resolve({ contentType: 'text/plain', text: '' }),
    version: { version: '1.2.3', node: process.versions.node, broker: () => null, brokerUrl: 'embedded:' },
    pages: { resources: [], add: () => undefined },
    accessLog: undefined,
    isStopping: () => false,
    ...overrides,
  };
}

function absent(what: string): never {
  return new Proxy(
    {},
    {
      get(_, method) {
        throw new Error(`there is no ${what} here; ${String(method)} was asked of it`);
      },
    },
  ) as never;
}
