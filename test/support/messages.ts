import { randomUUID } from 'node:crypto';
import type { Destination } from '#core/destination.js';
import { queue } from '#core/destination.js';
import type { Message } from '#core/message.js';

/** A message with an id of its own; a JSON body unless said otherwise. */
export function newMessage(parts: Partial<Message> = {}): Message {
  return {
    messageId: randomUUID(),
    correlationId: null,
    replyTo: null,
    time: 1_552_959_300_136,
    contentType: 'application/json',
    body: Buffer.from('{"hello":"world"}'),
    properties: {},
    applicationHeaders: {},
    ...parts,
  };
}

/** A destination nobody else uses, on a broker that others use too. */
export function uniqueQueue(purpose = 'test'): Destination {
  return queue(`${purpose}.${randomUUID()}`);
}

/**
 * A temporary queue of a connection that is gone: brokers that have such queues refuse to send there and to subscribe to it.
 * Another one each time, because Classic makes it when somebody tried to subscribe.
 */
export function goneDestination(): Destination {
  return { kind: 'opaque', name: `/remote-temp-queue/ID:gone${randomUUID().replaceAll('-', '')}-1-1:1:1` };
}
