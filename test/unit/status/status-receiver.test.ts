import { expect } from 'chai';
import type { Store } from '#adapters/store/store.js';
import { queue } from '#core/destination.js';
import type { StatusEvent } from '#core/status-event.js';
import type { GuardedConsumer } from '#messaging/guarded-consumer.js';
import type { RequestChange } from '#messaging/request-watch.js';
import { createRequestWatch } from '#messaging/request-watch.js';
import { createStatusReceiver } from '#status/status-receiver.js';
import { settled } from '../../support/event-loop.js';
import type { FakeDelivery, FakeSource } from '../../support/fake-source.js';
import { createFakeSource } from '../../support/fake-source.js';
import { createManualClock } from '#testing/manual-clock.js';
import { openMemoryStore } from '../../support/memory-store.js';
import { newMessage } from '../../support/messages.js';
import type { CountingMeter } from '../../support/recording.js';
import { createCountingMeter, createRecordingLogger } from '../../support/recording.js';
import { newRequest } from '../../support/requests.js';

const destination = queue('replyto.status');

describe('the status receiver', () => {
  let store: Store;
  let source: FakeSource;
  let meter: CountingMeter;
  let receiver: GuardedConsumer;
  /** What watchers of the request heard. */
  let changes: RequestChange[];
  let requestId: string;
  /** Of a receipt that is not stored yet. */
  let release: (id: string) => Promise<void>;

  beforeEach(async () => {
    release = () => Promise.resolve();
    const clock = createManualClock(1_700_000_000_000);
    store = openMemoryStore(clock);
    source = createFakeSource();
    meter = createCountingMeter();
    const watch = createRequestWatch(clock);
    receiver = createStatusReceiver({
      ...{ source, destination, clock, meter, watch },
      marks: { release: (id) => release(id) },
      logger: createRecordingLogger(),
      log: store.events,
      deadLetters: store.deadLetters,
      prefetch: 10,
      checkStore: () => store.check(),
    });
    await receiver.start();
    const request = newRequest();
    requestId = request.id;
    await store.requests.accept(request, { owner: null, leaseMs: 1 });
    changes = [];
    watch.watch(requestId, (change) => changes.push(change));
  });
  afterEach(async () => {
    await receiver.stop(1_000);
    await store.close();
  });

  async function deliver(parts: Partial<StatusEvent> = {}): Promise<FakeDelivery> {
    const event = { id: 'event', project: null, subject: requestId, kind: 'progress', percent: 30, time: 5 };
    const body = Buffer.from(JSON.stringify({ ...event, ...parts }));
    const delivery = source.deliver(destination.name, newMessage({ messageId: 'message', body }));
    await settled();
    return delivery;
  }

  it('stores first that the request was sent, where that waits', async () => {
    release = async (id) => {
      await store.requests.markSent(id);
    };
    await deliver();
    const events = await store.requests.events(requestId, 0, 10);
    expect(events.map(({ text, percent }) => percent ?? text)).to.deep.equal([
      'accepted',
      'sent to the queue',
      30,
    ]);
  });

  it('records an event, tells who watches its request, and acknowledges it', async () => {
    const delivery = await deliver();
    const record = await store.requests.find(requestId);
    expect(record!.progress).to.deep.equal({ percent: 30, text: null });
    expect(changes).to.deep.equal([{ record, reply: null }]);
    expect(meter.counts()).to.deep.equal({ 'events-recorded': 1 });
    expect(delivery.isAcknowledged).to.equal(true);
  });

  it('acknowledges an event that comes again, counts nothing and wakes nobody', async () => {
    await deliver();
    const again = await deliver();
    expect(again.isAcknowledged).to.equal(true);
    expect(changes).to.have.length(1);
    expect(meter.counts()).to.deep.equal({ 'events-recorded': 1 });
    expect(await store.requests.events(requestId, 0, 10)).to.have.length(2);
  });

  it('lets an event about nothing that is kept here go, as services tell of requests of the library too', async () => {
    const delivery = await deliver({ subject: 'unknown' });
    expect(delivery.isAcknowledged).to.equal(true);
    expect(await store.deadLetters.count()).to.include({ invalid: 0 });
    expect(changes).to.deep.equal([]);
    expect(meter.counts()).to.deep.equal({ 'events-unmatched': 1 });
  });
});
