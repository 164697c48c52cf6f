import { expect } from 'chai';
import fc from 'fast-check';
import { parseBrokerUrl } from '#adapters/stomp/broker-url.js';
import { createConnectionLog } from '#adapters/stomp/connection-log.js';
import type { StompConnection } from '#adapters/stomp/stomp-connection.js';
import type { Reconnecting, ReconnectingOptions } from '#adapters/stomp/reconnecting.js';
import { backoffMs, createReconnecting } from '#adapters/stomp/reconnecting.js';
import type { ReplytoError } from '#core/errors.js';
import type { FakeStompServer } from '../../../support/fake-stomp-server.js';
import { startFakeStompServer } from '../../../support/fake-stomp-server.js';
import { freePort } from '../../../support/free-port.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import type { RecordingLogger } from '../../../support/recording.js';
import { createRecordingLogger } from '../../../support/recording.js';
import { until, within } from '../../../support/until.js';

describe('the back-off of reconnecting', () => {
  it('doubles from 100 ms to 5 s, half of it left to chance', () => {
    const ceilings = [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000];
    expect(ceilings.map((_, failures) => backoffMs(failures, () => 0))).to.deep.equal(
      ceilings.map((ceiling) => ceiling / 2),
    );
    fc.assert(
      fc.property(
        fc.nat({ max: 10_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (failures, chance) => {
          const ceiling = ceilings[Math.min(failures, 7)]!;
          expect(backoffMs(failures, () => chance)).to.be.within(ceiling / 2, ceiling);
        },
      ),
    );
  });

  it('differs between clients by as much as chance does', () => {
    const waits = new Set(Array.from({ length: 100 }, (_, index) => backoffMs(6, () => index / 100)));
    expect(waits.size).to.equal(100);
  });
});

describe('a connection that comes back', () => {
  let clock: ManualClock;
  let logger: RecordingLogger;
  let servers: FakeStompServer[];
  let links: Reconnecting[];
  let ups: string[];
  let downs: ReplytoError[];

  beforeEach(() => {
    clock = createManualClock();
    logger = createRecordingLogger();
    [servers, links, ups, downs] = [[], [], [], []];
  });
  afterEach(async () => {
    await Promise.all(links.map((link) => stopped(link)));
    for (const server of servers) await server.stop();
  });

  async function server(): Promise<FakeStompServer> {
    const started = await startFakeStompServer();
    servers.push(started);
    return started;
  }

  function link(url: string, options: Partial<ReconnectingOptions> = {}): Reconnecting {
    const created = createReconnecting({
      purpose: 'test',
      log: createConnectionLog({ clock, logger }),
      address: parseBrokerUrl(url),
      settings: { clock, logger, connectTimeoutMs: 60_000, receiptTimeoutMs: 60_000, heartbeatMs: 0 },
      random: () => 0,
      onUp: ({ endpoint }) => ups.push(endpoint),
      onDown: (reason) => downs.push(reason),
      ...options,
    });
    links.push(created);
    return created;
  }

  const failedAttempts = (): number =>
    logger.sentences('debug').filter((sentence) => sentence === 'a connection to the broker is down').length;

  /** Stops it while the clock moves on past its deadline. */
  async function stopped(one: Reconnecting): Promise<void> {
    const stopping = one.stop(1_000);
    let isOver = false;
    void stopping.then(() => (isOver = true));
    await until(() => (clock.advance(1_000), isOver), { what: 'the end of stop()' });
  }

  /** Lets pauses pass until the condition holds. */
  const eventually = (condition: () => boolean, what: string): Promise<true> =>
    until(() => (clock.advance(100), condition()), { what });

  it('is up after its start', async () => {
    const { url } = await server();
    const one = link(url);
    expect(await one.start()).to.equal(null);
    expect([ups, one.current()?.endpoint]).to.deep.equal([[url], url]);
  });

  it('says why its first attempt failed, and goes on trying with a growing pause', async () => {
    const port = await freePort();
    const one = link(`stomp://127.0.0.1:${port}`);
    expect(await one.start()).to.include({ code: 'BROKER_UNAVAILABLE' });
    const waits: number[] = [];
    for (let attempt = 2; attempt < 9; attempt += 1) {
      const before = clock.now();
      await until(() => clock.pending === 1, { what: 'the pause' });
      await until(() => (clock.advance(25), failedAttempts() === attempt), {
        what: `attempt ${attempt}`,
      });
      waits.push(clock.now() - before);
    }
    // A step of the clock is 25 ms, and an attempt takes some steps.
    [50, 100, 200, 400, 800, 1_600, 2_500].forEach((wait, index) => {
      expect(waits[index], `pause ${index + 1}`).to.be.at.least(wait);
    });
    expect(logger.entries.at(-1)!.facts).to.include({
      code: 'BROKER_UNAVAILABLE',
      connection: 'test',
    });
  });

  it('comes back after its connection ended, and says so each time', async () => {
    const broker = await server();
    const one = link(broker.url);
    await one.start();
    for (let nth = 1; nth <= 3; nth += 1) {
      (await broker.connection(nth)).destroy();
      await eventually(() => downs.length === nth && ups.length === nth + 1, 'the new connection');
    }
    expect(one.current()?.isOpen()).to.equal(true);
    expect(logger.sentences('warn')).to.deep.equal(
      Array.from({ length: 3 }, () => ['the broker connection ended', 'the broker is back']).flat(),
    );
  });

  it('waits longer each time when connections do not last, and starts anew after one that lasted 10 s', async () => {
    const broker = await server();
    const one = link(broker.url);
    await one.start();
    const pauses: number[] = [];
    for (let nth = 1; nth <= 4; nth += 1) {
      const connection = await broker.connection(nth);
      if (nth === 4) clock.advance(10_000);
      connection.destroy();
      await until(() => downs.length === nth && clock.pending === 1, { what: 'the pause' });
      const before = clock.now();
      await until(() => ups.length > nth || (clock.advance(10), false), { what: 'the new connection' });
      pauses.push(clock.now() - before);
    }
    [100, 200, 400, 50].forEach((wait, index) =>
      expect(pauses[index], `pause ${index + 1}`).to.be.at.least(wait),
    );
    expect(pauses[3]).to.be.lessThan(pauses[2]!);
  });

  it('fails over to the next address of its list, round and round', async () => {
    const [first, second] = [await server(), await server()];
    const dead = await freePort();
    const one = link(`failover:(stomp://127.0.0.1:${dead},${first.url},${second.url})`);
    const starting = one.start();
    await eventually(() => ups.length === 1, 'the first broker');
    expect(await starting).to.equal(null);
    (await first.connection(1)).destroy();
    await eventually(() => ups.length === 2, 'the second broker');
    (await second.connection(1)).destroy();
    await eventually(() => ups.length === 3, 'the first broker again');
    expect(ups).to.deep.equal([first.url, second.url, first.url]);
  });

  it('says why it could not begin when it has tried each address of its list, and best what a broker said', async () => {
    const refusing = await server();
    refusing.rule((_, connection) => {
      connection.send('ERROR', { message: 'who are you' });
      connection.end();
      return 'handled';
    });
    const addresses = [await freePort(), refusing.port, await freePort()];
    const one = link(`failover:(${addresses.map((port) => `stomp://127.0.0.1:${port}`).join(',')})`);
    let failure: ReplytoError | null | undefined;
    void one.start().then((outcome) => (failure = outcome));
    await eventually(() => failedAttempts() === 2, 'two attempts');
    expect(failure).to.equal(undefined);
    await eventually(() => failure !== undefined, 'the third attempt');
    expect(failure).to.include({ code: 'BROKER_LOGIN_REFUSED' });
    expect(failedAttempts()).to.equal(3);
  });

  it('begins anywhere in its list when it is told to', async () => {
    const [first, second] = [await server(), await server()];
    const url = `failover:(${first.url},${second.url})?randomize=true`;
    await link(url, { random: () => 0.99 }).start();
    await link(url, { random: () => 0 }).start();
    expect(ups).to.deep.equal([second.url, first.url]);
  });

  it('is not up before it is prepared, and is ended when that fails', async () => {
    const broker = await server();
    const prepared: StompConnection[] = [];
    const one = link(broker.url, {
      prepare: (connection) => {
        prepared.push(connection);
        expect(one.current()).to.equal(undefined);
        return prepared.length === 1 ? Promise.reject(new Error('no subscription')) : Promise.resolve();
      },
    });
    expect(await one.start()).to.include({ code: 'INTERNAL' });
    await eventually(() => ups.length === 1, 'the second connection');
    expect([prepared[0]!.isOpen(), prepared[1]!.isOpen()]).to.deep.equal([false, true]);
    await until(() => broker.open().length === 1, { what: 'the end of the first connection' });
  });

  it('stops while it is up, while it pauses, while it connects and while it is prepared', async () => {
    const up = await server();
    const silent = await server();
    silent.rule(() => 'handled');
    const unprepared = await server();
    const cases = [
      link(up.url),
      link(`stomp://127.0.0.1:${await freePort()}`),
      link(silent.url),
      link(unprepared.url, {
        prepare: (connection) => connection.ended.then((reason) => Promise.reject(reason)),
      }),
    ];
    for (const one of cases) void one.start();
    await up.connection(1);
    await silent.connection(1);
    await unprepared.connection(1);
    await until(() => ups.length === 1 && failedAttempts() === 1, { what: 'each state' });
    for (const one of cases) {
      await within(one.stop(1_000), { what: 'the end of stop()' });
      expect(one.current()).to.equal(undefined);
    }
    for (const broker of [up, silent, unprepared]) {
      await until(() => broker.open().length === 0, { what: 'the end of every socket' });
    }
    expect(clock.pending).to.equal(0);
  });
});
