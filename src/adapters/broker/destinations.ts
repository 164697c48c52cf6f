import { refusal } from '#adapters/stomp-server/refusal.js';
import type { StompRefusal } from '#adapters/stomp-server/refusal.js';

/** A destination of this broker. */
export interface BrokerDestination {
  readonly kind: 'queue' | 'topic';
  readonly name: string;
  /** As MESSAGE frames name it: `/queue/N` or `/topic/N`. */
  readonly address: string;
}

const deadLetterPrefix = 'DLQ.';

/** Without {@link deadLetterPrefix}, so that every queue can have a dead-letter queue. */
const longestNameBytes = 255;

const allowed =
  `Destinations are /queue/NAME, /topic/NAME or plain NAME (a queue); a name has 1-${longestNameBytes} bytes, ` +
  'no control characters, no outer spaces and none of * > , (no wildcards, no lists). ' +
  'Temporary queues are not offered: use a named queue.';

/** @throws StompRefusal when it is missing or is none this broker offers. */
export function parseDestination(text: string | undefined): BrokerDestination {
  if (text === undefined || text === '') throw refusal('destination missing', allowed);
  const match = /^\/(queue|topic)\/(.*)$/su.exec(text);
  if (match === null && (text.startsWith('/') || text.includes('://'))) throw notOffered(text);
  const kind = match?.[1] === 'topic' ? 'topic' : 'queue';
  const name = match?.[2] ?? text;
  const bad =
    name === '' ||
    name !== name.trim() ||
    /[\u0000-\u001f\u007f-\u009f*>,]/u.test(name) ||
    Buffer.byteLength(isDeadLetterQueue(name) ? name.slice(deadLetterPrefix.length) : name) >
      longestNameBytes;
  if (bad) throw notOffered(text);
  return { kind, name, address: `/${kind}/${name}` };
}

function notOffered(text: string): StompRefusal {
  return refusal(`destination '${text.slice(0, 100)}' is not offered`, allowed);
}

/** The queue of what was rejected too often. */
export function deadLetterQueueOf(name: string): BrokerDestination {
  return parseDestination(`/queue/${deadLetterPrefix}${name}`);
}

export function isDeadLetterQueue(name: string): boolean {
  return name.startsWith(deadLetterPrefix);
}
