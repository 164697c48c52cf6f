/** `replyto serve`: the gateway as a process, from its configuration to its exit code. */
import { isReplytoError, ReplytoError } from '#core/errors.js';
import type { Logger } from '#core/ports/logger.js';
import { missingRoles } from '#core/roles.js';
import type { Configuration } from '#schema/configuration.js';
import { isPostgresUrl } from '#schema/store-settings.js';
import type { CommandContext } from './command-context.js';
import { withoutMessageVariables } from './broker-tools/message-variables.js';
import type { Environment } from './configuration/environment.js';
import type { ServeFlags } from './configuration/flags.js';
import type { LoadedConfiguration } from './configuration/load.js';
import { loadConfiguration } from './configuration/load.js';
import { nearMissesInWords } from './configuration/near-misses.js';
import { redactedUrl } from './configuration/secrets.js';
import { createAccessLog } from './access-log.js';
import { createDeployment } from './deployment.js';
import { createLogger } from './logger.js';
import type { PortObstacle } from './port-obstacle.js';
import { embeddedBrokerPort, httpPort, portObstacle } from './port-obstacle.js';
import { createProcessLife } from './process-life.js';
import { findEmbeddedBroker } from './running-gateway.js';
import { createWorkers, isWorker, tellReady, WorkerEnded } from './workers.js';
import { productVersion } from './version.js';

/** A gateway that serves. */
export interface Serving {
  readonly loaded: LoadedConfiguration;
  /** Where HTTP is served, with the real port. */
  readonly httpUrl: string;
  /** As a client needs it; may hold a login. */
  readonly brokerUrl: string;
  readonly isEmbedded: boolean;
  /** Milliseconds from the start of the process until now. */
  readonly readyAfterMs: number;
  readonly logger: Logger;
}

/** What lives and ends with the gateway, such as demo services. */
interface Companion {
  stop(deadlineMs: number): Promise<void>;
}

export interface ServeOptions {
  readonly context: CommandContext;
  readonly flags: ServeFlags;
  /** Changes what was loaded before it is used. */
  readonly adjust?: (loaded: LoadedConfiguration) => LoadedConfiguration;
  /** Called when the gateway serves; what it gives back is stopped before the gateway. */
  readonly onServing: (serving: Serving) => Promise<Companion | undefined>;
}

/** Companions end first and quickly; the gateway gets the rest of the deadline. */
const companionsEndMs = 3_000;
/** Whoever has a port gets this long to say whether it is of this product. */
const whoListensMs = 1_000;

/**
 * Serves until a signal; resolves with the exit code.
 *
 * @throws INVALID_CONFIGURATION, PORT_TAKEN and what else a deployment throws when it cannot start
 */
export async function serveUntilStopped(options: ServeOptions): Promise<number> {
  const { context, flags } = options;
  const { workingFolder } = context;
  const environment = withoutMessageVariables(context.environment);
  const given = loadConfiguration({ environment, flags, workingFolder });
  const loaded = options.adjust?.(given) ?? given;
  const { configuration } = loaded;
  const logger = createLogger(configuration.log, context.stderr.isTerminal);
  const nearMisses = nearMissesInWords(environment);
  if (nearMisses.length > 0) logger.warn(nearMisses.join(' '));
  if (configuration.workers > 1 && !isWorker()) {
    await checkPorts(configuration);
    return superviseWorkers({ environment, logger, configuration, stdout: context.stdout });
  }
  let companion: Companion | undefined;
  const deployment = createDeployment({
    loaded,
    logger,
    accessLog: createAccessLog(logger),
    onFatal: (error) => life.fail(error),
  });

  async function start(): Promise<void> {
    // The port of a worker is that of the process that started it.
    if (!isWorker()) await checkPorts(configuration);
    const { httpUrl, brokerUrl } = await deployment.start().catch((error: unknown) => {
      throw withRemedy(error, configuration);
    });
    const isEmbedded = configuration.broker.url === 'embedded:';
    const readyAfterMs = Math.round(performance.now());
    try {
      companion = await options.onServing({ loaded, httpUrl, brokerUrl, isEmbedded, readyAfterMs, logger });
    } catch (error) {
      await deployment.stop(companionsEndMs);
      throw error;
    }
  }

  const life = createProcessLife({
    environment,
    logger,
    start,
    async stop(deadlineMs) {
      await companion?.stop(Math.min(companionsEndMs, deadlineMs));
      await deployment.stop(deadlineMs - companionsEndMs);
    },
  });
  return life.run();
}

/** `replyto serve`. */
export function serve(context: CommandContext, flags: ServeFlags): Promise<number> {
  return serveUntilStopped({
    context,
    flags,
    async onServing(serving) {
      if (isWorker()) tellReady(serving.httpUrl);
      else await context.stdout.write(startLine(serving));
      return undefined;
    },
  });
}

interface Supervision {
  readonly environment: Environment;
  readonly logger: Logger;
  readonly configuration: Configuration;
  readonly stdout: CommandContext['stdout'];
}

/** Serves by processes of its own, until a signal; resolves with the exit code. */
async function superviseWorkers({
  environment,
  logger,
  configuration,
  stdout,
}: Supervision): Promise<number> {
  const { roles } = configuration;
  const workers = createWorkers({ count: configuration.workers, logger });
  const life = createProcessLife({
    environment,
    logger,
    async start() {
      const httpUrl = await workers.start();
      const store = redactedUrl(configuration.store.url);
      const broker = redactedUrl(configuration.broker.url);
      const says = `${configuration.workers} workers after ${Math.round(performance.now())} ms; broker ${broker}, store ${store}`;
      await stdout.write(`replyto ${productVersion} serves ${httpUrl}${asRoles(roles)} by ${says}\n`);
    },
    stop: (deadlineMs) => workers.stop(deadlineMs),
  });
  try {
    return await life.run();
  } catch (error) {
    if (!(error instanceof WorkerEnded)) throw error;
    await workers.stop(companionsEndMs);
    return error.exitCode;
  }
}

/** Only where the process leaves something to others. */
function asRoles(given: Configuration['roles']): string {
  return missingRoles(given).length === 0 ? '' : ` as ${given.join(', ')}`;
}

/** What serves where, and with what behind it. */
function startLine({ loaded, httpUrl, brokerUrl, isEmbedded, readyAfterMs }: Serving): string {
  const { configuration } = loaded;
  const broker = redactedUrl(brokerUrl);
  const { url } = configuration.store;
  const store = isPostgresUrl(url) ? `store ${redactedUrl(url)}` : `store ${url} in ${configuration.dataDir}`;
  const behind = isEmbedded
    ? `embedded broker at ${broker}, ${store}; one process on one machine: production means ActiveMQ (BROKER_URL)`
    : `broker ${broker}, ${store}`;
  return `replyto ${productVersion} serves ${httpUrl}${asRoles(configuration.roles)} after ${readyAfterMs} ms; ${behind}\n`;
}

/**
 * Asked before the store is opened, so that a start that cannot listen leaves no data folder behind.
 *
 * @throws PORT_TAKEN, INVALID_CONFIGURATION
 */
async function checkPorts({ http, broker }: Configuration): Promise<void> {
  const obstacle = await portObstacle(httpPort(http, whoListensMs));
  if (obstacle !== undefined) throw toError('cannot serve HTTP', obstacle);
  if (broker.url !== 'embedded:') return;
  const atBroker = await portObstacle(
    embeddedBrokerPort(broker, () => findEmbeddedBroker(broker.port, whoListensMs)),
  );
  if (atBroker !== undefined) throw toError('cannot run the embedded broker', atBroker);
}

function toError(what: string, { code, says, remedy }: PortObstacle): ReplytoError {
  return new ReplytoError(code, { detail: `${what}: ${says}; ${remedy}` });
}

/** Names the settings of the data folder, which whoever opens a file in it does not know. */
function withRemedy(error: unknown, { dataDir, store }: Configuration): unknown {
  // The database says for itself where it is; an embedded broker keeps its file in the data folder all the same.
  if (!isReplytoError(error) || isPostgresUrl(store.url)) return error;
  if (error.code === 'STORE_UNAVAILABLE') {
    const detail = `${error.message}; choose another data folder with --data-dir or DATA_DIR`;
    return new ReplytoError('STORE_UNAVAILABLE', { detail, cause: error });
  }
  if (error.code !== 'STORE_LOCKED') return error;
  const detail = `${dataDir} is in use by another process, probably another replyto: stop it, or choose another data folder with --data-dir or DATA_DIR`;
  return new ReplytoError('STORE_LOCKED', { detail, cause: error });
}
