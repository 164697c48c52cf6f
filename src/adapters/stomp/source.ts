/**
 * Message source: competing consumer of queues, subscriber of topics. Each subscription has a connection of its
 * own, so that one slow or stopped consumer never holds back another's messages, and ending it gives everything
 * unacknowledged back to the broker at once. After a reconnect the subscription is made again before it counts
 * as up; what was not acknowledged comes again, `redelivered`. Topics are taken without acknowledgement.
 */
import type { Deferred } from '#core/deferred.js';
import { createDeferred } from '#core/deferred.js';
import type { Destination } from '#core/destination.js';
import { ReplytoError, isReplytoError, toProblem } from '#core/errors.js';
import type { Delivery, MessageSource, SubscribeOptions, Subscription } from '#core/ports/message-source.js';
import type { BrokerAddress } from './broker-url.js';
import type { ConnectionLog } from './connection-log.js';
import type { ConnectionSettings, StompConnection } from './stomp-connection.js';
import type { IncomingFrame } from './incoming-frame.js';
import { toMessage } from './headers.js';
import { createReconnecting } from './reconnecting.js';
import type { Reconnecting } from './reconnecting.js';

export interface SourceOptions {
  readonly address: BrokerAddress;
  readonly log: ConnectionLog;
  readonly settings: ConnectionSettings;
  readonly random: () => number;
}

export interface StompSource extends MessageSource {
  stop(deadlineMs: number): Promise<void>;
  /** Subscriptions that are to be there, and how many of them are up now. */
  subscriptions(): { readonly wanted: number; readonly up: number };
}

/** A goodbye that takes longer will not come. */
const goodbyeMs = 5_000;

/** A subscription that is to be there, whether the broker is or not. */
interface Wanted {
  readonly link: Reconnecting;
  /** Resolves when it is there for the first time; rejects when it ends before. */
  readonly begun: Deferred<undefined>;
}

export function createStompSource(options: SourceOptions): StompSource {
  const wanted = new Set<Wanted>();
  let stopped = false;

  async function subscribe(destination: Destination, how: SubscribeOptions): Promise<Subscription> {
    if (stopped) throw new ReplytoError('BROKER_UNAVAILABLE', { detail: 'the source is stopped' });
    // Classic answers nothing at all to a subscription without a name.
    if (destination.name.trim() === '') {
      const problems = [toProblem('destination', destination.name, 'the name of a queue or topic')];
      throw new ReplytoError('INVALID_ARGUMENT', { problems });
    }
    const begun = createDeferred<undefined>();
    const link = createReconnecting({
      ...options,
      purpose: `receive ${destination.name}`,
      prepare: (connection) =>
        begin(connection, destination, how).catch((error: unknown) => {
          // A refusal will not heal by itself, at least not unseen; once it has begun this changes nothing.
          if (isReplytoError(error) && error.code === 'SUBSCRIBE_REFUSED') begun.reject(error);
          throw error;
        }),
      onUp: () => begun.resolve(undefined),
    });
    const entry = { link, begun };
    wanted.add(entry);
    // It may be ended before anybody waits for it below.
    begun.promise.catch(() => undefined);
    const giveUp = (): void => void end(entry, 0);
    how.giveUp?.addEventListener('abort', giveUp);
    if (how.giveUp?.aborted === true) giveUp();
    const failure = await link.start();
    // An absent broker comes back; another one than those that are known does not change.
    if (failure?.code === 'BROKER_UNSUPPORTED') begun.reject(failure);
    try {
      await begun.promise;
    } catch (error) {
      await end(entry, 0);
      throw error;
    } finally {
      how.giveUp?.removeEventListener('abort', giveUp);
    }
    return {
      unsubscribe: (deadlineMs = goodbyeMs) => end(entry, Math.min(deadlineMs, goodbyeMs)),
    };
  }

  async function end(entry: Wanted, deadlineMs: number): Promise<void> {
    wanted.delete(entry);
    const detail = 'the subscription was ended before it began';
    entry.begun.reject(new ReplytoError('BROKER_UNAVAILABLE', { detail }));
    await entry.link.stop(deadlineMs);
  }

  async function begin(
    connection: StompConnection,
    destination: Destination,
    how: SubscribeOptions,
  ): Promise<void> {
    const { dialect } = connection.broker;
    const isTopic = destination.kind === 'topic';
    const mode = isTopic ? 'auto' : 'client-individual';
    const filter = how.takesNothing === true ? dialect.nothingHeaders : {};
    if (filter === null) return;
    const headers = { ...dialect.subscribeHeaders(destination, how.prefetch), ...filter };
    try {
      const consumers = Array.from({ length: dialect.consumers(destination, how.prefetch) }, () =>
        connection.subscribe(dialect.toAddress(destination), { mode, headers }, (frame) =>
          how.onDelivery(toDelivery(frame, destination, connection)),
        ),
      );
      await Promise.all(consumers);
    } catch (error) {
      if (!isReplytoError(error) || error.code !== 'SEND_REFUSED') throw error;
      const detail = `subscribing to ${destination.name}: ${error.message}`;
      throw new ReplytoError('SUBSCRIBE_REFUSED', { detail, destination: destination.name, cause: error });
    }
  }

  function toDelivery(frame: IncomingFrame, destination: Destination, connection: StompConnection): Delivery {
    const { dialect } = connection.broker;
    const { headers, body } = frame;
    const brokerId = dialect.brokerId(headers);
    return {
      message: toMessage({ headers, body, receivedAt: options.settings.clock.now() }, dialect),
      headers,
      brokerId: brokerId === undefined ? null : { value: brokerId, stable: dialect.stableMessageIds },
      redelivered: headers['redelivered'] === 'true',
      destination,
      acknowledge: destination.kind === 'topic' ? () => true : () => frame.acknowledge(),
    };
  }

  return {
    subscribe,
    subscriptions: () => ({
      wanted: wanted.size,
      up: [...wanted].filter(({ link }) => link.current() !== undefined).length,
    }),
    async stop(deadlineMs) {
      stopped = true;
      await Promise.all([...wanted].map((entry) => end(entry, deadlineMs)));
    },
  };
}
