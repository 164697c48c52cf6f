import { expect } from 'chai';
import { happens } from '../support/happens.js';
import { appendNumbered, newStatusEvent } from '../support/numbered-log.js';
import { commentsOf, idsOf, slowClientBench } from '../support/slow-client-bench.js';
import { dataOf, sequencesOf, upTo } from '../support/status-bench.js';
import { until } from '../support/until.js';

const kibibyte = 1_024;
const eventBytes = 60 * kibibyte;
const path = '/status/shop';

describe('clients of a project that read slowly or hear nothing', () => {
  const bench = slowClientBench();

  async function tell(count: number): Promise<void> {
    const text = 'x'.repeat(eventBytes);
    for (let told = 0; told < count; told += 1) {
      await bench.hub.push(await appendNumbered(bench.store.events, [newStatusEvent({ text })]));
    }
  }

  it('hear a comment every 15 seconds, so that nothing between takes them for dead', async () => {
    const { clock, hub } = bench;
    const timers = clock.pending;
    const connection = await bench.open(path);
    for (const count of [2, 3, 4]) {
      clock.advance(14_999);
      clock.advance(1);
      await until(() => commentsOf(connection) === count, { what: `${count} comments` });
    }
    connection.destroy();
    await until(() => hub.subscriptions === 0, { what: 'the end of the stream' });
    await until(() => clock.pending === timers, { what: 'the end of its timers' });
  });

  happens(
    'HTTP',
    'a client of an event stream of a project that never reads',
    'at most 200 KiB wait for it; after 30 s without room its connection is closed; when it comes back with `Last-Event-ID` it has missed nothing; others hear everything meanwhile',
    async function () {
      this.timeout(30_000);
      const other = await bench.follow(path);
      const slow = await bench.open(path);
      slow.pause();
      let most = 0;
      for (const told of upTo(30)) {
        await tell(10);
        await until(() => other.events.length === told * 10, { what: 'the other to hear of it' });
        most = Math.max(most, bench.unread());
      }
      expect(most).to.be.within(64 * kibibyte, 200 * kibibyte);
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
    await until(() => bench.unread() >= 64 * kibibyte, { what: 'a full stream' });
    expect(bench.unread()).to.be.at.most(200 * kibibyte);
    slow.resume();
    await until(() => /^id: 200$/mu.test(slow.rest()), { what: 'the last event', withinMs: 10_000 });
  }).timeout(30_000);
});
