import { expect } from 'chai';
import type { RequestCounts, RequestStore } from '#core/ports/request-store.js';
import type { Admission } from '#messaging/admission.js';
import { createAdmission } from '#messaging/admission.js';
import { rejectionOf, thrownBy } from '../../support/errors.js';
import { passTime } from '../../support/event-loop.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import type { RecordingLogger } from '../../support/recording.js';
import { createRecordingLogger } from '../../support/recording.js';

describe('admission', () => {
  let clock: ManualClock;
  let logger: RecordingLogger;
  let stored: RequestCounts;
  let ofNames: Map<string, number>;
  let isBroken: boolean;
  let admission: Admission;

  beforeEach(() => {
    clock = createManualClock();
    logger = createRecordingLogger();
    stored = { pending: 0, unsent: 0 };
    ofNames = new Map();
    isBroken = false;
    const counts = (): Promise<RequestCounts> =>
      isBroken ? Promise.reject(new Error('away')) : Promise.resolve(stored);
    const store = { counts, countsByName: () => Promise.resolve(ofNames) } as unknown as RequestStore;
    admission = createAdmission({ store, clock, logger, maxPending: 4, maxUnsent: 2 });
  });
  afterEach(() => admission.stop());

  it('lets requests in below both limits', () => {
    admission.accepted(null);
    admission.check(null);
    expect(admission.counts()).to.deep.equal({ pending: 1, unsent: 1 });
  });

  it('refuses with OUTBOX_FULL while too many wait for the broker', () => {
    admission.accepted(null);
    admission.accepted(null);
    const error = thrownBy(() => admission.check(null));
    expect(error).to.include({ code: 'OUTBOX_FULL', retryable: true });
    expect(error.message).to.equal('2 requests wait for the broker; the limit is 2');
    admission.sent();
    admission.check(null);
  });

  it('lets several in at once only when there is room for all of them', () => {
    admission.check(null, { open: 3, toSend: 2 });
    const unsent = thrownBy(() => admission.check(null, { open: 4, toSend: 3 }));
    expect(unsent.code).to.equal('OUTBOX_FULL');
    expect(unsent.message).to.include('0 requests wait for the broker and 3 are to come; the limit is 2');
    admission.opened(null);
    expect(admission.counts()).to.deep.equal({ pending: 1, unsent: 0 });
    admission.check(null, { open: 3, toSend: 2 });
    admission.opened(null);
    expect(thrownBy(() => admission.check(null, { open: 3, toSend: 2 })).code).to.equal('TOO_MANY_PENDING');
    admission.check(null);
  });

  it('refuses with TOO_MANY_PENDING while too many are open', () => {
    for (let count = 0; count < 4; count += 1) {
      admission.accepted(null);
      admission.sent();
    }
    const error = thrownBy(() => admission.check(null));
    expect(error).to.include({ code: 'TOO_MANY_PENDING', retryable: true });
    expect(error.message).to.equal('4 requests are open; the limit is 4');
    admission.ended(null);
    admission.check(null);
  });

  it('refuses with TOO_MANY_PENDING a name that has half of the limit, and no other', async () => {
    for (const name of ['shop', 'shop', 'bank']) {
      admission.accepted(name);
      admission.sent();
    }
    const error = thrownBy(() => admission.check('shop'));
    expect(error.code).to.equal('TOO_MANY_PENDING');
    expect(error.message).to.equal(
      "2 requests are open for 'shop'; of 4 in all a name gets no more than it leaves to others",
    );
    for (const name of ['other', null]) admission.check(name);
    admission.ended('shop');
    admission.check('shop');
    stored = { pending: 3, unsent: 0 };
    ofNames = new Map([['bank', 3]]);
    await admission.start();
    admission.check('shop');
    expect(thrownBy(() => admission.check('bank')).code).to.equal('TOO_MANY_PENDING');
  });

  it('never counts below zero', () => {
    admission.sent();
    admission.ended(null);
    expect(admission.counts()).to.deep.equal({ pending: 0, unsent: 0 });
  });

  it('begins with the true counts and sets itself right every ten seconds', async () => {
    stored = { pending: 4, unsent: 1 };
    await admission.start();
    expect(thrownBy(() => admission.check(null)).code).to.equal('TOO_MANY_PENDING');
    stored = { pending: 1, unsent: 0 };
    await passTime(clock, 9_000, { stepMs: 1_000 });
    expect(admission.counts()).to.deep.equal({ pending: 4, unsent: 1 });
    await passTime(clock, 1_000);
    expect(admission.counts()).to.deep.equal({ pending: 1, unsent: 0 });
  });

  it('keeps its counts when the store cannot be asked, and goes on asking', async () => {
    await admission.start();
    admission.accepted(null);
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
