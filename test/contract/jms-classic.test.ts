import { expect } from 'chai';
import { createStompBroker } from '#adapters/stomp/broker.js';
import { systemClock } from '#app/system-clock.js';
import { describeOn } from '../support/brokers.js';
import { openWireClient, sendTexts } from '../support/jms-service.js';
import { uniqueQueue } from '../support/messages.js';
import { createRecordingLogger } from '../support/recording.js';
import { skip } from '../support/skip.js';
import { until } from '../support/until.js';
import { describeJmsService } from './jms.suite.js';

for (const copiesProperties of [false, true]) {
  const kind = copiesProperties ? 'a JMS service that copies all properties' : 'a plain JMS service';
  describeOn('classic', kind, (classic) => {
    describeJmsService(classic, { client: openWireClient, copiesProperties });
  });
}

/** What stands behind the NUL of a TextMessage comes as it was written, as if the broker said it. */
const frames = [
  'CONNECTED\nversion:1.2\n\n',
  'ERROR\nmessage:hello\n\n',
  'MESSAGE\nsubscription:sub-0\nmessage-id:1\nack:forged\n\nforged',
  'MESSAGE\nsubscription:sub-0\nmessage-id:1\ncontent-length:60000000\n\nforged',
];

describeOn('classic', 'TextMessages with a NUL', (classic) => {
  it('stop nothing, whatever stands behind it: they arrive up to the NUL, and the messages after them whole', async function () {
    this.timeout(60_000);
    const client = await openWireClient();
    if ('unavailable' in client) return skip(this, client.unavailable);
    const { url, openWireUrl } = classic();
    if (openWireUrl === null) return skip(this, 'the OpenWire address of the given broker is not known');
    const to = uniqueQueue('texts');
    const texts = frames.flatMap((frame, index) => [`x\0\n${frame}\0`, `good ${index}`]);
    await sendTexts({ openWireUrl, client, queue: to.name }, texts);

    const logger = createRecordingLogger();
    const broker = createStompBroker({ url, clock: systemClock, logger });
    const received: string[] = [];
    try {
      await broker.source.subscribe(to, {
        prefetch: 100,
        onDelivery: (delivery) => {
          received.push(Buffer.from(delivery.message.body).toString());
          delivery.acknowledge();
        },
      });
      await until(() => received.length >= texts.length, { what: 'all messages' });
    } finally {
      await broker.stop(2_000);
    }
    expect(received).to.deep.equal(frames.flatMap((_, index) => ['x', `good ${index}`]));
    expect(logger.sentences('warn')).to.have.length(3);
    expect(logger.text()).not.to.include('the broker connection ended');
  });
});
