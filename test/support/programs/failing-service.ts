// A service of the library whose handler throws what it is asked to, with the log as it is by default: URL, queue. With a
// third argument, whatever it is, its log is silent.
import { connectBroker, createReplier, silentLogger } from '../../../src/index.js';

const [url = '', queue = '', silent] = process.argv.slice(2);
const broker = await connectBroker(silent === undefined ? url : { url, logger: silentLogger });
const replier = createReplier({
  broker,
  queue,
  retry: { attempts: 2, backoffMs: 0 },
  handler: (request) => {
    throw new Error(request.text());
  },
});
process.once('SIGTERM', () => void replier.stop(1_000).then(() => broker.close()));
await replier.start();
console.log('serving');
