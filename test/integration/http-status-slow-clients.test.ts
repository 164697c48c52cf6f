import { expect } from 'chai';
import { happens } from '../support/happens.js';
import { appendNumbered, newStatusEvent } from '../support/numbered-log.js';
import {
  expectComments,
  idsOf,
  largeText,
  leastHeld,
  mostHeld,
  mostUnread,
  slowClientBench,
} from '../support/slow-client-bench.js';
import { dataOf, sequencesOf, upTo } from '../support/status-bench.js';
import { until } from '../support/until.js';

const path = '/status/shop';

describe('clients of a project that read slowly or hear nothing', () => {
  const bench = slowClientBench();

  async function tell(count: number): Promise<void> {
    for (let told = 0; told < count; told += 1) {
      await bench.hub.push(await appendNumbered(bench.store.events, [newStatusEvent({ text: largeText })]));
    }
  }

  it('hear a comment every 15 seconds, so that nothing between takes them for dead', () =>
    expectComments(bench, path, () => bench.hub.subscriptions === 0));

  happens(
    'HTTP',
    'a client of an event stream of a project that never reads',
    'at most 200 KiB wait for it; after 30 s without room its connection is closed; when it comes back with `Last-Event-ID` it has missed nothing; others hear everything meanwhile',
    async function () {
      this.timeout(30_000);
      const other = await bench.follow(path);
      const slow = await bench.open(path);
      slow.pause();
      const most = await mostUnread(bench, tell, (told) => other.events.length === told);
      expect(most).to.be.within(leastHeld, mostHeld);
      bench.clock.advance(30_000);
      await until(() => bench.hub.subscriptions === 1, { what: 'the end of the slow client' });
      expect(other.isEnded).to.equal(false);
      slow.resume();
      await slow.closed();
      const heard = idsOf(slow);
      expect(heard).to.deep.equal(upTo(heard.length)).and.not.to.be.empty;
      // The last one may have come in part.
      const whole = heard.length - 1;
      const back = await bench.follow(path, { 'last-event-id': String(whole) });
      await until(() => back.events.length === 300 - whole, { what: 'the rest' });
      expect(sequencesOf(dataOf(back))).to.deep.equal(upTo(300, whole + 1));
    },
  );

  it('go on where they were when they read again in time, with what came meanwhile', async () => {
    const slow = await bench.open(path);
    slow.pause();
    await tell(200);
    bench.clock.advance(29_000);
    slow.resume();
    await until(() => /^id: 200$/mu.test(slow.rest()), { what: 'the last event', withinMs: 10_000 });
    expect(idsOf(slow)).to.deep.equal(upTo(200));
  }).timeout(30_000);

  it('that resume from the start of a long log are given it as fast as they read, no faster', async () => {
    await tell(200);
    const slow = await bench.open(`${path}?after=0`, { reads: false });
    await until(() => bench.unread() >= leastHeld, { what: 'a full stream' });
    expect(bench.unread()).to.be.at.most(mostHeld);
    slow.resume();
    await until(() => /^id: 200$/mu.test(slow.rest()), { what: 'the last event', withinMs: 10_000 });
  }).timeout(30_000);
});
