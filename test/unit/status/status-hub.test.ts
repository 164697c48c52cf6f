import { expect } from 'chai';
import type { Store } from '#adapters/store/store.js';
import { openStore } from '#adapters/store/open-store.js';
import { ReplytoError } from '#core/errors.js';
import type { EventFilter, SequencedEvent, StatusEvent } from '#core/status-event.js';
import type { StatusHub } from '#status/status-hub.js';
import { createStatusHub } from '#status/status-hub.js';
import type { StatusSubscription } from '#status/status-subscription.js';
import { randomUUID } from 'node:crypto';
import { settled } from '../../support/event-loop.js';
import { createManualClock } from '#testing/manual-clock.js';
import { appendNumbered, newStatusEvent } from '../../support/numbered-log.js';
import type { RecordingLogger } from '../../support/recording.js';
import { createRecordingLogger } from '../../support/recording.js';
import { sequencesOf, upTo } from '../../support/status-bench.js';

interface Client {
  readonly subscription: StatusSubscription;
  readonly events: readonly SequencedEvent[];
  readonly gaps: readonly (readonly [from: number, to: number])[];
  readonly ends: number;
  /** How many events it takes until it says that it is full; more when it has room again. */
  room: number;
}

describe('the status hub', () => {
  let store: Store;
  let hub: StatusHub;
  let logger: RecordingLogger;
  /** Looks into the log. */
  let looks: number;
  let beforeLook: () => Promise<void> | void;
  beforeEach(() => {
    const clock = createManualClock(1_700_000_000_000);
    store = openStore({
      ...{ path: ':memory:', clock, newId: randomUUID },
      eventRetention: { statusMs: 604_800_000, statusEvents: 300 },
    });
    logger = createRecordingLogger();
    looks = 0;
    beforeLook = () => undefined;
    hub = createStatusHub({
      log: {
        page: async (...given) => {
          looks += 1;
          await beforeLook();
          return store.events.page(...given);
        },
      },
      ...{ logger, clock },
    });
  });
  afterEach(async () => {
    hub.stop();
    await store.close();
  });

  /** Numbers events and hands them on, as the sequencer does. */
  async function tell(count: number, parts: Partial<StatusEvent> = {}): Promise<void> {
    await hub.push(await tellElsewhere(count, parts));
  }

  /** Numbered, and not handed on here. */
  const tellElsewhere = (
    count: number,
    parts: Partial<StatusEvent> = {},
  ): Promise<readonly SequencedEvent[]> =>
    appendNumbered(
      store.events,
      upTo(count).map(() => newStatusEvent(parts)),
    );

  function follow(
    after: number,
    {
      filter,
      room = Infinity,
      project = 'shop',
    }: { filter?: EventFilter; room?: number; project?: string } = {},
  ): Client {
    const events: SequencedEvent[] = [];
    const gaps: [number, number][] = [];
    let ends = 0;
    const client = {
      events,
      gaps,
      room,
      get ends() {
        return ends;
      },
    };
    const subscription = hub.subscribe(project, {
      after,
      ...(filter === undefined ? {} : { filter }),
      sink: {
        deliver(some) {
          expect(some).not.to.be.empty;
          events.push(...some);
          client.room -= some.length;
          return client.room > 0;
        },
        gap: (from, to) => void gaps.push([from, to]),
        end: () => void (ends += 1),
      },
    });
    return Object.defineProperty(client, 'subscription', { value: subscription }) as never;
  }

  it('gives everything behind a position, old and new, once and in order', async () => {
    await tell(300);
    const client = follow(3);
    await tell(2);
    await settled(40);
    await tell(3);
    await settled();
    expect(sequencesOf(client.events)).to.deep.equal(upTo(305, 4));
    expect(client.subscription.position).to.equal(305);
  });

  it('gives who begins at the end nothing of before', async () => {
    await tell(5);
    const client = follow(5);
    await settled();
    await tell(2);
    expect(sequencesOf(client.events)).to.deep.equal([6, 7]);
  });

  it('looks into the log once for who keeps up', async () => {
    const client = follow(0);
    await settled();
    for (let turn = 0; turn < 20; turn += 1) await tell(3);
    expect(sequencesOf(client.events)).to.deep.equal(upTo(60));
    expect(looks).to.equal(1);
  });

  it('misses nothing that is numbered while the log is read', async () => {
    await tell(3);
    let numbered: Promise<void> | undefined;
    beforeLook = () => {
      numbered ??= tell(2);
      return numbered;
    };
    const clients = [follow(0), follow(3)];
    await settled(40);
    await tell(1);
    expect(clients.map(({ events }) => sequencesOf(events))).to.deep.equal([upTo(6), upTo(6, 4)]);
  });

  it('finds in the log what was numbered elsewhere, as soon as it hears of the next event', async () => {
    const client = follow(0);
    await tell(2);
    await settled();
    await tellElsewhere(3);
    await tell(1);
    await settled();
    expect(sequencesOf(client.events)).to.deep.equal(upTo(6));
  });

  it('gives who has no room nothing until it asks again, then what it missed out of memory or the log', async () => {
    const [quick, slow] = [follow(0), follow(0, { room: 1 })];
    await settled();
    await tell(1);
    expect(slow.events).to.have.lengthOf(1);
    for (let turn = 0; turn < 4; turn += 1) await tell(100);
    expect(sequencesOf(quick.events)).to.deep.equal(upTo(401));
    expect(slow.events).to.have.lengthOf(1);
    slow.room = Infinity;
    slow.subscription.resume();
    await settled(40);
    // 300 are kept: those before are told of as gone.
    expect(slow.gaps).to.deep.equal([[2, 101]]);
    expect(sequencesOf(slow.events).slice(1)).to.deep.equal(upTo(401, 102));
    await tell(1);
    expect(slow.events.at(-1)!.sequence).to.equal(402);
  });

  it('gives who becomes full few more than it takes, wherever they come from', async () => {
    // Four come to 64 KiB.
    const large = { text: 'x'.repeat(20_000) };
    await tell(200, large);
    const fromLog = follow(0, { room: 1 });
    const fromMemory = follow(200, { room: 1 });
    await settled(40);
    await tell(100, large);
    await settled();
    for (const client of [fromLog, fromMemory]) {
      expect(client.events.length).to.be.within(1, 4);
      const first = client.events[0]!.sequence;
      while (client.events.at(-1)!.sequence < 300) {
        const before = client.events.length;
        client.room = 1;
        client.subscription.resume();
        await settled(20);
        expect(client.events.length - before).to.be.within(1, 4);
      }
      expect(sequencesOf(client.events)).to.deep.equal(upTo(300, first));
    }
  });

  it('gives only what passes the filter, and knows how far it has looked', async () => {
    const ofJob = follow(0, { filter: { subject: 'job' } });
    const failures = follow(0, { filter: { kinds: ['failure'] } });
    for (const subject of ['job', 'other']) {
      for (const kind of ['progress', 'failure'] as const) await tell(1, { subject, kind });
    }
    await settled();
    expect(sequencesOf(ofJob.events)).to.deep.equal([1, 2]);
    expect(sequencesOf(failures.events)).to.deep.equal([2, 4]);
    expect([ofJob, failures].map(({ subscription }) => subscription.position)).to.deep.equal([4, 4]);
    const replayed = follow(0, { filter: { subject: 'other', kinds: ['failure'] } });
    await settled();
    expect(sequencesOf(replayed.events)).to.deep.equal([4]);
  });

  it('tells of a gap when the beginning is gone', async () => {
    for (let turn = 0; turn < 4; turn += 1) await tell(100);
    const client = follow(7);
    await settled(40);
    expect(client.gaps).to.deep.equal([[8, 100]]);
    expect(sequencesOf(client.events)).to.deep.equal(upTo(400, 101));
    const [one, none] = [follow(99), follow(100)];
    await settled(40);
    expect([one.gaps, none.gaps]).to.deep.equal([[[100, 100]], []]);
    expect(one.events).to.have.lengthOf(300);
  });

  it('gives each project to its own followers', async () => {
    const [shop, bank] = [follow(0), follow(0, { project: 'bank' })];
    await settled();
    await tell(2);
    await tell(1, { project: 'bank' });
    await tell(1, { project: 'nobody' });
    expect(shop.events.map(({ project }) => project)).to.deep.equal(['shop', 'shop']);
    expect(bank.events.map(({ project }) => project)).to.deep.equal(['bank']);
  });

  it('gives who closed nothing more, also when the log is being read', async () => {
    await tell(2);
    const client = follow(0);
    client.subscription.close();
    client.subscription.close();
    await settled();
    await tell(1);
    client.subscription.resume();
    await settled();
    expect([client.events.length, client.ends, hub.subscriptions]).to.deep.equal([0, 0, 0]);
  });

  it('ends who cannot be told because the log fails, and says so; others begin anew', async () => {
    beforeLook = () => Promise.reject(new ReplytoError('STORE_UNAVAILABLE'));
    const client = follow(0);
    await settled();
    expect([client.ends, hub.subscriptions]).to.deep.equal([1, 0]);
    expect(logger.sentences('warn')).to.deep.equal(['status events could not be read, a follower is ended']);
    beforeLook = () => undefined;
    await tell(1);
    const next = follow(0);
    await settled();
    expect(next.events).to.have.lengthOf(1);
    expect(client.events).to.be.empty;
  });

  it('ends everybody when it stops, once, and whoever comes later', async () => {
    const clients = [follow(0), follow(0), follow(0, { project: 'bank' })];
    await settled();
    hub.stop();
    hub.stop();
    const late = follow(0);
    await tell(1);
    await settled();
    for (const client of [...clients, late]) {
      expect([client.ends, client.events.length]).to.deep.equal([1, 0]);
      client.subscription.resume();
      client.subscription.close();
    }
    expect(hub.subscriptions).to.equal(0);
  });
});
