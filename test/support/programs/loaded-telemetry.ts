// Serves one call with a gateway and a service of the library, ends both, and prints which packages of OpenTelemetry are
// loaded then. The settings of the gateway are those of the environment; with an argument the service has a collector.
import { createRequire } from 'node:module';
import { connectBroker, createReplier } from '../../../src/index.js';
import { startGateway } from '../gateway.js';
import { post } from '../http.js';

const endpoint = process.argv[2];
const settings = endpoint === undefined ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
const gateway = await startGateway({ settings });
const broker = await connectBroker({
  url: gateway.brokerUrl,
  prefix: gateway.prefix,
  ...(endpoint === undefined ? {} : { telemetry: { otlpEndpoint: endpoint } }),
});
const replier = createReplier({ broker, queue: 'prices', handler: () => 'done' });
await replier.start();
const { status } = await post(`${gateway.url}/requests/prices`, '{}', { prefer: 'wait=10' });
await replier.stop();
await broker.close();
await gateway.stop();
const loaded = new Set(
  Object.keys(createRequire(import.meta.url).cache).flatMap(
    (path) => /node_modules\/(?<name>@opentelemetry\/[^/]+)\//u.exec(path)?.groups?.['name'] ?? [],
  ),
);
console.log(`answered ${status} with ${[...loaded].sort().join(' ')}.`);
