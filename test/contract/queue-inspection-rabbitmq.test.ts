import { expect } from 'chai';
import { unknownQueue } from '#core/ports/queue-inspection.js';
import { describeOn } from '../support/brokers.js';
import { uniqueQueue } from '../support/messages.js';
import { inspectionBench } from './queue-inspection.suite.js';

describeOn('rabbitmq', 'inspection of queues', (rabbitmq) => {
  const bench = inspectionBench(() => rabbitmq().url);

  it('says that it does not tell', async () => {
    const work = uniqueQueue();
    const [messageId = ''] = await bench.send(work, 1);
    expect(await bench.broker().inspection.inspect(work.name, { messageId, withinMs: 5_000 })).to.deep.equal({
      ...unknownQueue,
      unknown: 'RabbitMQ does not tell of its queues over STOMP; rabbitmqctl list_queues does',
    });
  });
});
