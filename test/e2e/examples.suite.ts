import type { RealBroker } from '../support/brokers.js';
import { describeOn } from '../support/brokers.js';
import { exampleNames, expectExample } from '../support/examples.js';
import { uniqueName } from '../support/gateway.js';
import { skip } from '../support/skip.js';

/** Java here speaks OpenWire, which is for ActiveMQ. */
const forActivemq = ['05-service-in-java'];

/** The examples of services, asked through a gateway on a real broker. */
export function describeServiceExamples(kind: RealBroker): void {
  describeOn(kind, 'the services in other languages', (broker) => {
    const services = exampleNames.filter(
      (name) =>
        name.includes('-service-') &&
        !(kind === 'rabbitmq' && forActivemq.includes(name)) &&
        // The suite of that service runs there too, where every wait has a deadline.
        !(kind === 'artemis' && name === '04-service-in-python'),
    );

    for (const name of services) {
      it(`${name} prints what it promises`, async function () {
        // Maven may have to fetch first.
        this.timeout(180_000);
        const { url, openWireUrl } = broker();
        if (forActivemq.includes(name) && openWireUrl === null) {
          skip(this, 'the OpenWire address of the given broker is not known');
        }
        await expectExample(this, name, {
          BROKER_URL: url,
          OPENWIRE_URL: openWireUrl ?? undefined,
          REPLYTO_PREFIX: uniqueName('t').replace('.', '-'),
        });
      });
    }
  });
}
