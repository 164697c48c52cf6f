import { ReplytoError, isReplytoError } from '#core/errors.js';
import type { ErrorCode } from '#core/error-kinds.js';
import { silentLogger } from '#core/ports/logger.js';
import type { Configuration } from '#schema/configuration.js';
import type { Subscription } from '#core/ports/message-source.js';
import { redactedUrl } from '../configuration/secrets.js';
import type { Broker } from '../library/connect-broker.js';
import { connectBroker } from '../library/connect-broker.js';
import { readOrThrow } from '../http-tls.js';
import { brokerTlsFiles } from '../tls-files.js';
import { systemClock as clock } from '../system-clock.js';
import { addressRemedy, isRefused } from '../unreached-broker.js';
import { silenceRemedy } from './broker-silence.js';
import type { Finding } from './finding.js';
import { amqpPort, findAmqp, pluginRemedy, rabbitmqRemedy } from './rabbitmq.js';
import { newId } from '../new-id.js';

export interface BrokerCheckOptions {
  /** Of the broker, or of the embedded one. */
  readonly url: string;
  readonly configuration: Configuration;
  /** Milliseconds for each step. */
  readonly stepMs: number;
}

export interface BrokerCheck {
  readonly finding: Finding;
  /** What it calls itself; undefined when it does not answer. */
  readonly server: string | undefined;
  /** Stores whose gateways answered on the control topic of the prefix. */
  readonly storeIds: ReadonlySet<string>;
}

const closeMs = 2_000;
/** Gateways answer a hello within this, as they do to each other. */
const objectionMs = 1_000;

/**
 * Logs in, and sends a notice to itself over the control topic: a topic leaves nothing behind. The notice is the
 * hello of a starting gateway, so gateways that use the prefix answer with the identity of their store.
 */
export async function checkBroker({ url, configuration, stepMs }: BrokerCheckOptions): Promise<BrokerCheck> {
  const { login, passcode, virtualHost } = configuration.broker;
  let broker: Broker;
  try {
    broker = await connectBroker({
      url,
      prefix: configuration.prefix,
      // What goes wrong is told as a finding.
      logger: silentLogger,
      connectTimeoutMs: stepMs,
      receiptTimeoutMs: stepMs,
      tls: readOrThrow('broker', brokerTlsFiles(configuration)),
      ...(login === undefined ? {} : { login }),
      ...(passcode === undefined ? {} : { passcode }),
      ...(virtualHost === undefined ? {} : { virtualHost }),
    });
  } catch (error) {
    const finding = await withPluginHint(error, url, stepMs);
    return { finding, server: undefined, storeIds: new Set() };
  }
  const { server } = broker;
  try {
    const storeIds = await exchange(broker, stepMs);
    await mayTakeReplies(broker, stepMs);
    const says = `${server} at ${redactedUrl(url)} takes and delivers messages`;
    return { finding: { check: 'broker', state: 'ok', says }, server, storeIds };
  } catch (error) {
    return { finding: toFinding(error), server, storeIds: new Set() };
  } finally {
    await broker.close(closeMs);
  }
}

/** @throws BROKER_UNAVAILABLE and others when the notice does not come back */
async function exchange(broker: Broker, withinMs: number): Promise<Set<string>> {
  const { control } = broker.parts;
  const storeId = `doctor-${newId()}`;
  const storeIds = new Set<string>();
  let subscription: Subscription | undefined;
  let cancel: (() => void) | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      cancel = clock.after(withinMs, () =>
        reject(new Error(`a notice did not come back within ${withinMs} ms`)),
      );
      control
        .subscribe((notice) => {
          if (notice.type === 'welcome') storeIds.add(notice.storeId);
          else if (notice.type === 'hello' && notice.storeId === storeId) resolve();
        })
        .then((made) => {
          subscription = made;
          return control.publish({ type: 'hello', storeId, instance: storeId });
        })
        .catch(reject);
    });
    await new Promise<void>((resolve) => clock.after(objectionMs, resolve));
    return storeIds;
  } finally {
    cancel?.();
    await subscription?.unsubscribe();
  }
}

/**
 * Subscribes to the reply queue as a gateway will, and takes nothing from it.
 *
 * @throws SUBSCRIBE_REFUSED, BROKER_UNAVAILABLE when the broker does not answer in time
 */
async function mayTakeReplies({ parts: { broker, own } }: Broker, withinMs: number): Promise<void> {
  const giveUp = new AbortController();
  const cancel = clock.after(withinMs, () => giveUp.abort());
  const how = { prefetch: 1, takesNothing: true, onDelivery: () => undefined, giveUp: giveUp.signal };
  try {
    const subscription = await broker.source.subscribe(own.replies, how);
    await subscription.unsubscribe(closeMs);
  } catch (error) {
    if (!giveUp.signal.aborted) throw error;
    const detail = `subscribing to ${own.replies.name}: the broker did not confirm within ${withinMs} ms`;
    throw new ReplytoError('BROKER_UNAVAILABLE', { detail, destination: own.replies.name, cause: error });
  } finally {
    cancel();
  }
}

const remedies: Partial<Record<ErrorCode, string>> = {
  BROKER_UNAVAILABLE: 'start the broker, or correct BROKER_URL; a firewall may be in between',
  BROKER_LOGIN_REFUSED: 'correct BROKER_LOGIN and BROKER_PASSCODE, or the login inside of BROKER_URL',
  BROKER_UNSUPPORTED: 'use ActiveMQ Classic or Artemis, RabbitMQ or the embedded broker',
  SUBSCRIBE_REFUSED:
    'give this login the right to read and to create queues and topics of the prefix; docs/brokers.md names them',
  SEND_REFUSED:
    'give this login the right to write to queues and topics of the prefix; docs/brokers.md names them',
};

function toFinding(error: unknown): Finding {
  const code = isReplytoError(error) ? error.code : 'BROKER_UNAVAILABLE';
  const says = error instanceof Error ? error.message : String(error);
  const remedy =
    rabbitmqRemedy(says) ??
    silenceRemedy(says) ??
    addressRemedy(error, 'BROKER_URL') ??
    remedies[code] ??
    'look into the log of the broker: it may be full or out of order';
  return { check: 'broker', state: 'wrong', says, remedy, code };
}

/** A RabbitMQ without STOMP looks like a broker that is away, or like something else at the port. */
async function withPluginHint(error: unknown, url: string, withinMs: number): Promise<Finding> {
  const finding = toFinding(error);
  if (finding.code !== 'BROKER_UNAVAILABLE') return finding;
  // Where something takes connections, a RabbitMQ at another port is another broker.
  const found = await findAmqp(url, { withinMs, clock, alsoAt: isRefused(error) ? [amqpPort] : [] });
  if (found === undefined) return finding;
  const { server, host, port, isAsked } = found;
  if (isAsked)
    return { ...finding, says: `${finding.says}; ${server} answers there by AMQP`, remedy: pluginRemedy };
  const remedy = `${finding.remedy}; a ${server} answers AMQP at ${host}:${port}: if it is your broker, ${pluginRemedy}`;
  return { ...finding, remedy };
}
