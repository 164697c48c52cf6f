// A service in a process of its own that tells a collector what it does: URL, queue, prefix, endpoint of the collector.
import { connectBroker, createReplier } from '../../../src/index.js';

const [url = '', queue = '', prefix = '', otlpEndpoint = ''] = process.argv.slice(2);
const telemetry = { otlpEndpoint, serviceName: 'prices' };
const broker = await connectBroker({ url, prefix, telemetry });
const replier = createReplier({ broker, queue, handler: (request) => request.properties.traceparent });
process.once('SIGTERM', () => void replier.stop(1_000).then(() => broker.close()));
await replier.start();
console.log('serving');
