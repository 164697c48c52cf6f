import { expect } from 'chai';
import type { Store } from '#adapters/store/store.js';
import type { SentMarks } from '#messaging/sent-marks.js';
import { createSentMarks } from '#messaging/sent-marks.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { settled } from '../../support/event-loop.js';
import { openMemoryStore } from '../../support/memory-store.js';
import type { RecordingLogger } from '../../support/recording.js';
import { createRecordingLogger } from '../../support/recording.js';
import { newRequest } from '../../support/requests.js';

const holdMs = 100;

describe('receipts that are not stored yet', () => {
  let clock: ManualClock;
  let store: Store;
  let logger: RecordingLogger;
  let marks: SentMarks;
  let told: string[];

  beforeEach(() => {
    clock = createManualClock(1_700_000_000_000);
    store = openMemoryStore(clock);
    logger = createRecordingLogger();
    told = [];
    marks = create();
  });
  afterEach(async () => {
    await marks.stop();
    await store.close();
  });

  function create(parts: { markSent?: () => Promise<never> } = {}): SentMarks {
    return createSentMarks({
      ...{ store: { ...store.requests, ...parts }, clock, storeTime: clock, logger, holdMs },
      onMarked: ({ id, status }) => told.push(`${id} ${status}`),
    });
  }

  async function sending(...ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      await store.requests.accept(newRequest({ id }), { owner: 'a', leaseMs: 60_000 });
      marks.sending(id);
    }
  }

  async function statusOf(id: string): Promise<string | undefined> {
    await settled();
    return (await store.requests.find(id))?.status;
  }

  it('are written when no reply has come for a while, with the instant at which they came', async () => {
    await sending('a', 'b');
    await marks.confirmed('a', false);
    const sentAt = clock.now();
    clock.advance(holdMs / 2);
    await marks.confirmed('b', false);
    clock.advance(holdMs / 2 - 1);
    expect([await statusOf('a'), told]).to.deep.equal(['accepted', []]);
    clock.advance(1);
    expect([await statusOf('a'), await statusOf('b')]).to.deep.equal(['sent', 'accepted']);
    expect(await store.requests.find('a')).to.include({ sentAt });
    clock.advance(holdMs / 2);
    expect(await statusOf('b')).to.equal('sent');
    expect(told).to.deep.equal(['a sent', 'b sent']);
  });

  it('are never written when the request has ended before', async () => {
    await sending('a');
    await marks.confirmed('a', false);
    expect(marks.sentAt(['other', 'a'])).to.equal(clock.now());
    marks.ended('a');
    expect(marks.sentAt(['a'])).to.equal(undefined);
    clock.advance(holdMs);
    expect([await statusOf('a'), told]).to.deep.equal(['accepted', []]);
  });

  it('are of no interest when they come after the end', async () => {
    await sending('a');
    marks.ended('a');
    await marks.confirmed('a', false);
    expect(marks.sentAt(['a'])).to.equal(undefined);
    clock.advance(holdMs);
    expect(await statusOf('a')).to.equal('accepted');
  });

  it('are written at once when somebody asks for that, and then not again', async () => {
    await sending('a', 'b');
    await marks.confirmed('a', true);
    await marks.confirmed('b', false);
    await Promise.all([marks.release('b'), marks.release('unknown')]);
    expect(told).to.deep.equal(['a sent', 'b sent']);
    clock.advance(holdMs);
    expect(await statusOf('b')).to.equal('sent');
    expect(told).to.have.length(2);
  });

  it('leave nothing behind when a send failed', async () => {
    await sending('a');
    marks.failed('a');
    await marks.confirmed('a', false);
    clock.advance(holdMs);
    expect([await statusOf('a'), marks.sentAt(['a'])]).to.deep.equal(['accepted', undefined]);
  });

  it('are all written at the stop', async () => {
    await sending('a', 'b');
    await Promise.all([marks.confirmed('a', false), marks.confirmed('b', false)]);
    await marks.stop();
    expect(told).to.deep.equal(['a sent', 'b sent']);
  });

  it('are told of in the log, once for many, when the store does not take them', async () => {
    marks = create({ markSent: () => Promise.reject(new Error('the disk is full')) });
    await sending('a', 'b');
    await Promise.all([marks.confirmed('a', false), marks.confirmed('b', false)]);
    clock.advance(holdMs);
    await settled();
    expect(logger.sentences('warn')).to.deep.equal(['cannot store that requests were sent']);
    expect(marks.sentAt(['a', 'b'])).to.equal(undefined);
  });
});
