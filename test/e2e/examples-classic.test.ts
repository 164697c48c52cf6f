import { describeOn } from '../support/brokers.js';
import { exampleNames, expectExample } from '../support/examples.js';
import { uniqueName } from '../support/gateway.js';
import { skip } from '../support/skip.js';

describeOn('classic', 'the services in other languages', function (classic) {
  const services = exampleNames.filter((name) => name.includes('-service-'));

  for (const name of services) {
    it(`${name} prints what it promises`, async function () {
      // Maven may have to fetch first.
      this.timeout(180_000);
      const { url, openWireUrl } = classic();
      if (name.endsWith('-java') && openWireUrl === null) {
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
