import type { Destination } from '#core/destination.js';
import type { MessageChannel } from '#core/ports/message-channel.js';
import type { Delivery, MessageSource, Subscription } from '#core/ports/message-source.js';
import type { Stranger } from '../../support/stranger.js';
import { openStranger } from '../../support/stranger.js';
import type { FaultyNetwork } from '#testing/network/faulty-network.js';
import { startFaultyNetwork } from '#testing/network/faulty-network.js';
import { goneDestination } from '../../support/messages.js';
import { until } from '../../support/until.js';

/** Milliseconds an implementation under test gets to stop. */
export const stopWithinMs = 2_000;

/** One implementation of the two ports, connected. */
export interface Messaging {
  readonly channel: MessageChannel;
  readonly source: MessageSource;
  /** Sends and subscriptions that are under way; 0 after `stop`. */
  pending(): number;
  /** Ends it with {@link stopWithinMs} as deadline. */
  stop(): Promise<void>;
}

export interface ConnectOptions {
  readonly url: string;
  /** Milliseconds until a receipt must have come; default 10,000. */
  readonly receiptTimeoutMs?: number;
}

/** Resolves when the channel is up. */
export type Connect = (options: ConnectOptions) => Promise<Messaging>;

/** What a consumer of one destination got. */
interface Inbox {
  readonly deliveries: readonly Delivery[];
  readonly subscription: Subscription;
  /** Message ids in the order of their arrival. */
  ids(): string[];
  /** The deliveries once there are at least so many. */
  atLeast(count: number, withinMs?: number): Promise<readonly Delivery[]>;
}

interface InboxOptions {
  /** Default 100. */
  readonly prefetch?: number;
  /** Acknowledge on arrival; default true. */
  readonly acknowledge?: boolean;
}

/** What a case works with; all that it opens is closed after the case. */
export interface Bench {
  connect(options?: Partial<ConnectOptions>): Promise<Messaging>;
  /** A connection to the broker that the case can break. */
  proxy(): Promise<FaultyNetwork>;
  /** A client that speaks nothing but STOMP, logged in. */
  raw(): Promise<Stranger>;
  /** What the broker refuses to send to and to subscribe to. */
  refused(): Destination;
  inbox(messaging: Messaging, destination: Destination, options?: InboxOptions): Promise<Inbox>;
}

export interface BenchOptions {
  /** STOMP over plain TCP, where `url` is something else. */
  readonly rawUrl?: () => string;
  /** Raw clients write `/queue/N` also on a broker that knows plain names. */
  readonly usesPrefixes?: boolean;
  /** See {@link Bench.refused}; default a temporary queue of a connection that is gone. */
  readonly refused?: () => Destination;
}

/** To be called inside `describe`. */
export function createBench(url: () => string, connect: Connect, options: BenchOptions = {}): Bench {
  const { rawUrl = url, usesPrefixes = false, refused = goneDestination } = options;
  const open: (() => Promise<void>)[] = [];

  afterEach(async function () {
    // Suites that restart brokers have long timeouts; what does not close must not use them up.
    this.timeout(60_000);
    const failures: unknown[] = [];
    for (const close of open.splice(0).reverse())
      await close().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, 'what the case had opened did not close');
  });

  return {
    async connect(options = {}) {
      const messaging = await connect({ url: url(), ...options });
      open.push(() => messaging.stop());
      return messaging;
    },
    async proxy() {
      const proxy = await startFaultyNetwork({ broker: url() });
      open.push(() => proxy.stop());
      return proxy;
    },
    async raw() {
      const client = await openStranger(rawUrl(), usesPrefixes);
      open.push(() => {
        client.destroy();
        return Promise.resolve();
      });
      return client;
    },
    refused,
    inbox: openInbox,
  };
}

async function openInbox(
  { source }: Messaging,
  destination: Destination,
  { prefetch = 100, acknowledge = true }: InboxOptions = {},
): Promise<Inbox> {
  const deliveries: Delivery[] = [];
  const subscription = await source.subscribe(destination, {
    prefetch,
    onDelivery: (delivery) => {
      deliveries.push(delivery);
      if (acknowledge) delivery.acknowledge();
    },
  });
  return {
    deliveries,
    subscription,
    ids: () => deliveries.map(({ message }) => message.messageId),
    atLeast: (count, withinMs) =>
      until(() => deliveries.length >= count && deliveries, {
        what: `${count} deliveries from ${destination.name}`,
        ...(withinMs === undefined ? {} : { withinMs }),
      }),
  };
}
