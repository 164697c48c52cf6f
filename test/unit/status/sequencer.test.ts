import { expect } from 'chai';
import type { Store } from '#adapters/store/store.js';
import { createDeferred } from '#core/deferred.js';
import { ReplytoError } from '#core/errors.js';
import type { EventLog } from '#core/ports/event-log.js';
import type { SequencedEvent } from '#core/status-event.js';
import type { Sequencer } from '#status/sequencer.js';
import { createSequencer } from '#status/sequencer.js';
import type { SequencerDuty } from '#status/sequencer-duty.js';
import { createSequencerDuty } from '#status/sequencer-duty.js';
import { passTime, settled } from '../../support/event-loop.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { openMemoryStore } from '../../support/memory-store.js';
import { newStatusEvent } from '../../support/numbered-log.js';
import type { CountingMeter, RecordingLogger } from '../../support/recording.js';
import { createCountingMeter, createRecordingLogger } from '../../support/recording.js';
import { sequencesOf, upTo } from '../../support/status-bench.js';

interface Instance {
  readonly name: string;
  readonly duty: SequencerDuty;
  readonly sequencer: Sequencer;
  readonly numbered: SequencedEvent[];
  /** What becomes of numbered events. */
  handOn: () => Promise<unknown>;
}

describe('the sequencer', () => {
  let clock: ManualClock;
  let store: Store;
  let meter: CountingMeter;
  let logger: RecordingLogger;
  let isAway: boolean;
  const instances: Instance[] = [];
  beforeEach(() => {
    clock = createManualClock(1_700_000_000_000);
    store = openMemoryStore(clock);
    meter = createCountingMeter();
    logger = createRecordingLogger();
    isAway = false;
  });
  afterEach(async () => {
    for (const { sequencer } of instances.splice(0)) await sequencer.stop();
    await store.close();
  });

  function create(name: string, events: EventLog = store.events): Instance {
    const log: EventLog = {
      ...events,
      number: (...given) =>
        isAway ? Promise.reject(new ReplytoError('STORE_UNAVAILABLE')) : events.number(...given),
    };
    const duty = createSequencerDuty({ log, owner: name, clock });
    const numbered: SequencedEvent[] = [];
    const onNumbered = async (some: readonly SequencedEvent[]): Promise<void> => {
      numbered.push(...some);
      await instance.handOn();
    };
    const sequencer = createSequencer({
      ...{ log, duty, clock, logger, meter, onNumbered },
      instance: name,
    });
    const instance: Instance = { name, duty, sequencer, numbered, handOn: () => Promise.resolve() };
    instances.push(instance);
    return instance;
  }

  async function append(count: number, project = 'shop'): Promise<void> {
    await Promise.all(upTo(count).map(() => store.events.append(newStatusEvent({ project }))));
  }

  it('numbers the next events when those before were handed on', async () => {
    const handedOn = createDeferred<null>();
    const batches: number[] = [];
    const one = create('one', {
      ...store.events,
      number: async (...given) => {
        const events = await store.events.number(...given);
        batches.push(events?.length ?? -1);
        return events;
      },
    });
    one.handOn = () => handedOn.promise;
    one.sequencer.start();
    await append(2);
    await settled();
    await append(3);
    await settled();
    expect(batches).to.deep.equal([2]);
    handedOn.resolve(null);
    await settled();
    expect(batches).to.deep.equal([2, 3]);
  });

  it('numbers what enters at once, and what was there before it started', async () => {
    const one = create('one');
    await append(2);
    one.sequencer.start();
    await settled();
    expect(sequencesOf(one.numbered)).to.deep.equal([1, 2]);
    await append(1);
    await settled();
    expect(sequencesOf(one.numbered)).to.deep.equal([1, 2, 3]);
    expect(meter.counts()).to.deep.equal({ 'events-numbered': 3 });
  });

  it('hands on more than a batch in order', async () => {
    const one = create('one');
    one.sequencer.start();
    await append(600);
    await settled(60);
    expect(sequencesOf(one.numbered)).to.deep.equal(upTo(600));
  });

  it('numbers what another instance let in within a second', async () => {
    const one = create('one', { ...store.events, onEntry: () => () => undefined });
    one.sequencer.start();
    await settled();
    await append(1);
    await settled();
    expect(one.numbered).to.be.empty;
    await passTime(clock, 1_000);
    expect(sequencesOf(one.numbered)).to.deep.equal([1]);
  });

  it('tries again when the store fails, and says so', async () => {
    const one = create('one');
    one.sequencer.start();
    isAway = true;
    await append(1);
    await settled();
    expect(logger.sentences('warn')).to.deep.equal(['status events could not be numbered']);
    isAway = false;
    await passTime(clock, 1_000);
    expect(sequencesOf(one.numbered)).to.deep.equal([1]);
  });

  it('is one of several: the others hand on nothing until it lets go of the duty', async () => {
    const [one, other] = [create('one'), create('other')];
    one.sequencer.start();
    await append(1);
    await settled();
    other.sequencer.start();
    await append(2);
    await settled();
    await passTime(clock, 5_000);
    expect(sequencesOf(one.numbered)).to.deep.equal([1, 2, 3]);
    expect(other.numbered).to.be.empty;
    await one.sequencer.stop();
    await one.duty.release();
    await append(1);
    await settled();
    expect(sequencesOf(other.numbered)).to.deep.equal([4]);
  });

  it('takes over from one that died when its lease is over, and goes on with the next number', async () => {
    const one = create('one');
    one.sequencer.start();
    await append(2);
    await settled();
    // Killed: it does nothing more, and lets go of nothing.
    await one.sequencer.stop();
    const other = create('other');
    other.sequencer.start();
    await append(1);
    await passTime(clock, 29_000, { stepMs: 1_000 });
    expect(other.numbered).to.be.empty;
    await passTime(clock, 2_000);
    expect(sequencesOf(other.numbered)).to.deep.equal([3]);
  });

  it('numbers nothing when it wakes up after its duty has passed on', async () => {
    const [one, other] = [create('one'), create('other')];
    one.sequencer.start();
    await append(1);
    await settled();
    // The duty passes on by the clock of the store, while this process believes in its own.
    expect(await one.duty.hold()).to.equal(true);
    await store.events.releaseDuty('one');
    expect(await other.duty.hold()).to.equal(true);
    await append(1);
    await settled();
    expect(sequencesOf(one.numbered)).to.deep.equal([1]);
    other.sequencer.start();
    await settled();
    expect(sequencesOf(other.numbered)).to.deep.equal([2]);
  });

  it('ends after the present batch; what has no number yet keeps its place', async () => {
    const one = create('one');
    one.sequencer.start();
    await settled();
    const appended = append(600);
    await one.sequencer.stop();
    await appended;
    const before = one.numbered.length;
    expect(before).to.be.lessThan(600);
    await passTime(clock, 5_000);
    expect(one.numbered).to.have.lengthOf(before);
    expect(clock.pending).to.equal(0);
    await one.duty.release();
    const other = create('other');
    other.sequencer.start();
    await settled(60);
    expect(sequencesOf([...one.numbered, ...other.numbered])).to.deep.equal(upTo(600));
  });
});

describe('the duty of the sequencer', () => {
  let clock: ManualClock;
  let store: Store;
  beforeEach(() => {
    clock = createManualClock(1_700_000_000_000);
    store = openMemoryStore(clock);
  });
  afterEach(() => store.close());

  it('is asked for once, and renewed after half of its lease', async () => {
    let claims = 0;
    const log: Pick<EventLog, 'claimDuty' | 'releaseDuty'> = {
      ...store.events,
      claimDuty: (...given) => {
        claims += 1;
        return store.events.claimDuty(...given);
      },
    };
    const duty = createSequencerDuty({ log, owner: 'one', clock });
    expect(await Promise.all([duty.hold(), duty.hold(), duty.hold()])).to.deep.equal([true, true, true]);
    clock.advance(14_999);
    await duty.hold();
    expect(claims).to.equal(1);
    clock.advance(1);
    expect(await duty.hold()).to.equal(true);
    expect(claims).to.equal(2);
    duty.lost();
    await duty.hold();
    expect(claims).to.equal(3);
  });

  it('is let go once, by who has it', async () => {
    const [one, other] = ['one', 'other'].map((owner) =>
      createSequencerDuty({ log: store.events, owner, clock }),
    );
    await one!.hold();
    expect(await other!.hold()).to.equal(false);
    await other!.release();
    expect(await other!.hold()).to.equal(false);
    await one!.release();
    // Who was refused does not ask at once.
    expect(await other!.hold()).to.equal(false);
    clock.advance(1_000);
    expect(await other!.hold()).to.equal(true);
  });

  it('that could not be asked for is asked for again', async () => {
    let isAway = true;
    const log: Pick<EventLog, 'claimDuty' | 'releaseDuty'> = {
      ...store.events,
      claimDuty: (...given) =>
        isAway ? Promise.reject(new ReplytoError('STORE_UNAVAILABLE')) : store.events.claimDuty(...given),
    };
    const duty = createSequencerDuty({ log, owner: 'one', clock });
    const failure = await duty.hold().then(
      () => null,
      (error: unknown) => error,
    );
    expect(failure).to.be.instanceOf(ReplytoError);
    isAway = false;
    expect(await duty.hold()).to.equal(true);
  });
});
