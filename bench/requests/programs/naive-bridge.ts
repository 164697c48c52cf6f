/**
 * The bridge that one writes in an afternoon: Express, stompjs, one reply queue, and a map of those who wait. It waits for
 * no receipt, writes nothing down, and what it knew is lost when it dies. Its socket is the one of the product, which
 * writes many frames at once: a better one than most would have.
 */
import express from 'express';
import type { Response } from 'express';
import { randomUUID } from 'node:crypto';
import { answerCalls } from '../../tools/calls.js';
import { activate, openStomp } from '../../tools/stomp-connection.js';
import type { BridgeCalls } from './bridge-calls.js';
import { listen } from './listen.js';

interface Waiting {
  readonly response: Response;
  readonly timer: NodeJS.Timeout;
}

const waitMs = 30_000;

const calls: BridgeCalls = {
  async start({ brokerUrl, replyQueue }) {
    const waiting = new Map<string, Waiting>();
    const client = openStomp(brokerUrl, {});
    await activate(client, () => {
      client.subscribe(`/queue/${replyQueue}`, (message) => {
        const id = message.headers['correlation-id'] ?? '';
        const found = waiting.get(id);
        if (found === undefined) return;
        waiting.delete(id);
        clearTimeout(found.timer);
        found.response.type(message.headers['content-type'] ?? 'text/plain').send(message.body);
      });
    });

    const app = express();
    app.post('/requests/:queue', express.text({ type: () => true }), (request, response) => {
      const id = randomUUID();
      const timer = setTimeout(() => {
        waiting.delete(id);
        response.status(504).send('no reply');
      }, waitMs);
      waiting.set(id, { response, timer });
      client.publish({
        destination: `/queue/${request.params.queue}`,
        body: request.body as string,
        headers: {
          'reply-to': `/queue/${replyQueue}`,
          'correlation-id': id,
          'content-type': request.headers['content-type'] ?? 'text/plain',
        },
      });
    });
    return listen(app);
  },
};

answerCalls(calls);
