import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import type { Store } from '#adapters/store/open-store.js';
import type { StatusHub } from '#status/status-hub.js';
import { createStatusHub } from '#status/status-hub.js';
import type { BareGateway } from '../support/bare-gateway.js';
import { bareGateway } from '../support/bare-gateway.js';
import type { ReceivedEvents } from '../support/event-source.js';
import { openEvents } from '../support/event-source.js';
import { happens } from '../support/happens.js';
import type { ManualClock } from '../support/manual-clock.js';
import { createManualClock } from '../support/manual-clock.js';
import { openMemoryStore } from '../support/memory-store.js';
import { appendNumbered, newStatusEvent } from '../support/numbered-log.js';
import type { RawHttp } from '../support/raw-http.js';
import { openRawHttp, rawRequest } from '../support/raw-http.js';
import { createRecordingLogger } from '../support/recording.js';
import { dataOf, sequencesOf, upTo } from '../support/status-bench.js';
import { until } from '../support/until.js';

const kibibyte = 1_024;
const eventBytes = 60 * kibibyte;

describe('clients of a project that read slowly or hear nothing', () => {
  const start = bareGateway();
  const connections: RawHttp[] = [];
  const streams: ReceivedEvents[] = [];
  let clock: ManualClock;
  let store: Store;
  let hub: StatusHub;
  let gateway: BareGateway;
  let responses: ServerResponse[];
  beforeEach(async () => {
    clock = createManualClock(1_700_000_000_000);
    store = openMemoryStore(clock);
    hub = createStatusHub({ log: store.events, logger: createRecordingLogger(), clock });
    responses = [];
    gateway = await start({
      ...{ clock, hub, events: store.events },
      accessLog: (_request, response) => void responses.push(response),
    });
  });
  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.destroy();
    for (const stream of streams.splice(0)) stream.close();
    hub.stop();
    await store.close();
  });

  async function follow(headers: string[] = []): Promise<RawHttp> {
    const connection = await openRawHttp(gateway.port);
    connections.push(connection);
    connection.write(rawRequest('GET /status/shop', ['Accept: text/event-stream', ...headers]));
    await until(() => connection.rest().includes(':\n\n'), { what: 'the stream' });
    return connection;
  }

  async function tell(count: number): Promise<void> {
    const text = 'x'.repeat(eventBytes);
    for (let told = 0; told < count; told += 1) {
      await hub.push(await appendNumbered(store.events, [newStatusEvent({ text })]));
    }
  }

  const unread = (): number => Math.max(...responses.map((response) => response.writableLength));

  it('hear a comment every 15 seconds, so that nothing between takes them for dead', async () => {
    const timers = clock.pending;
    const connection = await follow();
    const comments = (): number => connection.rest().split(':\n\n').length - 1;
    for (const count of [2, 3, 4]) {
      clock.advance(14_999);
      clock.advance(1);
      await until(() => comments() === count, { what: `${count} comments` });
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
      const other = await openEvents(`${gateway.url}/status/shop`);
      streams.push(other);
      const slow = await follow();
      slow.pause();
      let most = 0;
      for (const told of upTo(30)) {
        await tell(10);
        await until(() => other.events.length === told * 10, { what: 'the other to hear of it' });
        most = Math.max(most, unread());
      }
      expect(most).to.be.within(64 * kibibyte, 200 * kibibyte);
      clock.advance(30_000);
      await until(() => hub.subscriptions === 1, { what: 'the end of the slow client' });
      expect(other.isEnded).to.equal(false);
      slow.resume();
      await slow.closed();
      const heard = [...slow.rest().matchAll(/^id: (\d+)$/gmu)].map(([, id]) => Number(id));
      expect(heard).to.deep.equal(upTo(heard.length)).and.not.to.be.empty;
      // The last one may have come in part.
      const whole = heard.length - 1;
      const back = await openEvents(`${gateway.url}/status/shop`, { 'last-event-id': String(whole) });
      streams.push(back);
      await until(() => back.events.length === 300 - whole, { what: 'the rest' });
      expect(sequencesOf(dataOf(back))).to.deep.equal(upTo(300, whole + 1));
    },
  );

  it('go on where they were when they read again in time, with what came meanwhile', async () => {
    const slow = await follow();
    slow.pause();
    await tell(200);
    clock.advance(29_000);
    slow.resume();
    await until(() => /^id: 200$/mu.test(slow.rest()), { what: 'the last event', withinMs: 10_000 });
    const heard = [...slow.rest().matchAll(/^id: (\d+)$/gmu)].map(([, id]) => Number(id));
    expect(heard).to.deep.equal(upTo(200));
  }).timeout(30_000);

  it('that resume from the start of a long log are given it as fast as they read, no faster', async () => {
    await tell(200);
    const slow = await openRawHttp(gateway.port);
    connections.push(slow);
    slow.pause();
    slow.write(rawRequest('GET /status/shop?after=0', ['Accept: text/event-stream']));
    await until(() => responses.length > 0 && unread() >= 64 * kibibyte, { what: 'a full stream' });
    expect(unread()).to.be.at.most(200 * kibibyte);
    slow.resume();
    await until(() => /^id: 200$/mu.test(slow.rest()), { what: 'the last event', withinMs: 10_000 });
  }).timeout(30_000);
});
