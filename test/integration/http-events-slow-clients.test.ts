import { expect } from 'chai';
import { happens } from '../support/happens.js';
import { newStatusEvent } from '../support/numbered-log.js';
import { newReply, newRequest } from '../support/requests.js';
import {
  expectComments,
  idsOf,
  largeText,
  leastHeld,
  mostHeld,
  mostUnread,
  slowClientBench,
} from '../support/slow-client-bench.js';
import { upTo } from '../support/status-bench.js';
import { until } from '../support/until.js';

const id = 'r-1';
const path = `/requests/${id}/events`;
/** Events of the gateway itself, before those of a service. */
const own = 2;

describe('clients of a request that read slowly or hear nothing', () => {
  const bench = slowClientBench();

  beforeEach(async () => {
    await bench.store.requests.accept(newRequest({ id }), { owner: 'a', leaseMs: 1_000 });
    await bench.store.requests.markSent(id);
  });

  async function tell(count: number): Promise<void> {
    for (let told = 0; told < count; told += 1) {
      const outcome = await bench.store.events.append(
        newStatusEvent({ project: null, subject: id, text: largeText }),
      );
      bench.watch.notify({ record: outcome!.record!, reply: null });
    }
  }

  async function end(): Promise<void> {
    const outcome = await bench.store.requests.settle(newReply(id));
    if (outcome.kind !== 'settled') throw new Error(`the reply was ${outcome.kind}`);
    bench.watch.notify(outcome);
  }

  it('hear a comment every 15 seconds, so that nothing between takes them for dead', () =>
    expectComments(bench, path, () => bench.watch.size === 0));

  happens(
    'HTTP',
    'a client of an event stream of a request that never reads',
    'at most 200 KiB wait for it; after 30 s without room its connection is closed; when it comes back with `Last-Event-ID` it has missed nothing; others hear everything meanwhile',
    async () => {
      const other = await bench.follow(path);
      const slow = await bench.open(path);
      slow.pause();
      const most = await mostUnread(bench, tell, (told) => other.events.length === told + own);
      expect(most).to.be.within(leastHeld, mostHeld);
      // The wait of the other, which hears on; the slow one waits for room alone.
      await until(() => bench.watch.size === 1, { what: 'the slow client to wait for room' });
      bench.clock.advance(30_000);
      slow.resume();
      await slow.closed();
      expect(other.isEnded).to.equal(false);
      const heard = idsOf(slow);
      expect(heard).to.deep.equal(upTo(heard.length));
      // The last one may have come in part.
      const whole = heard.length - 1;
      expect(whole).to.be.within(1, 299);
      await end();
      const back = await bench.follow(path, { 'last-event-id': String(whole) });
      for (const stream of [back, other]) {
        await until(() => stream.isEnded, { what: 'the end of the stream' });
      }
      const last = 300 + own + 1;
      expect(back.events.map((event) => Number(event.id))).to.deep.equal(upTo(last, whole + 1));
      expect(other.events.map((event) => Number(event.id))).to.deep.equal(upTo(last));
      expect(bench.watch.size).to.equal(0);
    },
  );

  it('go on where they were when they read again in time, with what came meanwhile, to the end', async () => {
    const slow = await bench.open(path);
    slow.pause();
    await tell(200);
    await end();
    bench.clock.advance(29_000);
    slow.resume();
    await until(() => slow.rest().includes('retry: 2000\n'), { what: 'the end of the stream' });
    expect(idsOf(slow)).to.deep.equal(upTo(200 + own + 1));
  });

  it('that come to a long history are given it as fast as they read, no faster', async () => {
    await tell(200);
    const slow = await bench.open(path, { reads: false });
    await until(() => bench.unread() >= leastHeld, { what: 'a full stream' });
    // What else was read of it would be written by now.
    const other = await bench.follow(path);
    await until(() => other.events.length === 200 + own, { what: 'another to have all of it' });
    expect(bench.unread()).to.be.at.most(mostHeld);
    slow.resume();
    await until(() => idsOf(slow).at(-1) === 200 + own, { what: 'the last event' });
    expect(idsOf(slow)).to.deep.equal(upTo(200 + own));
  });
});
