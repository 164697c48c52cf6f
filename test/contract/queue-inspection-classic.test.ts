import { expect } from 'chai';
import { queue } from '#core/destination.js';
import { describeOn } from '../support/brokers.js';
import { newMessage, uniqueQueue } from '../support/messages.js';
import { skip } from '../support/skip.js';
import type { StatisticsBroker } from '../support/statistics-broker.js';
import { startStatisticsBroker } from '../support/statistics-broker.js';
import { describeInspection, inspectionBench } from './queue-inspection.suite.js';

/** The default of `why` is less; the broker loads what it needs at the first question. */
const withinMs = 10_000;

describeOn('classic', 'inspection of queues', (classic) => {
  describeInspection({
    url: () => classic().url,
    ...{ tellsInFlight: false, waiting: 'there', held: 'there', countsUpTo: 50 },
  });

  it('stops counting behind a megabyte', async () => {
    const work = uniqueQueue();
    const { broker } = bench;
    const body = Buffer.alloc(600_000);
    for (const messageId of ['one', 'two', 'three']) {
      await broker().channel.send(work, newMessage({ messageId, body, replyTo: queue('replyto.replies') }));
    }
    expect(await broker().inspection.inspect(work.name, { messageId: 'three', withinMs })).to.include({
      ...{ depth: 2, isAtLeast: true, message: 'there', consumers: 0 },
    });
  });
  const bench = inspectionBench(() => classic().url);
});

describe('inspection of queues [ActiveMQ Classic with its statistics plugin]', function () {
  this.timeout(60_000);
  for (const [writesJson, title] of [
    [true, 'counts all messages, however many there are'],
    [false, 'tells what can be known without it where it cannot write JSON'],
  ] as const) {
    describe(title, () => {
      let classic: StatisticsBroker | undefined;
      before(async function () {
        const started = await startStatisticsBroker({ writesJson });
        if ('unavailable' in started) skip(this, started.unavailable);
        classic = started;
      });
      after(() => classic?.stop());
      const bench = inspectionBench(() => classic!.url);

      it('of a long queue', async () => {
        const work = uniqueQueue();
        const ids = await bench.send(work, 120);
        await bench.receive(work);
        const { inspection } = bench.broker();
        expect(await inspection.inspect(work.name, { messageId: ids[119]!, withinMs })).to.deep.equal({
          ...{ message: 'there', consumers: 1, unknown: null },
          ...(writesJson
            ? { depth: 120, isAtLeast: false, inFlight: 10 }
            : { depth: 50, isAtLeast: true, inFlight: null }),
        });
      });
    });
  }
});
