import { refusal } from '#adapters/stomp-server/refusal.js';
import type { BrokerDestination } from './destinations.js';
import { parseDestination } from './destinations.js';
import type { AckMode } from './subscription.js';
import { ackModes } from './subscription.js';

export interface SubscribeRequest {
  readonly id: string;
  readonly destination: BrokerDestination;
  readonly ackMode: AckMode;
  readonly prefetch: number;
  /** Name of a durable topic subscription. */
  readonly durableName: string | undefined;
}

const defaultPrefetch = 1_000;

/** Options of other brokers that change what is delivered: to ignore them would be wrong without a word. */
const notOffered: readonly (readonly [name: string, harmless: string])[] = [
  ['selector', ''],
  ['browser', 'false'],
  ['no-local', 'false'],
  ['activemq.noLocal', 'false'],
  ['activemq.exclusive', 'false'],
  ['exclusive', 'false'],
  ['activemq.retroactive', 'false'],
  ['activemq.priority', '0'],
];

/** Reads SUBSCRIBE. @throws StompRefusal */
export function parseSubscribe(headers: ReadonlyMap<string, string>, mostPrefetch: number): SubscribeRequest {
  const id = required(headers, 'id');
  const destination = parseDestination(headers.get('destination'));
  for (const [name, harmless] of notOffered) {
    const value = headers.get(name);
    if (value !== undefined && value !== harmless) {
      throw refusal(
        `${name} is not offered`,
        `Leave ${name} out: this broker delivers every message of a destination.`,
      );
    }
  }
  const durableName = durableNameOf(headers);
  if (durableName !== undefined && destination.kind !== 'topic') {
    throw refusal(
      'durable subscription of a queue',
      'Only a topic can have one: a queue keeps its messages anyway.',
    );
  }
  return {
    id,
    destination,
    ackMode: parseAckMode(headers.get('ack')),
    prefetch: parsePrefetch(headers, mostPrefetch),
    durableName,
  };
}

export function durableNameOf(headers: ReadonlyMap<string, string>): string | undefined {
  return headers.get('activemq.subscriptionName') ?? headers.get('durable-subscription-name');
}

/** @throws StompRefusal when the header is missing or empty. */
export function required(headers: ReadonlyMap<string, string>, name: string): string {
  const value = headers.get(name);
  if (value === undefined || value === '')
    throw refusal(`${name} missing`, `This frame needs the header ${name}.`);
  return value;
}

function parseAckMode(text = 'auto'): AckMode {
  const mode = ackModes.find((known) => known === text);
  if (mode === undefined)
    throw refusal(`ack '${text.slice(0, 40)}' unknown`, `ack is ${ackModes.join(', ')}.`);
  return mode;
}

function parsePrefetch(headers: ReadonlyMap<string, string>, most: number): number {
  for (const name of ['activemq.prefetchSize', 'prefetch-count']) {
    const text = headers.get(name);
    if (text === undefined) continue;
    const prefetch = Number(text);
    if (!/^\d+$/u.test(text) || prefetch < 1 || prefetch > most) {
      throw refusal(`${name} not acceptable`, `${name} is a whole number from 1 to ${most}.`);
    }
    return prefetch;
  }
  return defaultPrefetch;
}
