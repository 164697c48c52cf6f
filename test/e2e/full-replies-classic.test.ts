import { expect } from 'chai';
import { createStompBroker } from '#adapters/stomp/broker.js';
import { systemClock } from '#app/system-clock.js';
import { createReplier } from '#app/library/create-replier.js';
import { queue } from '#core/destination.js';
import { toReplytoError } from '#core/errors.js';
import { silentLogger } from '#core/ports/logger.js';
import { brokerLabels, titleOn } from '../support/brokers.js';
import type { FullBroker } from '../support/full-broker.js';
import { startFullBroker } from '../support/full-broker.js';
import { startGateway, uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { post } from '../support/http.js';
import { newMessage } from '../support/messages.js';
import { createRecordingLogger } from '../support/recording.js';
import { skip } from '../support/skip.js';
import { until } from '../support/until.js';

describe(titleOn(brokerLabels.classic, 'a broker that is full of replies'), function () {
  this.timeout(180_000);
  let broker: FullBroker | undefined;

  before(async function () {
    const started = await startFullBroker({ queueBytes: 1024 * 1024, allBytes: 512 * 1024 });
    if ('unavailable' in started) return skip(this, started.unavailable);
    broker = started;
  });
  after(() => broker?.stop());

  /** Sends replies until none is confirmed any more; gives what the last one came to. */
  async function fill(url: string, name: string): Promise<string> {
    const sender = createStompBroker({
      url,
      clock: systemClock,
      logger: silentLogger,
      receiptTimeoutMs: 2_000,
    });
    await sender.start();
    try {
      for (let sent = 0; sent < 1_000; sent += 1) {
        const reply = newMessage({ correlationId: `of-somebody-${sent}`, body: Buffer.alloc(10_000, 'x') });
        const error = await sender.channel.send(queue(name), reply).then(() => null, toReplytoError);
        if (error !== null) return error.code;
      }
      return 'it is never full';
    } finally {
      await sender.stop(500);
    }
  }

  happens(
    'Surroundings',
    'the memory of ActiveMQ Classic is full of replies when the gateway starts, so that nothing sent is confirmed',
    'it begins to take them all the same, which makes room again, and answers requests',
    async () => {
      const { url } = broker!;
      const prefix = uniqueName('full').replaceAll('.', '-');
      expect(await fill(url, `${prefix}.replies`)).to.equal('RECEIPT_TIMEOUT');
      const logger = createRecordingLogger();
      const gateway = await startGateway({ brokerUrl: url, settings: { REPLYTO_PREFIX: prefix }, logger });
      try {
        await until(() => logger.sentences('info').includes('receiving replies'), {
          what: 'replies to be received',
          withinMs: 40_000,
        });
        expect(logger.text()).to.include('the broker confirms nothing');
        const work = uniqueName('work');
        const replier = createReplier({ broker: gateway.broker, queue: work, handler: () => 'done' });
        await replier.start();
        const answer = await post(`${gateway.url}/requests/${work}`, '{}', { prefer: 'wait=60' });
        await replier.stop(2_000);
        expect([answer.status, answer.text()]).to.deep.equal([200, 'done']);
        expect(gateway.fatal).to.deep.equal([]);
      } finally {
        await gateway.stop();
      }
    },
  );
});
