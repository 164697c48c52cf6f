import { expect } from 'chai';
import { createInFlight } from '#messaging/in-flight.js';
import { createRefusals } from '#messaging/refusals.js';
import { backoffAfter, retryPolicy } from '#messaging/retry-policy.js';
import { createTimers } from '#messaging/timers.js';
import { createDeferred } from '#core/deferred.js';
import { rejectionOf } from '../../support/errors.js';
import { settled } from '../../support/event-loop.js';
import { createManualClock } from '#testing/manual-clock.js';

describe('the timers of a part', () => {
  it('run a task once, or again and again', async () => {
    const clock = createManualClock();
    const timers = createTimers(clock);
    const ran: string[] = [];
    timers.after(10, () => ran.push('once'));
    timers.every(20, () => void ran.push('again'));
    for (let turn = 0; turn < 6; turn += 1) {
      clock.advance(10);
      await settled();
    }
    expect(ran).to.deep.equal(['once', 'again', 'again', 'again']);
    timers.stop();
    expect(clock.pending).to.equal(0);
  });

  it('begin the next turn only when the task of the last one has ended', async () => {
    const clock = createManualClock();
    const timers = createTimers(clock);
    const task = createDeferred<undefined>();
    let runs = 0;
    timers.every(10, () => {
      runs += 1;
      return task.promise;
    });
    clock.advance(100);
    await settled();
    expect([runs, clock.pending]).to.deep.equal([1, 0]);
    task.resolve(undefined);
    await settled();
    clock.advance(10);
    expect(runs).to.equal(2);
    timers.stop();
  });

  it('make no timer after they were stopped, not even for a task under way', async () => {
    const clock = createManualClock();
    const timers = createTimers(clock);
    const task = createDeferred<undefined>();
    timers.every(10, () => task.promise);
    clock.advance(10);
    timers.stop();
    task.resolve(undefined);
    timers.after(10, () => expect.fail('ran after the stop'));
    await settled();
    expect(clock.pending).to.equal(0);
  });
});

describe('work in flight', () => {
  it('is counted while it runs, whether it succeeds or fails', async () => {
    const inFlight = createInFlight(createManualClock());
    const works = [createDeferred<number>(), createDeferred<number>()];
    const [first, second] = works.map(({ promise }) => inFlight.run(() => promise));
    expect(inFlight.size).to.equal(2);
    works[0]!.resolve(7);
    expect(await first).to.equal(7);
    expect(inFlight.size).to.equal(1);
    works[1]!.reject(new Error('no'));
    expect(await rejectionOf(second!)).to.have.property('message', 'no');
    expect(inFlight.size).to.equal(0);
  });

  it('is idle at once when there is none, else at its end or at the deadline, without a timer left', async () => {
    const clock = createManualClock();
    const inFlight = createInFlight(clock);
    await inFlight.idle(1_000);
    const work = createDeferred<undefined>();
    void inFlight.run(() => work.promise);
    const late = inFlight.idle(1_000);
    clock.advance(1_000);
    await late;
    const inTime = inFlight.idle(1_000);
    work.resolve(undefined);
    await inTime;
    expect(clock.pending).to.equal(0);
  });
});

describe('the refusals of requests', () => {
  it('are counted per request until they are forgotten', () => {
    const refusals = createRefusals();
    expect([refusals.add('a'), refusals.add('b'), refusals.add('a')]).to.deep.equal([1, 1, 2]);
    refusals.forget('a');
    expect([refusals.add('a'), refusals.add('b')]).to.deep.equal([1, 2]);
    refusals.clear();
    expect(refusals.add('b')).to.equal(1);
  });

  it('forget the request that was refused longest ago when there are too many', () => {
    const refusals = createRefusals();
    refusals.add('old');
    refusals.add('refused again');
    for (let number = 0; number < 9_998; number += 1) refusals.add(`${number}`);
    refusals.add('refused again');
    refusals.add('one too many');
    expect([refusals.add('refused again'), refusals.add('old')]).to.deep.equal([3, 1]);
  });
});

describe('the retry policy of a service', () => {
  it('is three runs, 1 s apart, then 2 s, unless said otherwise', () => {
    const policy = retryPolicy();
    expect(policy).to.deep.equal({ attempts: 3, backoffMs: 1_000, maxBackoffMs: 60_000 });
    expect([1, 2, 3].map((attempt) => backoffAfter(policy, attempt))).to.deep.equal([1_000, 2_000, 4_000]);
    expect(retryPolicy({ attempts: 5, backoffMs: 10 })).to.include({ attempts: 5, backoffMs: 10 });
  });

  it('never waits longer than a minute, because the broker waits meanwhile', () => {
    expect(retryPolicy({ maxBackoffMs: 3_600_000 }).maxBackoffMs).to.equal(60_000);
    expect(retryPolicy({ maxBackoffMs: 5_000 }).maxBackoffMs).to.equal(5_000);
    for (const attempt of [7, 100, 1_000_000]) {
      expect(backoffAfter(retryPolicy(), attempt), `${attempt}`).to.equal(60_000);
    }
    expect(backoffAfter(retryPolicy(), 0)).to.equal(1_000);
  });
});
