/** A service behind the broker: it takes the requests, never answers them, and tells of their progress. */
import { randomUUID } from 'node:crypto';
import { within } from '../../../test/support/until.js';
import { activate, openStomp } from '../../tools/stomp-connection.js';
import { toEventBody } from './event-body.js';
import { createPublisher } from './publisher.js';
import type { Publisher } from './publisher.js';

export interface ServiceOptions {
  readonly brokerUrl: string;
  /** Where it gets its requests. */
  readonly queue: string;
  /** `{prefix}.status`. */
  readonly statusQueue: string;
}

const receiptWithinMs = 60_000;

/** Progress is sent persistently and with a receipt each, as the library for services does. */
export async function startService({ brokerUrl, queue, statusQueue }: ServiceOptions): Promise<Publisher> {
  // On a connection of its own: a broker that writes receipts to one who also receives may stall.
  const receiving = openStomp(brokerUrl, {});
  await activate(receiving, () => void receiving.subscribe(`/queue/${queue}`, () => undefined));
  const sending = openStomp(brokerUrl, {});
  await activate(sending, () => undefined);

  async function send(body: string): Promise<void> {
    const receipt = randomUUID();
    const confirmed = new Promise<void>((resolve) => sending.watchForReceipt(receipt, () => resolve()));
    sending.publish({
      destination: `/queue/${statusQueue}`,
      body,
      headers: { persistent: 'true', 'content-type': 'application/json', receipt },
    });
    await within(confirmed, { what: 'the receipt of a status event', withinMs: receiptWithinMs });
  }

  return createPublisher(
    (event) => send(toEventBody(event)),
    async () => {
      await Promise.all([receiving.deactivate(), sending.deactivate()]);
    },
  );
}
