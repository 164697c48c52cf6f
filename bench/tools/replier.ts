/** A service that answers at once, as docs/services.md asks: reply with a receipt, then acknowledge. */
import { randomUUID } from 'node:crypto';
import { activate, openStomp } from './stomp-connection.js';

export interface Replier {
  stop(): Promise<void>;
}

/** As much as a broker may hand over before it is acknowledged, in the words of ActiveMQ and of RabbitMQ. */
export const prefetchHeaders = { 'activemq.prefetchSize': '1000', 'prefetch-count': '1000' };

/**
 * @param answer makes the body of the reply, JSON, of that of the request
 * @throws Error when the broker is not there
 */
export async function startReplier(
  brokerUrl: string,
  queue: string,
  answer: (body: string) => string,
): Promise<Replier> {
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
          body: answer(message.body),
          headers: {
            ...{ 'correlation-id': correlationId, 'content-type': 'application/json' },
            ...{ persistent: 'true', receipt },
          },
        });
      },
      { ack: 'client-individual', ...prefetchHeaders },
    );
  });
  return {
    async stop() {
      await Promise.all([receiving.deactivate(), sending.deactivate()]);
    },
  };
}
