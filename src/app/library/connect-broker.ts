import { v7 as newId } from 'uuid';
import { createStompBroker } from '#adapters/stomp/broker.js';
import type { StompBroker, StompBrokerOptions } from '#adapters/stomp/broker.js';
import type { OwnDestinations } from '#core/destination.js';
import { ownDestinations } from '#core/destination.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { Logger } from '#core/ports/logger.js';
import { silentLogger } from '#core/ports/logger.js';
import type { ControlBus } from '#messaging/control-bus.js';
import { createControlBus } from '#messaging/control-bus.js';
import { systemClock } from '../system-clock.js';

export interface ConnectBrokerOptions {
  /** Default `stomp://127.0.0.1:61613`. Also `stomps://`, `ws://`, `wss://`, `failover:(a,b)?randomize=true`. */
  readonly url?: string;
  /** Prefix of the deployment's own queues; default `replyto`. */
  readonly prefix?: string;
  readonly login?: string;
  readonly passcode?: string;
  /** Options of node:tls for `stomps://` and `wss://`. */
  readonly tls?: StompBrokerOptions['tls'];
  /** Milliseconds until a receipt must have come; default 30,000. */
  readonly receiptTimeoutMs?: number;
  /** Milliseconds between heart-beats; default 10,000, 0 = none. */
  readonly heartbeatMs?: number;
  /** Milliseconds to wait for the first connection; default 10,000. */
  readonly connectTimeoutMs?: number;
  /** A pino logger fits; default silent. */
  readonly logger?: Logger;
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
  readonly logger: Logger;
}

const defaultUrl = 'stomp://127.0.0.1:61613';
const prefixPattern = /^[A-Za-z0-9_-]{1,64}$/u;

/**
 * Connects to a broker; later losses of the connection are healed by itself.
 *
 * @throws BROKER_UNAVAILABLE, BROKER_LOGIN_REFUSED, BROKER_UNSUPPORTED, INVALID_ARGUMENT
 * @example const broker = await connectBroker({ url: 'stomp://127.0.0.1:61613' });
 */
export async function connectBroker(options: ConnectBrokerOptions | string = {}): Promise<Broker> {
  const given = typeof options === 'string' ? { url: options } : options;
  const { url = defaultUrl, prefix = 'replyto', logger = silentLogger } = given;
  if (!prefixPattern.test(prefix)) {
    throw new ReplytoError('INVALID_ARGUMENT', {
      problems: [toProblem('prefix', prefix, '1-64 letters, digits, - and _')],
    });
  }
  const broker = createStompBroker({ ...given, url, clock: systemClock, logger });
  const failure = await broker.start();
  if (failure !== null) {
    await broker.stop(0);
    throw failure;
  }
  const own = ownDestinations(prefix);
  const control = createControlBus({ ...broker, topic: own.control, clock: systemClock, newId });
  return {
    server: broker.broker()?.server ?? '',
    prefix,
    close: (deadlineMs = 5_000) => broker.stop(deadlineMs),
    parts: { broker, own, control, logger },
  };
}
