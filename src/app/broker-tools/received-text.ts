import type { Delivery } from '#core/ports/message-source.js';
import { bodyFields, bodyText, harmless, jsonLine } from '../message-text.js';

/** `text`: headers as a short block, an empty line, the body. `json`: one object on one line. */
export type ReceivedForm = 'text' | 'json';

/** What the fields tell already, and what belongs to the delivery and not to the message. */
const untold: ReadonlySet<string> = new Set(
  (
    'message-id correlation-id correl-id reply-to time timestamp content-type content-length destination ' +
    'subscription ack receipt persistent redelivered'
  ).split(' '),
);

export function receivedText(delivery: Delivery, form: ReceivedForm, isTerminal: boolean): string | Buffer {
  return form === 'json' ? toJson(delivery) : toText(delivery, isTerminal);
}

function toBuffer({ message: { body } }: Delivery): Buffer {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

function toJson(delivery: Delivery): string {
  const { message, headers } = delivery;
  return jsonLine({
    messageId: message.messageId,
    correlId: message.correlationId,
    replyTo: message.replyTo?.name ?? null,
    time: message.time,
    contentType: message.contentType,
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !untold.has(name.toLowerCase()))),
    ...bodyFields(toBuffer(delivery), message.contentType),
  });
}

function toText(delivery: Delivery, isTerminal: boolean): Buffer {
  const { message } = delivery;
  const block: [string, string | null | undefined][] = [
    ['Message-ID', message.messageId],
    ['Correl-ID', message.correlationId],
    ['Reply-To', message.replyTo?.name],
    ['Time', toInstant(message.time)],
    ['Content-Type', message.contentType],
    ['Fault', message.properties.fault === true ? 'true' : null],
    ...Object.entries(message.applicationHeaders),
  ];
  const head = block
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name}: ${harmless(String(value))}\n`)
    .join('');
  const body = Buffer.from(bodyText(toBuffer(delivery), isTerminal));
  const end = body.byteLength === 0 || body.at(-1) === 0x0a ? '\n' : '\n\n';
  return Buffer.concat([Buffer.from(`${head}\n`), body, Buffer.from(end)]);
}

/** A stranger's time may be no instant at all. */
function toInstant(time: number): string {
  const instant = new Date(time);
  return Number.isNaN(instant.getTime()) ? String(time) : instant.toISOString();
}
