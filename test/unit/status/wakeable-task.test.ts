import { expect } from 'chai';
import type { WakeableTask } from '#status/wakeable-task.js';
import { createWakeableTask } from '#status/wakeable-task.js';
import { settled } from '../../support/event-loop.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';

describe('a wakeable task', () => {
  let clock: ManualClock;
  let task: WakeableTask;
  /** Ends of the runs, in the order in which they began. */
  let runs: { done: () => void; fail: (error: Error) => void }[];
  let failures: unknown[];
  beforeEach(() => {
    clock = createManualClock();
    runs = [];
    failures = [];
    task = createWakeableTask({
      run: () =>
        new Promise<void>((resolve, reject) => {
          runs.push({ done: resolve, fail: reject });
        }),
      onFailure: (error) => failures.push(error),
      everyMs: 1_000,
      clock,
    });
  });

  it('runs at its start, when somebody calls, and now and then by itself', async () => {
    task.start();
    expect(runs).to.have.lengthOf(1);
    runs[0]!.done();
    await settled();
    task.wake();
    expect(runs).to.have.lengthOf(2);
    runs[1]!.done();
    await settled();
    clock.advance(999);
    expect(runs).to.have.lengthOf(2);
    clock.advance(1);
    expect(runs).to.have.lengthOf(3);
  });

  it('runs once at a time, and once more for all calls during a run', async () => {
    task.start();
    for (let call = 0; call < 5; call += 1) task.wake();
    await settled();
    expect(runs).to.have.lengthOf(1);
    runs[0]!.done();
    await settled();
    expect(runs).to.have.lengthOf(2);
    runs[1]!.done();
    await settled();
    expect(runs).to.have.lengthOf(2);
  });

  it('tells of a failure and runs again', async () => {
    task.start();
    const failure = new Error('the store is away');
    runs[0]!.fail(failure);
    await settled();
    expect(failures).to.deep.equal([failure]);
    clock.advance(1_000);
    expect(runs).to.have.lengthOf(2);
  });

  it('ends with the present run, whatever is called, and leaves no timer', async () => {
    task.start();
    task.wake();
    let hasStopped = false;
    const stopped = task.stop().then(() => (hasStopped = true));
    await settled();
    expect(hasStopped).to.equal(false);
    runs[0]!.done();
    await stopped;
    task.wake();
    clock.advance(5_000);
    await settled();
    expect([runs.length, clock.pending]).to.deep.equal([1, 0]);
  });

  it('that was never started does nothing, and stops', async () => {
    task.wake();
    await task.stop();
    expect([runs.length, clock.pending]).to.deep.equal([0, 0]);
  });
});
