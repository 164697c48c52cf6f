import { durableNameOf, refuseOptions, required } from '#adapters/stomp-server/header-checks.js';
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

/** Reads SUBSCRIBE. @throws StompRefusal */
export function parseSubscribe(headers: ReadonlyMap<string, string>, mostPrefetch: number): SubscribeRequest {
  const id = required(headers, 'id');
  const destination = parseDestination(headers.get('destination'));
  refuseOptions(headers, 'this broker delivers every message of a destination');
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
