import type { Destination } from '#core/destination.js';
import { artemisInquiry } from '../inspection/artemis-inquiry.js';
import type { Dialect } from './dialect.js';

/** Up to so many messages ahead each has a consumer of its own. */
const mostConsumers = 32;
/** Bytes that a consumer of a queue is sent ahead, for each message that it may have unacknowledged. */
const bytesPerMessage = 2_048;

/** How a JMS client writes its temporary queue; the broker knows it by the name behind. */
const temporary = /^temp-(?:queue|topic):\/\//u;

/** Where an opaque address goes is the broker's affair; untyped, an answer to somebody who is gone leaves no queue behind. */
function routingHeader(
  name: 'destination-type' | 'subscription-type',
  { kind }: Destination,
): Record<string, string> {
  return kind === 'opaque' ? {} : { [name]: kind === 'topic' ? 'MULTICAST' : 'ANYCAST' };
}

/** The messages ahead are bounded by bytes here, so a few of them are counted by consumers that get one at a time. */
function consumers({ kind }: Destination, prefetch: number): number {
  return kind === 'topic' || prefetch > mostConsumers ? 1 : prefetch;
}

function windowHeader(destination: Destination, prefetch: number): Record<string, string> {
  if (destination.kind === 'topic') return {};
  const isCounted = consumers(destination, prefetch) === prefetch;
  // Any message is more than the one byte, so the next one comes after its acknowledgement.
  return { 'consumer-window-size': isCounted ? '1' : String(prefetch * bytesPerMessage) };
}

/**
 * A plain name and the form of its JMS client, `queue://N`, are a queue. An address with slashes is literal, or means
 * a queue where the acceptor says so; it is used as it came, as is what names a temporary queue.
 */
function fromAddress(address: string): Destination {
  const { kind, name } = /^(?<kind>queue|topic):\/\/(?<name>.+)$/u.exec(address)?.groups ?? {};
  if (name !== undefined) return { kind: kind === 'topic' ? 'topic' : 'queue', name };
  return { kind: address.startsWith('/') || address.includes('://') ? 'opaque' : 'queue', name: address };
}

/**
 * ActiveMQ Artemis. An address is a literal name there, and a message for which nobody said that one consumer is to
 * have it goes to all or to nobody. A plain name without a type reaches the queue that has it: so services that only
 * send to `reply-to` are understood, with and without prefixes on the acceptor.
 */
export const artemisDialect: Dialect = {
  name: 'artemis',
  toAddress: ({ kind, name }) => (kind === 'opaque' ? name.replace(temporary, '') : name),
  // Its own JMS client takes a plain name for a topic.
  toReplyAddress: ({ kind, name }, style) =>
    style === 'jms' && kind !== 'opaque' ? `${kind}://${name}` : name,
  fromAddress,
  textWithoutContentLength: true,
  // Every body comes with its length.
  lengthTellsForm: false,
  // `consumer,message`: the number of the message stays; it may be another one's on another broker, its instant is not.
  brokerId: ({ 'message-id': id, timestamp = '' }) =>
    id?.replace(/^\d+,(?<number>\d+)$/u, `$<number>@${timestamp}`),
  stableMessageIds: true,
  webSocketCarries: 'bytes',
  // Closed from both sides in the same moment, a thread of it hangs for good, and each connection of that thread.
  closesItself: true,
  // It keeps its own time and sends the sender's as a second header.
  sendsTimestamp: false,
  namesRefusedFrames: true,
  // The disk, or an address with the policy FAIL.
  saysFull: /\bAMQ229119\b|\bAMQ229102\b|\bAddress "[^"]*" is full\b/u,
  expiryHeaders: (expiresAt) => ({ expires: String(expiresAt) }),
  sendHeaders: (destination) => routingHeader('destination-type', destination),
  subscribeHeaders: (destination, prefetch) => ({
    ...routingHeader('subscription-type', destination),
    ...windowHeader(destination, prefetch),
  }),
  nothingHeaders: { selector: '1 = 0' },
  consumers,
  inquiry: artemisInquiry,
};
