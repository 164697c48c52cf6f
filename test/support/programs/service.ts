// A service that takes a request and never answers, so that a test can kill it in the midst: URL, queue.
import { connectBroker } from '#app/library/connect-broker.js';
import { createReplier } from '#app/library/create-replier.js';

const [url = '', queue = ''] = process.argv.slice(2);
const broker = await connectBroker(url);
const replier = createReplier({
  broker,
  queue,
  handler: (request) => {
    console.log(`handling ${request.messageId}`);
    return new Promise(() => undefined);
  },
});
await replier.start();
console.log('serving');
