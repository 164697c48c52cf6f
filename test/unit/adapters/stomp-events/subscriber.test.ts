import { expect } from 'chai';
import { createSubscriber } from '#adapters/stomp-events/subscriber.js';
import { createSession } from '#adapters/stomp-server/session.js';
import { defaultSubscriberLimits } from '#adapters/stomp-events/limits.js';
import type { Deferred } from '#core/deferred.js';
import { createDeferred } from '#core/deferred.js';
import { ReplytoError } from '#core/errors.js';
import type { EventFeeds, EventSubscription, FeedQuery } from '#core/ports/event-feeds.js';
import { silentLogger } from '#core/ports/logger.js';
import type { SequencedEvent } from '#core/status-event.js';
import { createManualClock } from '#testing/manual-clock.js';
import type { MemoryTransport } from '../../../support/memory-transport.js';
import { createMemoryTransport } from '../../../support/memory-transport.js';
import { upTo } from '../../../support/status-bench.js';
import { until } from '../../../support/until.js';

/** What one SUBSCRIBE asked of the feeds. */
interface Asked extends FeedQuery {
  readonly name: string;
  /** Its source, which the test gives when it likes. */
  readonly source: Deferred<EventSubscription>;
  resumed: number;
  closed: number;
  /** Gives the source. */
  give(): void;
}

function eventOf(sequence: number, text = ''): SequencedEvent {
  const head = { id: `e-${sequence}`, project: 'a', subject: 's', time: 1 };
  return { ...head, kind: 'progress', sequence, text };
}

describe('a subscriber over STOMP', () => {
  let transport: MemoryTransport;
  let asked: Asked[];
  let isServing: boolean;

  beforeEach(() => {
    transport = createMemoryTransport();
    asked = [];
    isServing = true;
    const open = (name: string, query: FeedQuery): Promise<EventSubscription> => {
      const source = createDeferred<EventSubscription>();
      const entry: Asked = {
        ...{ ...query, name, source, resumed: 0, closed: 0 },
        give: () => source.resolve({ resume: () => (entry.resumed += 1), close: () => (entry.closed += 1) }),
      };
      asked.push(entry);
      return source.promise;
    };
    const feeds: EventFeeds = { ofProject: open, ofRequest: open };
    createSession({
      ...{ id: 's-1', transport, server: 'test', clock: createManualClock(), logger: silentLogger },
      limits: { ...defaultSubscriberLimits, outputBytes: 1_000 },
      accept: (session) =>
        createSubscriber({ session, feeds, mostSubscriptions: 3, isServing: () => isServing }),
      onClosed: () => undefined,
    });
    transport.receive('CONNECT\naccept-version:1.2\nhost:x\n\n\0');
  });

  const subscribe = (id: string, more = ''): void =>
    transport.receive(`SUBSCRIBE\nid:${id}\ndestination:/topic/status.a\nreceipt:${id}\n${more}\n\0`);
  const unsubscribe = (id: string): void => transport.receive(`UNSUBSCRIBE\nid:${id}\n\n\0`);
  const sequences = (id: string): number[] =>
    [...transport.written.matchAll(new RegExp(`subscription:${id}\\n[^\\0]*?\\nsequence:(\\d+)`, 'gu'))].map(
      ([, sequence]) => Number(sequence),
    );
  /** Everything that was promised has happened, receipts too. */
  const settled = (): Promise<unknown> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

  async function subscribed(id: string): Promise<Asked> {
    subscribe(id);
    const entry = asked.at(-1)!;
    entry.give();
    await until(() => transport.written.includes(`receipt-id:${id}\n`), { what: 'the receipt' });
    await settled();
    return entry;
  }

  it('hears nothing before its receipt, then everything that came meanwhile, gaps first', async () => {
    subscribe('1', 'after:0\n');
    const [entry] = asked;
    entry!.sink.gap(1, 4);
    expect(entry!.sink.deliver([eventOf(5), eventOf(6)])).to.equal(false);
    entry!.give();
    await until(() => entry!.resumed === 1, { what: 'the source to go on' });
    expect(transport.commands()).to.deep.equal(['CONNECTED', 'RECEIPT', 'MESSAGE', 'MESSAGE', 'MESSAGE']);
    expect(sequences('1')).to.deep.equal([4, 5, 6]);
    expect(transport.written).to.match(/kind:gap\n\n\{"from":1,"to":4\}\0/u);
  });

  it('passes on what was asked', () => {
    subscribe('1', 'after:7\nkind:log, failure\nsubject:job\n');
    transport.receive('SUBSCRIBE\nid:2\ndestination:/topic/request.r-1\n\n\0');
    expect(asked.map(({ name, after, filter }) => ({ name, after, filter }))).to.deep.equal([
      { name: 'a', after: 7, filter: { subject: 'job', kinds: ['log', 'failure'] } },
      { name: 'r-1', after: undefined, filter: {} },
    ]);
  });

  it('is given no more than there is room for, and the rest when there is, each once and in order', async () => {
    const entry = await subscribed('1');
    transport.hold();
    const events = upTo(10).map((sequence) => eventOf(sequence, 'x'.repeat(300)));
    expect(entry.sink.deliver(events)).to.equal(false);
    const first = sequences('1').length;
    expect(first).to.be.within(1, 4);
    expect(transport.bufferedBytes).to.be.below(2_000);
    expect(entry.resumed).to.equal(0);
    while (entry.resumed === 0) {
      const before = sequences('1').length;
      transport.drain();
      expect(transport.bufferedBytes).to.be.below(2_000);
      expect(sequences('1').length + entry.resumed).to.be.above(before);
    }
    expect(sequences('1')).to.deep.equal(upTo(10));
    expect(entry.resumed).to.equal(1);
    transport.flush();
    expect(entry.sink.deliver([eventOf(11)])).to.equal(true);
  });

  it('lets its subscriptions go on in turn', async () => {
    const [one, two] = [await subscribed('1'), await subscribed('2')];
    transport.hold();
    for (const entry of [one, two]) {
      entry.sink.deliver(upTo(20).map((sequence) => eventOf(sequence, 'x'.repeat(300))));
    }
    expect(sequences('2')).to.deep.equal([]);
    transport.drain();
    transport.drain();
    const reached = [sequences('1').length, sequences('2').length];
    expect(Math.min(...reached)).to.be.above(1);
    expect(Math.max(...reached)).to.be.below(20);
    transport.flush();
    for (const id of ['1', '2']) expect(sequences(id)).to.deep.equal(upTo(20));
    expect([one.resumed, two.resumed]).to.deep.equal([1, 1]);
  });

  it('ends the source of a subscription that it ended before the source was there', async () => {
    subscribe('1');
    unsubscribe('1');
    const [entry] = asked;
    entry!.sink.deliver([eventOf(1)]);
    entry!.give();
    await until(() => entry!.closed === 1, { what: 'the end of the source' });
    expect(sequences('1')).to.deep.equal([]);
  });

  it('counts subscriptions that are only being made or undone, until they are', async () => {
    for (const id of ['1', '2', '3']) {
      subscribe(id);
      unsubscribe(id);
    }
    for (const entry of asked) entry.give();
    await settled();
    await subscribed('4');
    for (const id of ['5', '6', '7']) {
      subscribe(id);
      unsubscribe(id);
    }
    expect(asked).to.have.length(6);
    // What is under way is finished first.
    asked.forEach((entry) => entry.give());
    await until(() => transport.closed, { what: 'the end' });
    expect(transport.written).to.include('message:too many subscriptions');
  });

  it('ends every source when it goes, also those that come later', async () => {
    const entry = await subscribed('1');
    subscribe('2');
    transport.drop();
    asked[1]!.give();
    await until(() => entry.closed === 1 && asked[1]!.closed === 1, { what: 'the end of both' });
  });

  it('may use the id again of a subscription that was refused', async () => {
    subscribe('1');
    asked[0]!.source.reject(new ReplytoError('STORE_UNAVAILABLE', { detail: 'the disk is gone' }));
    await until(() => transport.written.includes('ERROR'), { what: 'the refusal' });
    expect(transport.written).to.include("message:destination '/topic/status.a' cannot be subscribed to");
    expect(transport.written).to.include('the disk is gone\nSubscribe again later.');
    expect(transport.closed).to.equal(false);
    await subscribed('1');
  });

  it('is told by ERROR and ended when its events cannot be read, so that it comes back', async () => {
    const entry = await subscribed('1');
    entry.sink.end();
    expect(transport.written).to.include('message:events cannot be read');
    expect(transport.closed).to.equal(true);
    expect(entry.closed).to.equal(1);
  });

  it('is ended without an ERROR when the process stops', async () => {
    const entry = await subscribed('1');
    isServing = false;
    entry.sink.end();
    expect(transport.commands()).not.to.include('ERROR');
    expect(transport.closed).to.equal(true);
  });
});
