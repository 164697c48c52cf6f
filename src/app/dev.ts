/** `replyto dev`: the gateway with services to try it, and lines to copy. */
import { ReplytoError, toReplytoError } from '#core/errors.js';
import { roles } from '#core/roles.js';
import type { Configuration } from '#schema/configuration.js';
import type { CommandContext } from './command-context.js';
import type { ServeFlags } from './configuration/flags.js';
import type { LoadedConfiguration } from './configuration/load.js';
import { startDemoServices } from './demo-services.js';
import { devText } from './dev-text.js';
import { readOrThrow } from './http-tls.js';
import type { CollectorOptions } from './library/library-telemetry.js';
import { serveUntilStopped } from './serve.js';
import { brokerTlsFiles } from './tls-files.js';

/** Serves with the demo services until a signal; resolves with the exit code. @throws as `serve` */
export function dev(context: CommandContext, flags: ServeFlags): Promise<number> {
  const { program } = context;
  return serveUntilStopped({
    context,
    flags,
    adjust: (loaded) => inOneProcess(quietUnlessAsked(loaded)),
    async onServing(serving) {
      const { loaded, brokerUrl, logger } = serving;
      const { broker, prefix } = loaded.configuration;
      const { login, passcode, virtualHost } = broker;
      const telemetry = telemetryOfServices(loaded.configuration.telemetry);
      const services = await startDemoServices({
        url: brokerUrl,
        tls: readOrThrow('broker', brokerTlsFiles(loaded.configuration)),
        prefix,
        logger,
        ...(login === undefined ? {} : { login }),
        ...(passcode === undefined ? {} : { passcode }),
        ...(virtualHost === undefined ? {} : { virtualHost }),
        ...(telemetry === undefined ? {} : { telemetry }),
      }).catch((error: unknown) => {
        throw broker.url === 'embedded:' ? error : withoutBroker(error, program);
      });
      const readyAfterMs = Math.round(performance.now());
      await context.stdout.write(devText({ ...serving, readyAfterMs, program, tryId: newTryId() }));
      return services;
    },
  });
}

/** Whoever only wants to try it has an address in the environment from before, perhaps. */
function withoutBroker(error: unknown, program: string): ReplytoError {
  const { code, message } = toReplytoError(error);
  const remedy = `BROKER_URL or broker.url names this broker: unset it for the embedded one, or ask '${program} doctor'`;
  return new ReplytoError(code, { detail: `${message}; ${remedy}`, cause: error });
}

/** Whoever looks at traces wants to see both sides of a call. */
function telemetryOfServices(settings: Configuration['telemetry']): CollectorOptions | undefined {
  const { otlpEndpoint, disabled, traces, metrics } = settings;
  if (disabled || otlpEndpoint === undefined) return undefined;
  return {
    otlpEndpoint,
    serviceName: 'replyto-demo',
    traces: traces === 'otlp',
    metrics: metrics === 'otlp',
  };
}

/** The lines to copy are what counts on this screen; a level that somebody chose stays. */
function quietUnlessAsked(loaded: LoadedConfiguration): LoadedConfiguration {
  if (loaded.origins.get('log.level')?.kind !== 'default') return loaded;
  const { configuration } = loaded;
  return { ...loaded, configuration: { ...configuration, log: { ...configuration.log, level: 'warn' } } };
}

/** What is tried by hand needs no more, and its services belong to it. */
function inOneProcess(loaded: LoadedConfiguration): LoadedConfiguration {
  return { ...loaded, configuration: { ...loaded.configuration, roles: [...roles], workers: 1 } };
}

/** New at each start, because data of earlier ones is kept and an id is answered once. */
function newTryId(): string {
  return `try-${Date.now().toString(36)}`;
}
