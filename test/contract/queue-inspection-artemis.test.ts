import { expect } from 'chai';
import { artemisDialect } from '#adapters/stomp/dialects/artemis.js';
import { startArtemis } from '../support/artemis.js';
import { describeOn, sharedBroker } from '../support/brokers.js';
import type { OwnedBroker } from '../support/brokers.js';
import { uniqueQueue } from '../support/messages.js';
import { skip } from '../support/skip.js';
import { describeInspection, inspectionBench, roomFor } from './queue-inspection.suite.js';

const withinMs = 5_000;

describeOn('artemis', 'inspection of queues', (artemis) => {
  describeInspection({
    url: () => artemis().url,
    ...{ tellsInFlight: true, waiting: 'waiting', held: 'held' },
    consumers: artemisDialect.consumers(uniqueQueue(), roomFor),
  });

  it('says that the broker knows no queue of that name', async () => {
    const { inspection } = bench.broker();
    expect(await inspection.inspect(uniqueQueue().name, { messageId: 'nobody', withinMs })).to.deep.equal({
      ...{ depth: null, isAtLeast: false, inFlight: null, consumers: null, message: null },
      unknown: 'the broker knows no queue of that name',
    });
  });
  const bench = inspectionBench(() => artemis().url);
});

describe('inspection of queues [ActiveMQ Artemis with an acceptor that knows prefixes]', function () {
  this.timeout(120_000);
  let artemis: OwnedBroker | undefined;
  before(async function () {
    const shared = sharedBroker('artemis');
    if ('unavailable' in shared) skip(this, shared.unavailable);
    const acceptor = 'anycastPrefix=/queue/;multicastPrefix=/topic/';
    artemis = await startArtemis({ acceptor, isManaged: false });
  });
  after(() => artemis?.stop());
  const bench = inspectionBench(() => artemis!.url);

  it('says what right is missing, and goes on sending', async () => {
    const work = uniqueQueue();
    const [id = ''] = await bench.send(work, 1);
    const { inspection } = bench.broker();
    const view = await inspection.inspect(work.name, { messageId: id, withinMs });
    expect(view).to.include({ depth: null, consumers: null, message: null });
    expect(view.unknown).to.match(/does not have permission='(?:MANAGE|CREATE_ADDRESS)'/u);
    expect(await bench.send(work, 1)).to.have.length(1);
  });
});
