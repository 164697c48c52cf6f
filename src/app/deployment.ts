/** The life of a gateway process: which parts there are, in which order they start, and how they end. */
import { join } from 'node:path';
import { createEmbeddedBroker } from '#adapters/broker/embedded-broker.js';
import type { EmbeddedBroker } from '#adapters/broker/embedded-broker.js';
import { createStompBroker } from '#adapters/stomp/broker.js';
import type { StompBroker } from '#adapters/stomp/broker.js';
import type { Store } from '#adapters/store/store.js';
import { ownDestinations } from '#core/destination.js';
import { ReplytoError } from '#core/errors.js';
import type { Logger } from '#core/ports/logger.js';
import { unlessAborted } from '#core/unless-aborted.js';
import type { Access } from './access/access.js';
import { createAccess } from './access/access.js';
import type { AccessLog } from './access-log.js';
import { warnOfBrokerChange } from './broker-change.js';
import type { LoadedConfiguration } from './configuration/load.js';
import { openConfiguredStore } from './configured-store.js';
import { isTls, readOrThrow, watchHttpTls } from './http-tls.js';
import { composeGateway } from './gateway-composition.js';
import { createParts } from './parts.js';
import type { Part, Parts } from './parts.js';
import { settlesWithin } from './settles-within.js';
import { systemClock as clock } from './system-clock.js';
import type { Telemetry } from './telemetry.js';
import { boundedQueues, startTelemetry } from './telemetry.js';
import { brokerTlsFiles } from './tls-files.js';
import { productVersion } from './version.js';
import type { WatchedFiles } from './watched-files.js';
import { newId } from './new-id.js';

export interface DeploymentOptions {
  readonly loaded: LoadedConfiguration;
  readonly logger: Logger;
  /** Hears of every call; absent = none. */
  readonly accessLog?: AccessLog | undefined;
  /** Called when the process cannot go on; it should stop and exit with the error. */
  readonly onFatal: (error: unknown) => void;
}

/** Where a deployment is found. */
interface Started {
  readonly httpUrl: string;
  /** May hold a login. */
  readonly brokerUrl: string;
}

/** A gateway process, ready to start. */
export interface Deployment {
  /**
   * Resolves when HTTP is served. An away broker does not keep it from starting.
   *
   * @throws every error of category `start` or `store`, and BROKER_LOGIN_REFUSED, BROKER_UNSUPPORTED; SHUTTING_DOWN
   *   when it was stopped before it served
   */
  start(): Promise<Started>;
  /** Also ends a start that is under way. */
  stop(deadlineMs: number): Promise<void>;
}

/** Milliseconds for the embedded broker of a start that fails; nobody has used it. */
const unusedBrokerMs = 1_000;

export function createDeployment({ loaded, logger, accessLog, onFatal }: DeploymentOptions): Deployment {
  const { configuration } = loaded;
  const { broker: brokerSettings, dataDir } = configuration;
  const isEmbedded = brokerSettings.url === 'embedded:';
  const instance = newId();
  let parts: Parts | undefined;
  let starting: Promise<Started> | undefined;
  let isStopping = false;

  async function start(): Promise<Started> {
    const store = await openConfiguredStore(configuration, instance);
    const embedded = isEmbedded ? createEmbedded() : undefined;
    let brokerUrl = brokerSettings.url;
    let httpUrl = '';
    let telemetry: Telemetry | undefined;
    let brokerName = (): string | undefined => undefined;
    const scheme = isTls(configuration) ? 'https' : 'http';
    try {
      const listening = await embedded?.start();
      if (listening !== undefined) brokerUrl = `stomp://${listening.host}:${listening.port}`;
      await warnOfBrokerChange({ store, broker: brokerSettings, logger });
      telemetry = await startTelemetry({
        ...{ instance, clock, logger, settings: configuration.telemetry },
        brokerName: () => brokerName(),
        templateOf: boundedQueues(configuration),
      });
      if (hasStopped()) throw new ReplytoError('SHUTTING_DOWN');
      const tls = readOrThrow('broker', brokerTlsFiles(configuration));
      let waiting = (): number => 0;
      const broker = createStompBroker({
        ...{ ...brokerSettings, url: brokerUrl, tls, clock, logger },
        keepsOrder: true,
        waiting: () => waiting(),
      });
      brokerName = () => broker.broker()?.dialect.name;
      const access = createAccess({ configuration, clock, logger });
      const {
        gateway,
        waits,
        unsent,
        parts: messaging,
      } = composeGateway({
        ...{ loaded, logger, accessLog, onFatal, instance, store, broker, embedded, access },
        embeddedPort: listening?.port,
        tracer: telemetry.tracer,
        isStopping: hasStopped,
      });
      waiting = unsent;
      parts = createParts(
        [
          // Ends last: it tells how the others ended.
          telemetryPart(telemetry),
          ...(access === null ? [] : [accessPart(access)]),
          storePart(store),
          ...(embedded === undefined ? [] : [embeddedPart(embedded)]),
          brokerPart(broker),
          ...messaging,
          {
            name: 'gateway',
            start: async () => {
              const { host, port } = await gateway.start();
              httpUrl = `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
            },
            stop: (deadlineMs) => gateway.stop(deadlineMs),
          },
          certificatePart(watchHttpTls(configuration, { gateway, clock, logger })),
          // Ends first: whoever waits is answered while HTTP still works.
          waits,
        ],
        logger,
        () => clock.monotonic(),
      );
    } catch (error) {
      await telemetry?.stop(unusedBrokerMs);
      await embedded?.stop(unusedBrokerMs);
      await store.close();
      throw error;
    }
    // In the same turn in which they were made: a stop finds either no parts, or parts that it can end.
    await parts.start();
    return { httpUrl, brokerUrl };
  }

  /** A function, because stop() may have been called during an await. */
  function hasStopped(): boolean {
    return isStopping;
  }

  function createEmbedded(): EmbeddedBroker {
    const { port } = brokerSettings;
    const own = ownDestinations(configuration.prefix);
    return createEmbeddedBroker({
      path: join(dataDir, 'broker.db'),
      clock,
      port,
      freeQueues: [own.replies, own.status, own.deadLetters, own.invalid].map(({ name }) => name),
      version: productVersion,
      logger,
    });
  }

  return {
    start() {
      starting = start();
      return starting;
    },
    async stop(deadlineMs) {
      isStopping = true;
      // Without parts yet, the start finds out by itself that it is to end.
      if (parts === undefined && starting !== undefined) await settlesWithin(starting, deadlineMs, clock);
      else await parts?.stop(deadlineMs);
    },
  };
}

function telemetryPart(telemetry: Telemetry): Part {
  return { name: 'telemetry', start: () => undefined, stop: (deadlineMs) => telemetry.stop(deadlineMs) };
}

function accessPart(access: Access): Part {
  return { name: 'access', start: () => access.start(), stop: () => access.stop() };
}

function certificatePart(files: WatchedFiles): Part {
  return { name: 'certificate', start: () => files.start(), stop: () => files.stop() };
}

function storePart(store: Store): Part {
  return { name: 'store', start: () => undefined, stop: () => store.close() };
}

/** Started before the others, because its port is part of their configuration. */
function embeddedPart(embedded: EmbeddedBroker): Part {
  return { name: 'embedded broker', start: () => undefined, stop: (deadlineMs) => embedded.stop(deadlineMs) };
}

function brokerPart(broker: StompBroker): Part {
  return {
    name: 'broker connections',
    start: async (signal) => {
      const failure = await unlessAborted(broker.start(), signal);
      // These do not heal by waiting, and at the start somebody is looking.
      if (failure?.code === 'BROKER_LOGIN_REFUSED' || failure?.code === 'BROKER_UNSUPPORTED') throw failure;
    },
    stop: (deadlineMs) => broker.stop(deadlineMs),
  };
}
