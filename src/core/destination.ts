import type { Problem } from './errors.js';
import { toProblem } from './errors.js';

/**
 * Where a message goes. `name` has no broker prefix: dialects add `/queue/` and the like.
 * `opaque` carries a reply address in the broker's own syntax that only the broker understands,
 * such as a temporary queue; it is sent back as it came.
 */
export interface Destination {
  readonly kind: 'queue' | 'topic' | 'opaque';
  readonly name: string;
}

export function queue(name: string): Destination {
  return { kind: 'queue', name };
}

export function topic(name: string): Destination {
  return { kind: 'topic', name };
}

/** RabbitMQ's limit of a queue name, in bytes of UTF-8; the other brokers allow more. */
const longestName = 255;

const allowedName =
  '1-255 bytes; no control characters, no outer spaces, none of / \\ * > # , ? % " and no ::';

/**
 * Says what is wrong with a queue name, or nothing. The name must mean one plain queue on every
 * supported broker: wildcards, composite names (comma), destination options (`?`), Artemis' FQQN (`::`)
 * and path characters are refused.
 */
export function queueNameProblem(field: string, name: string): Problem | undefined {
  const bad =
    name === '' ||
    name !== name.trim() ||
    /[\u0000-\u001f\u007f-\u009f/\\*>#,?%"]|::/u.test(name) ||
    // An unpaired surrogate has no UTF-8 form.
    !name.isWellFormed() ||
    new TextEncoder().encode(name).byteLength > longestName;
  return bad ? toProblem(field, name, allowedName) : undefined;
}

/** Names that brokers keep for themselves; on Artemis `activemq.management` runs the broker. */
const brokerOwned = /^(activemq\.|amq\.|\$)/iu;

/** Queues and topics of the product itself, all under one configurable prefix. */
export interface OwnDestinations {
  readonly replies: Destination;
  readonly status: Destination;
  readonly deadLetters: Destination;
  readonly invalid: Destination;
  readonly control: Destination;
  /** Where instances tell each other of status events that they numbered. */
  readonly numbered: Destination;
  /** Where those that send are told that something is to be sent. */
  readonly outbox: Destination;
  /** Where one instance is told of requests that it accepted. */
  settled(instance: string): Destination;
  /** Whether a queue name is the product's or the broker's own, so that callers may not use it. */
  isReserved(name: string): boolean;
  /** What a name has to be that is not reserved, in words. */
  readonly unreserved: string;
}

export function ownDestinations(prefix: string): OwnDestinations {
  const ownPrefix = `${prefix.toLowerCase()}.`;
  return {
    replies: queue(`${prefix}.replies`),
    status: queue(`${prefix}.status`),
    deadLetters: queue(`${prefix}.dead-letters`),
    invalid: queue(`${prefix}.invalid`),
    control: topic(`${prefix}.control`),
    numbered: topic(`${prefix}.numbered`),
    outbox: topic(`${prefix}.outbox`),
    settled: (instance) => topic(`${prefix}.settled.${instance}`),
    isReserved: (name) => name.toLowerCase().startsWith(ownPrefix) || brokerOwned.test(name),
    unreserved: `a queue that belongs neither to the product (${prefix}.*) nor to the broker (ActiveMQ.*, amq.*, $*)`,
  };
}
