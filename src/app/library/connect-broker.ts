import { parseBrokerUrl } from '#adapters/stomp/broker-url.js';
import { createStompBroker } from '#adapters/stomp/broker.js';
import type { StompBroker, StompBrokerOptions } from '#adapters/stomp/broker.js';
import { checkTlsMaterial } from '#adapters/stomp/tls-material.js';
import type { OwnDestinations } from '#core/destination.js';
import { ownDestinations } from '#core/destination.js';
import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { Tracer } from '#core/ports/tracer.js';
import { refuseProblems } from '#core/refuse-problems.js';
import type { ControlBus } from '#messaging/control-bus.js';
import { createControlBus } from '#messaging/control-bus.js';
import { systemClock } from '../system-clock.js';
import type { TextLogger } from '../text-logger.js';
import { createTextLogger } from '../text-logger.js';
import { toTracedBroker } from '../traced-broker.js';
import type { LibraryTelemetry } from './library-telemetry.js';
import { startLibraryTelemetry, telemetryProblems } from './library-telemetry.js';
import {
  hasMethods,
  isObject,
  nameProblems,
  numberProblem,
  problemsOf,
  secretProblem,
  textProblem,
  toOptions,
} from './option-checks.js';
import { newId } from '../new-id.js';

export interface ConnectBrokerOptions {
  /** Default `stomp://127.0.0.1:61613`. Also `stomps://`, `ws://`, `wss://`, `failover:(a,b)?randomize=true`. */
  readonly url?: string;
  /** Prefix of the deployment's own queues; default `replyto`. */
  readonly prefix?: string;
  readonly login?: string;
  readonly passcode?: string;
  /** Of RabbitMQ, unless the path of a `stomp://` address names it; default `/`. */
  readonly virtualHost?: string;
  /** Options of node:tls for `stomps://` and `wss://`. */
  readonly tls?: StompBrokerOptions['tls'];
  /** Milliseconds to wait until a connection is up, 1 to 600,000; default 10,000. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds until a receipt must have come, 1 to 600,000; default 30,000. */
  readonly receiptTimeoutMs?: number;
  /** Milliseconds between heart-beats, up to 600,000; default 10,000, 0 = none. */
  readonly heartbeatMs?: number;
  /**
   * Of the connections and of all that is made with them; a pino logger fits. Default: warnings and errors as one
   * plain line each on stderr, such as `replyto warning: the handler failed: ...`. `silentLogger` says nothing.
   */
  readonly logger?: Logger;
  /**
   * Traces and measures what is sent, asked and handled by OpenTelemetry: for a collector, or with providers that the
   * program has already. Default: nothing is, and none of it is loaded. What waits for the collector is sent by `close`.
   */
  readonly telemetry?: LibraryTelemetry;
}

/** A connected broker, for {@link createReplier}, {@link createRequestor} and {@link sendReply}. */
export interface Broker {
  /** What the broker calls itself, such as `ActiveMQ/6.3.1`. */
  readonly server: string;
  readonly prefix: string;
  /** Ends all connections; stop repliers and requestors first. Default deadline 5,000 ms. */
  close(deadlineMs?: number): Promise<void>;
  /** @internal */
  readonly parts: BrokerParts;
}

/** @internal */
interface BrokerParts {
  readonly broker: StompBroker;
  readonly own: OwnDestinations;
  readonly control: ControlBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tracer: Tracer;
}

const defaultUrl = 'stomp://127.0.0.1:61613';
const longestMs = 600_000;

const optionNames = Object.keys({
  url: true,
  prefix: true,
  login: true,
  passcode: true,
  virtualHost: true,
  tls: true,
  connectTimeoutMs: true,
  receiptTimeoutMs: true,
  heartbeatMs: true,
  logger: true,
  telemetry: true,
} satisfies Record<keyof ConnectBrokerOptions, true>);

/**
 * Connects to a broker; later losses of the connection are healed by itself.
 *
 * @throws BROKER_UNAVAILABLE, BROKER_LOGIN_REFUSED, BROKER_UNSUPPORTED, INVALID_ARGUMENT
 * @example const broker = await connectBroker({ url: 'stomp://127.0.0.1:61613' });
 */
export function connectBroker(options: ConnectBrokerOptions | string = {}): Promise<Broker> {
  return connectBrokerOn(systemClock, options);
}

/** The same on another clock, which everything has that is made with this broker. */
export async function connectBrokerOn(clock: Clock, options: ConnectBrokerOptions | string): Promise<Broker> {
  const given: ConnectBrokerOptions = typeof options === 'string' ? { url: options } : toOptions(options);
  const { url = defaultUrl, prefix = 'replyto' } = given;
  refuseProblems([
    ...nameProblems(given, optionNames),
    textProblem('url', url, urlProblem),
    textProblem('prefix', prefix, prefixProblem),
    secretProblem('login', given.login),
    secretProblem('passcode', given.passcode),
    secretProblem('virtualHost', given.virtualHost),
    ...tlsProblems(given.tls),
    numberProblem('connectTimeoutMs', given.connectTimeoutMs, { min: 1, max: longestMs }),
    numberProblem('receiptTimeoutMs', given.receiptTimeoutMs, { min: 1, max: longestMs }),
    numberProblem('heartbeatMs', given.heartbeatMs, { min: 0, max: longestMs }),
    loggerProblem(given.logger),
    ...telemetryProblems(given.telemetry),
  ]);
  const plainLog = createStderrLogger();
  const { logger = plainLog } = given;
  const broker = createStompBroker({ ...given, url, clock, logger });
  const own = ownDestinations(prefix);
  const telemetry = await startLibraryTelemetry(given.telemetry, {
    ...{ instance: newId(), clock, logger },
    brokerName: () => broker.broker()?.dialect.name,
    templateOf: (name) => (name === own.replies.name ? name : undefined),
  });
  const failure = await broker.start();
  if (failure !== null) {
    await Promise.all([broker.stop(0), telemetry.stop(0)]);
    throw failure;
  }
  plainLog.open();
  const { tracer } = telemetry;
  const control = createControlBus({ ...broker, topic: own.control, clock, newId });
  return {
    server: broker.broker()?.server ?? '',
    prefix,
    async close(deadlineMs = 5_000) {
      const endAt = clock.monotonic() + deadlineMs;
      await broker.stop(deadlineMs);
      await telemetry.stop(Math.max(0, endAt - clock.monotonic()));
    },
    parts: { broker: toTracedBroker(broker, tracer), own, control, clock, logger, tracer },
  };
}

function urlProblem(_field: string, url: string): Problem | undefined {
  return problemsOf(() => parseBrokerUrl(url))[0];
}

function tlsProblems(tls: unknown): readonly Problem[] {
  if (tls === undefined) return [];
  if (!isObject(tls)) return [toProblem('tls', undefined, 'an object with options of node:tls')];
  return problemsOf(() => checkTlsMaterial(tls));
}

const loggerMethods = ['debug', 'info', 'warn', 'error', 'child'];

function loggerProblem(logger: unknown): Problem | undefined {
  if (logger === undefined || hasMethods(logger, loggerMethods)) return undefined;
  return toProblem(
    'logger',
    undefined,
    `an object with the methods ${loggerMethods.join(', ')}, such as pino's`,
  );
}

/** Also one that was made here by another copy of this package. No value is shown: an address has a password. */
export function brokerProblem(field: string, given: unknown): Problem | undefined {
  const parts = isObject(given) ? given['parts'] : undefined;
  if (isObject(parts) && isObject(parts['broker']) && isObject(parts['own'])) return undefined;
  return toProblem(field, undefined, 'what `await connectBroker(...)` gives');
}

function prefixProblem(field: string, prefix: string): Problem | undefined {
  return /^[A-Za-z0-9_-]{1,64}$/u.test(prefix)
    ? undefined
    : toProblem(field, prefix, '1-64 letters, digits, - and _');
}

function createStderrLogger(): TextLogger {
  return createTextLogger({
    prefix: 'replyto ',
    // eslint-disable-next-line no-console -- process.stderr.write ends the program when nobody reads stderr any more
    writeLine: (line) => console.error(line),
  });
}
