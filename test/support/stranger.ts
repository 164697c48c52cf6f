/** A client that speaks nothing but STOMP, logged in, and says queues as its broker wants them said. */
import type { RawStomp } from './raw-stomp.js';
import { openRawStomp } from './raw-stomp.js';

/** How a STOMP client says on a broker that it means a queue. */
interface QueueAddressing {
  address(name: string): string;
  readonly sendHeaders: Readonly<Record<string, string>>;
  readonly subscribeHeaders: Readonly<Record<string, string>>;
  /** Headers of a SEND to a topic, and of a SUBSCRIBE to it. */
  topicHeaders(name: string): {
    readonly send: Record<string, string>;
    readonly subscribe: Record<string, string>;
  };
  /** Reply addresses that a STOMP or JMS client may write, and that must be read as this queue. */
  replyForms(name: string): readonly string[];
}

const slashes: QueueAddressing = {
  address: (name) => `/queue/${name}`,
  sendHeaders: {},
  subscribeHeaders: {},
  topicHeaders: (name) => ({
    send: { destination: `/topic/${name}` },
    subscribe: { destination: `/topic/${name}` },
  }),
  replyForms: (name) => [`/queue/${name}`, `queue://${name}`, name],
};

/** ActiveMQ Artemis whose acceptor has no prefixes: names are literal, the routing type stands in a header. */
const typed: QueueAddressing = {
  address: (name) => name,
  sendHeaders: { 'destination-type': 'ANYCAST' },
  subscribeHeaders: { 'subscription-type': 'ANYCAST' },
  topicHeaders: (name) => ({
    send: { destination: name, 'destination-type': 'MULTICAST' },
    subscribe: { destination: name, 'subscription-type': 'MULTICAST' },
  }),
  replyForms: (name) => [`queue://${name}`, name],
};

export interface Stranger extends RawStomp {
  /** Of a queue, as services see it in `reply-to` and `destination`. */
  address(name: string): string;
  replyForms(name: string): readonly string[];
  /** SUBSCRIBE with a receipt; `ack` is auto unless said otherwise. */
  subscribe(name: string, headers?: Record<string, string>): Promise<void>;
  /** SEND with a receipt. */
  send(name: string, headers?: Record<string, string>, body?: string | Buffer): Promise<void>;
  /** Headers of a SEND to this queue, for a frame that a test writes itself. */
  toQueue(name: string): Record<string, string>;
  /** SEND to a topic, without a receipt. */
  publish(name: string, body: string): void;
  /** SUBSCRIBE to a topic with a receipt. */
  follow(name: string): Promise<void>;
}

/** Logins that a broker may leave unanswered: a thread of Artemis 2.44 that hangs answers none, see docs/brokers.md. */
const mostUnanswered = 2;

async function logIn(url: string): Promise<{ readonly raw: RawStomp; readonly server: string }> {
  const { hostname, port, username, password } = new URL(url);
  const login = username === '' ? {} : { login: username, passcode: password };
  for (let unanswered = 0; ; unanswered += 1) {
    const raw = await openRawStomp(Number(port), hostname);
    try {
      return { raw, server: (await raw.connect(login)).headers['server'] ?? '' };
    } catch (error) {
      const isSilent = !raw.isClosed() && raw.pending.length === 0;
      raw.destroy();
      if (!isSilent || unanswered >= mostUnanswered) throw error;
    }
  }
}

/**
 * Opens and logs in. `usesPrefixes`: it writes `/queue/N` also where the broker knows plain names, because the
 * acceptor was told so.
 */
export async function openStranger(url: string, usesPrefixes = false): Promise<Stranger> {
  const { raw, server } = await logIn(url);
  const seen = /artemis/iu.test(server) ? typed : slashes;
  const said = usesPrefixes ? slashes : seen;
  const toQueue = (name: string): Record<string, string> => ({
    destination: said.address(name),
    ...said.sendHeaders,
  });
  return Object.assign(raw, {
    address: (name: string) => seen.address(name),
    replyForms: (name: string) => seen.replyForms(name),
    subscribe: (name: string, more: Record<string, string> = {}) =>
      raw.confirmed('SUBSCRIBE', {
        ...{ id: name, destination: said.address(name), ack: 'auto' },
        ...said.subscribeHeaders,
        ...more,
      }),
    send: (name: string, more: Record<string, string> = {}, body?: string | Buffer) =>
      raw.confirmed('SEND', { ...toQueue(name), ...more }, body),
    toQueue,
    publish: (name: string, body: string) => raw.frame('SEND', said.topicHeaders(name).send, body),
    follow: (name: string) =>
      raw.confirmed('SUBSCRIBE', { id: name, ack: 'auto', ...said.topicHeaders(name).subscribe }),
  });
}
