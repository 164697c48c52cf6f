import type { Frame } from '#adapters/stomp-server/frame.js';
import type { Session } from '#adapters/stomp-server/frame-handler.js';
import { durableNameOf, required } from '#adapters/stomp-server/header-checks.js';
import { protocolFault, refusal } from '#adapters/stomp-server/refusal.js';
import type { StompRefusal } from '#adapters/stomp-server/refusal.js';
import type { BrokerCore } from './core.js';
import type { DurableSubscriptions } from './durable-subscriptions.js';
import type { Binding } from './queue.js';
import type { Queues } from './queues.js';
import type { Settlement } from './settlement.js';
import type { SubscribeRequest } from './subscribe-options.js';
import { parseSubscribe } from './subscribe-options.js';
import type { Subscription } from './subscription.js';
import { createSubscription } from './subscription.js';
import type { Topics } from './topics.js';

/** The subscriptions of one connection. */
export interface Subscriptions {
  subscribe(frame: Frame): Promise<void> | undefined;
  unsubscribe(frame: Frame): Promise<void> | undefined;
  /** The delivery that an ACK or NACK names. @throws StompRefusal */
  find(frame: Frame): { readonly subscription: Subscription; readonly key: number };
  unknownDelivery(): StompRefusal;
  /** The client took bytes. */
  wake(): void;
  /** The connection has ended. */
  end(): void;
}

export interface SubscriptionsOptions {
  readonly core: BrokerCore;
  readonly queues: Queues;
  readonly topics: Topics;
  readonly durables: DurableSubscriptions;
  readonly settlement: Settlement;
  readonly session: Session;
  /** `client-id` of CONNECT. */
  readonly clientId: string | undefined;
}

interface Subscribed {
  readonly subscription: Subscription;
  readonly number: number;
  readonly binding: Binding;
}

export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  const { core, queues, topics, durables, settlement, session, clientId } = options;
  const { limits, log } = core;
  const byId = new Map<string, Subscribed>();
  /** By the number in their acknowledgement ids. */
  const byNumber = new Map<number, Subscription>();
  let lastNumber = 0;
  let gone = false;
  /** Whether a message was withheld because the client did not keep up. */
  let wasBehind = false;

  function messageIdOf(number: number): string {
    return `replyto-${log.brokerId}-${number}`;
  }

  function ownClientId(): string {
    if (clientId !== undefined) return clientId;
    throw refusal('client-id missing', 'A durable subscription needs the header client-id on CONNECT.');
  }

  function bind({ destination, durableName }: SubscribeRequest): { binding: Binding; saved?: Promise<void> } {
    if (durableName !== undefined) return durables.bind(ownClientId(), durableName, destination);
    if (destination.kind === 'queue') {
      return { binding: queues.bind(destination) };
    }
    const overflow = (): void =>
      session.fail(
        protocolFault(
          'topic subscriber too far behind',
          `${limits.topicBacklogBytes} bytes may wait for a subscriber of ${destination.address}; a durable subscription keeps more.`,
        ),
      );
    return { binding: topics.bind(destination, overflow) };
  }

  function create(request: SubscribeRequest, { queue }: Binding, number: number): Subscription {
    return createSubscription({
      ...request,
      ackPrefix: `${session.id}.${number}.`,
      queue,
      version: session.version,
      messageIdOf,
      isBehind: () => gone || isBehind(),
      send: (encoded) => {
        core.traffic.delivered += 1;
        session.send(encoded);
      },
      onAutomatic: (from, message) => {
        // Nobody waits for it; a failure is logged where it happens and tried again.
        settlement.acknowledge(from, [message])?.catch(() => undefined);
      },
    });
  }

  function isBehind(): boolean {
    const behind = session.isBehind();
    wasBehind ||= behind;
    return behind;
  }

  function attach(subscribed: Subscribed): void {
    const { subscription } = subscribed;
    if (byId.get(subscription.id) === subscribed) subscription.queue.attach(subscription);
  }

  function end({ subscription, number, binding }: Subscribed): void {
    byId.delete(subscription.id);
    byNumber.delete(number);
    subscription.end();
    binding.release();
  }

  function unknownDelivery(): StompRefusal {
    return refusal(
      'delivery unknown',
      'ACK and NACK name the ack header (1.1: subscription and message-id) of a delivery that this connection has not settled.',
    );
  }

  return {
    unknownDelivery,
    subscribe({ headers }) {
      const request = parseSubscribe(headers, limits.prefetch);
      const { id } = request;
      if (byId.has(id)) {
        throw refusal('subscription id in use', 'Each subscription of a connection has its own id.');
      }
      if (byId.size >= limits.subscriptionsPerConnection) {
        throw protocolFault(
          'too many subscriptions',
          `A connection may have ${limits.subscriptionsPerConnection} subscriptions.`,
        );
      }
      const { binding, saved } = bind(request);
      lastNumber += 1;
      const subscribed = {
        subscription: create(request, binding, lastNumber),
        number: lastNumber,
        binding,
      };
      byId.set(id, subscribed);
      byNumber.set(lastNumber, subscribed.subscription);
      // In a later turn, so that the receipt is written before the first message.
      const attachLater = (): void => void setImmediate(attach, subscribed);
      if (saved === undefined) {
        attachLater();
        return undefined;
      }
      return saved.then(attachLater, (error: unknown) => {
        // Unless it has ended: its id may belong to another one by now.
        if (byId.get(id) === subscribed) end(subscribed);
        throw error;
      });
    },
    unsubscribe({ headers }) {
      const durableName = durableNameOf(headers);
      const id = durableName === undefined ? required(headers, 'id') : headers.get('id');
      const subscribed = id === undefined ? undefined : byId.get(id);
      if (subscribed !== undefined) end(subscribed);
      else if (durableName === undefined) {
        throw refusal('subscription unknown', 'UNSUBSCRIBE names the id of a SUBSCRIBE of this connection.');
      }
      if (durableName === undefined) return undefined;
      return durables.remove(ownClientId(), durableName);
    },
    find({ headers }) {
      if (session.version === '1.1') {
        const subscription = byId.get(required(headers, 'subscription'))?.subscription;
        const messageId = required(headers, 'message-id');
        const number = Number(messageId.slice(messageId.lastIndexOf('-') + 1));
        const key = messageId === messageIdOf(number) ? subscription?.keyOf(number) : undefined;
        if (subscription === undefined || key === undefined) throw unknownDelivery();
        return { subscription, key };
      }
      const id = required(headers, 'id');
      const [, number, key] = id.split('.').map(Number);
      const subscription = byNumber.get(number ?? 0);
      // As it was written, not what reads as the same numbers.
      if (subscription === undefined || id !== `${session.id}.${number}.${key}`) throw unknownDelivery();
      return { subscription, key: key ?? 0 };
    },
    wake() {
      if (!wasBehind || session.isBehind()) return;
      wasBehind = false;
      for (const { subscription } of byId.values()) subscription.queue.wake(subscription);
    },
    end() {
      // First, so that nothing that goes back is given to another subscription of this connection.
      gone = true;
      for (const subscribed of [...byId.values()]) end(subscribed);
    },
  };
}
