/**
 * Request-reply by stompjs alone, with the guarantees that the library gives without a store: every request persistent and
 * with a receipt, replies acknowledged one by one, sending and receiving on connections of their own.
 */
import { randomUUID } from 'node:crypto';
import { answerCalls } from '../../tools/calls.js';
import { prefetchHeaders } from '../../tools/replier.js';
import { activate, openStomp } from '../../tools/stomp-connection.js';
import type { Ask } from '../load/load.js';
import { runLoad } from '../load/run-load.js';
import type { RequestorCalls, RequestorPlace } from './requestor-calls.js';

interface Waiting {
  readonly resolve: (body: string) => void;
  readonly timer: NodeJS.Timeout;
}

const waitMs = 30_000;

let ask: Ask | undefined;

const calls: RequestorCalls = {
  async start(place) {
    ask = await connect(place);
    return { unsupported: null };
  },
  load(load) {
    if (ask === undefined) throw new Error('not started');
    return runLoad(ask, load);
  },
};

async function connect({ brokerUrl, queue, replyQueue }: RequestorPlace): Promise<Ask> {
  const waiting = new Map<string, Waiting>();
  const sending = openStomp(brokerUrl, {});
  await activate(sending, () => undefined);
  const receiving = openStomp(brokerUrl, {});
  await activate(receiving, () => {
    receiving.subscribe(
      `/queue/${replyQueue}`,
      (message) => {
        const id = message.headers['correlation-id'] ?? '';
        const found = waiting.get(id);
        waiting.delete(id);
        clearTimeout(found?.timer);
        found?.resolve(message.body);
        message.ack();
      },
      { ack: 'client-individual', ...prefetchHeaders },
    );
  });

  return (_, body) =>
    new Promise((resolve, reject) => {
      const id = randomUUID();
      const timer = setTimeout(() => {
        waiting.delete(id);
        reject(new Error('no reply in time'));
      }, waitMs);
      waiting.set(id, { resolve, timer });
      sending.watchForReceipt(id, () => undefined);
      sending.publish({
        ...{ destination: `/queue/${queue}`, body },
        headers: {
          ...{ 'reply-to': `/queue/${replyQueue}`, 'correlation-id': id },
          ...{ 'content-type': 'application/json', persistent: 'true', receipt: id },
        },
      });
    });
}

answerCalls(calls);
