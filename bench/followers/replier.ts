/** A service that answers at once, as docs/services.md asks: reply with a receipt, then acknowledge. */
import { randomUUID } from 'node:crypto';
import { activate, openStomp } from '../tools/stomp-connection.js';

export interface Replier {
  stop(): Promise<void>;
}

/** @throws Error when the broker is not there */
export async function startReplier(brokerUrl: string, queue: string): Promise<Replier> {
  const sending = openStomp(brokerUrl, {});
  await activate(sending, () => undefined);
  const receiving = openStomp(brokerUrl, {});
  await activate(receiving, () => {
    receiving.subscribe(
      `/queue/${queue}`,
      (message) => {
        const { 'reply-to': replyTo, 'correlation-id': correlationId } = message.headers;
        if (replyTo === undefined || correlationId === undefined) return;
        const receipt = randomUUID();
        sending.watchForReceipt(receipt, () => message.ack());
        sending.publish({
          destination: replyTo,
          body: '{}',
          headers: {
            ...{ 'correlation-id': correlationId, 'content-type': 'application/json' },
            ...{ persistent: 'true', receipt },
          },
        });
      },
      { ack: 'client-individual' },
    );
  });
  return {
    async stop() {
      await Promise.all([receiving.deactivate(), sending.deactivate()]);
    },
  };
}
