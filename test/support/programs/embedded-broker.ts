// The embedded broker alone in a process, so that a test can kill it: file and port are its arguments.
import { createEmbeddedBroker } from '#adapters/broker/embedded-broker.js';
import { systemClock } from '#app/system-clock.js';

const [path = ':memory:', port = '0'] = process.argv.slice(2);
const broker = createEmbeddedBroker({ path, port: Number(port), clock: systemClock });
process.on('SIGTERM', () => void broker.stop(5_000).then(() => process.exit(0)));
void broker.start().then((address) => console.log(`listening on ${address.port}`));
