import type { FeedEvent } from '#core/ports/event-feeds.js';
import type { EventGap } from '#core/status-event.js';
import type { EncodedFrame } from '#adapters/stomp-server/frame-encoder.js';
import { encodeFrame, encodeHeaders, joinFrame } from '#adapters/stomp-server/frame-encoder.js';
import type { StompVersion } from '#adapters/stomp-server/frame.js';

/** Which subscription a MESSAGE is for. */
export interface Addressee {
  readonly id: string;
  readonly destination: string;
  readonly version: StompVersion;
}

interface Encoded {
  readonly headers: Partial<Record<StompVersion, Buffer>>;
  readonly body: Buffer;
}

/** Each event goes to many subscribers: its bytes are made once. */
const encoded = new WeakMap<FeedEvent, Encoded>();

/** `message-id` is that of the event, so the same one on a replay. */
export function eventFrame({ id, destination, version }: Addressee, event: FeedEvent): EncodedFrame {
  const known = encoded.get(event) ?? { headers: {}, body: Buffer.from(JSON.stringify(event)) };
  encoded.set(event, known);
  const block = (known.headers[version] ??= headersOf(event, destination, known.body.length, version));
  return joinFrame(`MESSAGE\n${encodeHeaders([['subscription', id]], version)}`, block, known.body);
}

function headersOf(event: FeedEvent, destination: string, bytes: number, version: StompVersion): Buffer {
  const { kind, subject } = event;
  const position: [string, number] =
    'sequence' in event ? ['sequence', event.sequence] : ['number', event.number];
  const text = encodeHeaders(
    [
      ['destination', destination],
      ['message-id', messageId(destination, `${position[1]}`)],
      ['content-type', 'application/json'],
      [position[0], `${position[1]}`],
      ['kind', kind],
      ['subject', subject],
      ['content-length', `${bytes}`],
    ],
    version,
  );
  return Buffer.from(text);
}

/** Tells that the events `from` to `to` are gone; `sequence` is where a client goes on from. */
export function gapFrame({ id, destination, version }: Addressee, gap: EventGap): EncodedFrame {
  const headers: [string, string][] = [
    ['subscription', id],
    ['destination', destination],
    ['message-id', messageId(destination, `gap-${gap.from}-${gap.to}`)],
    ['content-type', 'application/json'],
    ['sequence', `${gap.to}`],
    ['kind', 'gap'],
  ];
  return encodeFrame({ command: 'MESSAGE', headers, body: Buffer.from(JSON.stringify(gap)) }, version);
}

/** No name of a topic has a slash. */
function messageId(destination: string, which: string): string {
  return `${destination.slice('/topic/'.length)}/${which}`;
}
