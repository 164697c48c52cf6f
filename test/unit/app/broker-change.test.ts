import { expect } from 'chai';
import type { Store } from '#adapters/store/store.js';
import { warnOfBrokerChange } from '#app/broker-change.js';
import { createManualClock } from '#testing/manual-clock.js';
import { openMemoryStore } from '../../support/memory-store.js';
import type { RecordingLogger } from '../../support/recording.js';
import { createRecordingLogger } from '../../support/recording.js';
import { newRequest } from '../../support/requests.js';

describe('a data folder that is used with another broker', () => {
  let store: Store;
  let logger: RecordingLogger;

  beforeEach(() => {
    store = openMemoryStore(createManualClock());
    logger = createRecordingLogger();
  });
  afterEach(() => store.close());

  async function startWith(url: string, port = 61613): Promise<string[]> {
    await warnOfBrokerChange({ store, broker: { url, port }, logger });
    return logger.sentences('warn');
  }

  async function sent(): Promise<void> {
    const request = newRequest();
    await store.requests.accept(request, { owner: null, leaseMs: 1 });
    await store.requests.markSent(request.id);
  }

  it('is told with the number of requests whose replies come to the other one, once', async () => {
    await startWith('stomp://ada:secret@first:61613');
    await sent();
    await sent();
    await store.requests.accept(newRequest(), { owner: null, leaseMs: 1 });
    const [told] = await startWith('stomp://second:61613');
    expect(told).to.match(/^2 requests were sent by way of stomp:\/\/first:61613 and are not answered: /u);
    expect(logger.entries[0]!.facts).to.deep.equal({
      before: 'stomp://first:61613',
      now: 'stomp://second:61613',
      requests: 2,
    });
    expect(await startWith('stomp://second:61613')).to.have.length(1);
    expect(logger.text()).to.not.contain('secret');
  });

  it('is told of the embedded broker too, whose port means nothing', async () => {
    await startWith('embedded:', 1);
    await sent();
    expect(await startWith('embedded:', 2)).to.deep.equal([]);
    expect(await startWith('stomp://127.0.0.1:2')).to.have.length(1);
  });

  it('is no news at first, for the same broker by another name, and when nothing is open there', async () => {
    await startWith('embedded:');
    await startWith('stomp://127.0.0.1:61613');
    await sent();
    expect(await startWith('stomp://localhost:61613')).to.deep.equal([]);
    const [request] = await store.requests.list({ limit: 1 });
    await store.requests.cancel(request!.id);
    expect(await startWith('stomp://elsewhere:61613')).to.deep.equal([]);
  });
});
