/**
 * A service that writes down each run before it answers: address of the broker, prefix, folder, names of its queues. It forgets
 * what it did in the first queue, and remembers it in the second, where there is one.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectBroker, createReplier, isReplytoError, openStore } from '../../../src/index.js';
import type { Broker, Replier } from '../../../src/index.js';
import { runLine } from '../runs.js';

const [url = '', prefix = '', folder = '', forgetful = '', idempotent] = process.argv.slice(2);
const longestMs = 20;
const retryMs = 200;
const concurrency = 100;
const broker = await connect();
let runs = 0;

/** The broker may be away just now. */
async function connect(): Promise<Broker> {
  for (;;) {
    try {
      return await connectBroker({ url, prefix, connectTimeoutMs: 5_000 });
    } catch (error) {
      if (!isReplytoError(error) || error.code !== 'BROKER_UNAVAILABLE') throw error;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}

function replierOf(queue: string, memory?: ReturnType<typeof openStore>): Replier {
  return createReplier({
    ...{ broker, queue, concurrency, ...(memory === undefined ? {} : { idempotency: memory }) },
    handler: async ({ messageId }) => {
      runs += 1;
      appendFileSync(join(folder, 'runs'), runLine({ queue, messageId }));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * longestMs));
      return { id: messageId, run: `${process.pid}-${runs}` };
    },
  });
}

const repliers = [replierOf(forgetful)];
if (idempotent !== undefined) {
  repliers.push(replierOf(idempotent, openStore(`sqlite:${join(folder, 'memory.db')}`)));
}
process.once('SIGTERM', () => {
  void Promise.all(repliers.map((replier) => replier.stop(2_000)))
    .then(() => broker.close())
    .then(() => process.exit(0));
});
await Promise.all(repliers.map((replier) => replier.start()));
console.log('serving');
