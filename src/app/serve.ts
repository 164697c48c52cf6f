/** `replyto serve`: the gateway as a process, from its configuration to its exit code. */
import { isReplytoError, ReplytoError } from '#core/errors.js';
import type { Logger } from '#core/ports/logger.js';
import type { CommandContext } from './command-context.js';
import { withoutMessageVariables } from './broker-tools/message-variables.js';
import type { ServeFlags } from './configuration/flags.js';
import type { LoadedConfiguration } from './configuration/load.js';
import { loadConfiguration } from './configuration/load.js';
import { redactedUrl } from './configuration/secrets.js';
import { createAccessLog } from './access-log.js';
import { createDeployment } from './deployment.js';
import { createLogger } from './logger.js';
import { createProcessLife } from './process-life.js';
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

/**
 * Serves until a signal; resolves with the exit code.
 *
 * @throws INVALID_CONFIGURATION, PORT_TAKEN and what else a deployment throws when it cannot start
 */
export function serveUntilStopped(options: ServeOptions): Promise<number> {
  const { context, flags } = options;
  const { workingFolder } = context;
  const environment = withoutMessageVariables(context.environment);
  const given = loadConfiguration({ environment, flags, workingFolder });
  const loaded = options.adjust?.(given) ?? given;
  const { configuration } = loaded;
  const logger = createLogger(configuration.log, context.stderr.isTerminal);
  let companion: Companion | undefined;
  const deployment = createDeployment({
    loaded,
    logger,
    accessLog: createAccessLog(logger),
    onFatal: (error) => life.fail(error),
  });

  async function start(): Promise<void> {
    const { httpUrl, brokerUrl } = await deployment.start().catch((error: unknown) => {
      throw withRemedy(error, loaded);
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
      await context.stdout.write(startLine(serving));
      return undefined;
    },
  });
}

/** What serves where, and with what behind it. */
function startLine({ loaded, httpUrl, brokerUrl, isEmbedded, readyAfterMs }: Serving): string {
  const { configuration } = loaded;
  const broker = redactedUrl(brokerUrl);
  const store = `store ${configuration.store.url} in ${configuration.dataDir}`;
  const behind = isEmbedded
    ? `embedded broker at ${broker}, ${store}; one process on one machine: production means ActiveMQ (BROKER_URL)`
    : `broker ${broker}, ${store}`;
  return `replyto ${productVersion} serves ${httpUrl} after ${readyAfterMs} ms; ${behind}\n`;
}

/** Names the settings of a port that is taken, which whoever listens on it does not know. */
function withRemedy(error: unknown, { configuration }: LoadedConfiguration): unknown {
  if (!isReplytoError(error) || error.code !== 'PORT_TAKEN') return error;
  const { http, broker } = configuration;
  const cause = error.cause instanceof Error && 'port' in error.cause ? error.cause : undefined;
  const isBrokers = broker.url === 'embedded:' && cause?.port === broker.port && broker.port !== http.port;
  if (!isBrokers) return error;
  const detail = `port ${broker.port} of the embedded broker is taken by another program: stop it, or choose another with --broker-port or BROKER_PORT`;
  return new ReplytoError('PORT_TAKEN', { detail, cause: error });
}
