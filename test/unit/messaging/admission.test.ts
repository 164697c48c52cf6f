import { expect } from 'chai';
import { ReplytoError } from '#core/errors.js';
import type { RequestCounts } from '#core/ports/request-store.js';
import type { Admission, AdmissionOptions } from '#messaging/admission.js';
import { createAdmission, mostQueues } from '#messaging/admission.js';
import { easyAdmission } from '../../support/admission.js';
import { rejectionOf, thrownBy } from '../../support/errors.js';
import { passTime } from '../../support/event-loop.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import type { RecordingLogger } from '../../support/recording.js';
import { createRecordingLogger } from '../../support/recording.js';

const asked = (
  postedBy: string | null = null,
  queue = 'orders',
): { postedBy: string | null; queue: string } => ({
  postedBy,
  queue,
});

describe('admission', () => {
  let clock: ManualClock;
  let logger: RecordingLogger;
  let stored: Map<string, RequestCounts>;
  let ofNames: Map<string, number>;
  let isBroken: boolean;
  let isUp: boolean;
  let admission: Admission;

  function create(options: Partial<AdmissionOptions> = {}): Admission {
    const store = {
      countsByQueue: () => (isBroken ? Promise.reject(new Error('away')) : Promise.resolve(stored)),
      countsByName: () => Promise.resolve(ofNames),
    };
    return createAdmission({ ...easyAdmission, store, clock, logger, isUp: () => isUp, ...options });
  }

  beforeEach(() => {
    clock = createManualClock();
    logger = createRecordingLogger();
    stored = new Map();
    ofNames = new Map();
    isBroken = false;
    isUp = true;
    admission = create({ maxPending: 4, maxUnsent: 2 });
  });
  afterEach(() => admission.stop());

  function accept(count: number, ...of: Parameters<typeof asked>): void {
    for (let turn = 0; turn < count; turn += 1) {
      admission.accepted(asked(...of));
      admission.sent();
    }
  }

  function end(count: number, ...of: Parameters<typeof asked>): void {
    for (let turn = 0; turn < count; turn += 1) admission.ended(asked(...of));
  }

  const refusal = (...of: Parameters<typeof asked>): ReplytoError =>
    thrownBy(() => admission.check(asked(...of)));

  it('lets requests in below all limits', () => {
    admission.accepted(asked());
    admission.check(asked());
    expect(admission.counts()).to.deep.equal({ pending: 1, unsent: 1 });
  });

  it('refuses with OUTBOX_FULL while too many wait for the broker', () => {
    admission.accepted(asked());
    admission.accepted(asked());
    const error = refusal();
    expect(error).to.include({ code: 'OUTBOX_FULL', retryable: true });
    expect(error.message).to.equal('2 requests wait for the broker; the limit is 2');
    admission.sent();
    admission.check(asked());
  });

  it('lets several in at once only when there is room for all of them', () => {
    const check = (children: number): void =>
      admission.check(
        asked(),
        Array.from({ length: children }, () => asked(null, 'of a child')),
      );
    check(2);
    const unsent = thrownBy(() => check(3));
    expect(unsent.code).to.equal('OUTBOX_FULL');
    expect(unsent.message).to.include('0 requests wait for the broker and 3 are to come; the limit is 2');
    admission.opened(asked());
    expect(admission.counts()).to.deep.equal({ pending: 1, unsent: 0 });
    check(2);
    admission.opened(asked());
    expect(thrownBy(() => check(2)).code).to.equal('TOO_MANY_PENDING');
    admission.check(asked());
  });

  it('holds all children of one request to the limit of their queue together', () => {
    admission = create({ maxPending: 100, maxUnsent: 100, maxPendingOf: () => 3 });
    accept(2, null, 'slow');
    admission.check(asked(), [asked(null, 'slow'), asked(null, 'other')]);
    const error = thrownBy(() => admission.check(asked(), [asked(null, 'slow'), asked(null, 'slow')]));
    expect(error).to.include({ code: 'TOO_MANY_PENDING', destination: 'slow' });
  });

  it('refuses with TOO_MANY_PENDING while too many are open', () => {
    accept(4);
    const error = refusal();
    expect(error).to.include({ code: 'TOO_MANY_PENDING', retryable: true });
    expect(error.message).to.equal('4 requests are open; the limit is 4');
    end(1);
    admission.check(asked());
  });

  it('refuses with TOO_MANY_PENDING a name that has half of the limit, and no other', async () => {
    accept(2, 'shop');
    accept(1, 'bank');
    const error = refusal('shop');
    expect(error.code).to.equal('TOO_MANY_PENDING');
    expect(error.message).to.equal(
      "2 requests are open for 'shop'; of 4 in all a name gets no more than it leaves to others",
    );
    for (const name of ['other', null]) admission.check(asked(name));
    end(1, 'shop');
    admission.check(asked('shop'));
    stored = new Map([['orders', { pending: 3, unsent: 0 }]]);
    ofNames = new Map([['bank', 3]]);
    await admission.start();
    admission.check(asked('shop'));
    expect(refusal('bank').code).to.equal('TOO_MANY_PENDING');
  });

  it('never counts below zero', () => {
    admission.sent();
    admission.ended(asked());
    expect(admission.counts()).to.deep.equal({ pending: 0, unsent: 0 });
  });

  describe('of one queue', () => {
    beforeEach(() => {
      admission = create({ maxPendingOf: (queue) => (queue === 'slow' ? 2 : 3) });
    });

    it('refuses with TOO_MANY_PENDING what names the full queue, and nothing else', () => {
      accept(2, null, 'slow');
      const error = refusal('shop', 'slow');
      expect(error).to.include({ code: 'TOO_MANY_PENDING', destination: 'slow' });
      expect(error.message).to.equal("2 requests are open for queue 'slow'; its limit is 2");
      admission.check(asked(null, 'other'));
      end(1, null, 'slow');
      admission.check(asked(null, 'slow'));
    });

    it('takes the true counts, and asks for a limit again only when a queue comes back', async () => {
      const limitsAsked: string[] = [];
      admission = create({
        maxPendingOf(queue) {
          limitsAsked.push(queue);
          return 3;
        },
      });
      stored = new Map([['slow', { pending: 3, unsent: 0 }]]);
      await admission.start();
      expect(refusal(null, 'slow').code).to.equal('TOO_MANY_PENDING');
      accept(2, null, 'quick');
      end(2, null, 'quick');
      accept(1, null, 'quick');
      stored = new Map();
      await passTime(clock, 10_000, { stepMs: 1_000 });
      admission.check(asked(null, 'slow'));
      accept(1, null, 'slow');
      expect(limitsAsked).to.deep.equal(['slow', 'quick', 'slow']);
    });

    it('counts so many queues and no more, those with the most open requests first', async () => {
      stored = new Map(
        Array.from({ length: mostQueues + 10 }, (_, index) => [
          `q-${index}`,
          { pending: 1 + index, unsent: 0 },
        ]),
      );
      admission = create({ maxPending: Number.MAX_SAFE_INTEGER, maxPendingOf: () => 1 });
      await admission.start();
      expect(refusal(null, 'q-10').code).to.equal('TOO_MANY_PENDING');
      admission.check(asked(null, 'q-9'));
      accept(1, null, 'q-9');
      admission.check(asked(null, 'q-9'));
      stored = new Map([['q-9', { pending: 11, unsent: 0 }]]);
      await passTime(clock, 10_000, { stepMs: 1_000 });
      expect(refusal(null, 'q-9').code).to.equal('TOO_MANY_PENDING');
    });
  });

  describe('tells when to come back', () => {
    it('not, before it has counted for a second', () => {
      accept(4);
      expect(refusal().retryAfterSeconds).to.equal(undefined);
    });

    it('after the time in which one request of the queue ends', async () => {
      admission = create({ maxPendingOf: () => 10 });
      await admission.start();
      accept(12, null, 'slow');
      accept(100, null, 'quick');
      await passTime(clock, 4_000, { stepMs: 1_000 });
      end(2, null, 'slow');
      end(90, null, 'quick');
      // Every two seconds one.
      expect(refusal(null, 'slow').retryAfterSeconds).to.equal(2);
      await passTime(clock, 6_000, { stepMs: 1_000 });
    });

    it('after the longest time where nothing ends', async () => {
      await admission.start();
      accept(4);
      await passTime(clock, 2_000);
      expect(refusal().retryAfterSeconds).to.equal(48);
      admission.stop();
      admission = create({ maxPending: 4, random: () => 0.99 });
      accept(4);
      clock.advance(2_000);
      expect(refusal().retryAfterSeconds).to.equal(60);
    });

    it('to a name that has its share by its part of all that ends', () => {
      admission = create({ maxPending: 40 });
      accept(20, 'shop');
      accept(10, 'bank');
      clock.advance(10_000);
      end(5, 'shop');
      end(5, 'bank');
      accept(5, 'shop');
      // One in a second ends, of which four fifths are its own.
      expect(refusal('shop').retryAfterSeconds).to.equal(2);
    });

    it('after the time in which one message is sent while the broker is up', () => {
      admission = create({ maxUnsent: 3 });
      for (let turn = 0; turn < 5; turn += 1) admission.accepted(asked());
      clock.advance(6_000);
      admission.sent();
      admission.sent();
      expect(refusal()).to.include({ code: 'OUTBOX_FULL', retryAfterSeconds: 3 });
    });

    it('after as long again as the broker has been away', async () => {
      stored = new Map([['orders', { pending: 2, unsent: 2 }]]);
      await admission.start();
      isUp = false;
      expect(refusal()).to.include({ code: 'OUTBOX_FULL', retryAfterSeconds: 2 });
      await passTime(clock, 25_000, { stepMs: 1_000 });
      expect(refusal().retryAfterSeconds).to.equal(25);
      isUp = true;
      await passTime(clock, 10_000, { stepMs: 1_000 });
      isUp = false;
      expect(refusal().retryAfterSeconds).to.equal(2);
    });

    it('after as long again as the store has been away, and leaves other errors alone', () => {
      const away = new ReplytoError('STORE_UNAVAILABLE', { detail: 'no disk' });
      expect(admission.refused(away)).to.include({
        code: 'STORE_UNAVAILABLE',
        message: 'no disk',
        retryAfterSeconds: 2,
      });
      clock.advance(20_000);
      expect(admission.refused(away)).to.include({ retryAfterSeconds: 20 });
      admission.accepted(asked());
      expect(admission.refused(away)).to.include({ retryAfterSeconds: 2 });
      for (const other of [new ReplytoError('STORE_CORRUPT'), new Error('other')]) {
        expect(admission.refused(other)).to.equal(other);
      }
    });
  });

  describe('of a store that others use, too', () => {
    it('counts again for who would be refused, and not for each of many', async () => {
      stored = new Map([['orders', { pending: 4, unsent: 0 }]]);
      admission = create({ maxPending: 4, isShared: true });
      await admission.start();
      expect(await admission.countAgain()).to.equal(false);
      clock.advance(250);
      stored = new Map([['orders', { pending: 3, unsent: 0 }]]);
      expect(await Promise.all([admission.countAgain(), admission.countAgain()])).to.deep.equal([true, true]);
      admission.check(asked());
      expect(await admission.countAgain()).to.equal(false);
    });

    it('counts no more often where counting takes long', async () => {
      admission = create({
        isShared: true,
        store: {
          countsByQueue() {
            clock.advance(100);
            return Promise.resolve(stored);
          },
          countsByName: () => Promise.resolve(ofNames),
        },
      });
      await admission.start();
      clock.advance(800);
      expect(await admission.countAgain()).to.equal(false);
      clock.advance(200);
      expect(await admission.countAgain()).to.equal(true);
    });

    it('leaves it at the last counts while the store cannot be asked', async () => {
      admission = create({ isShared: true });
      await admission.start();
      clock.advance(1_000);
      isBroken = true;
      expect(await admission.countAgain()).to.equal(false);
    });

    it('does not count again where there is nobody else', async () => {
      await admission.start();
      clock.advance(1_000);
      expect(await admission.countAgain()).to.equal(false);
    });
  });

  it('begins with the true counts and sets itself right every ten seconds', async () => {
    stored = new Map([['orders', { pending: 4, unsent: 1 }]]);
    await admission.start();
    expect(refusal().code).to.equal('TOO_MANY_PENDING');
    stored = new Map([['orders', { pending: 1, unsent: 0 }]]);
    await passTime(clock, 9_000, { stepMs: 1_000 });
    expect(admission.counts()).to.deep.equal({ pending: 4, unsent: 1 });
    await passTime(clock, 1_000);
    expect(admission.counts()).to.deep.equal({ pending: 1, unsent: 0 });
  });

  it('keeps its counts when the store cannot be asked, and goes on asking', async () => {
    await admission.start();
    admission.accepted(asked());
    isBroken = true;
    await passTime(clock, 20_000, { stepMs: 1_000 });
    expect([admission.counts().pending, logger.sentences('warn').length]).to.deep.equal([1, 2]);
    isBroken = false;
    await passTime(clock, 10_000, { stepMs: 1_000 });
    expect(admission.counts().pending).to.equal(0);
  });

  it('does not start without a store, and leaves no timer when it stops', async () => {
    isBroken = true;
    expect(await rejectionOf(admission.start())).to.have.property('message', 'away');
    isBroken = false;
    await admission.start();
    admission.stop();
    expect(clock.pending).to.equal(0);
  });
});
