import { expect } from 'chai';
import { createManualClock } from '#testing/manual-clock.js';

describe('the manual clock', () => {
  it('stands still until it is moved', () => {
    const clock = createManualClock(1_000);
    let calls = 0;
    clock.after(0, () => (calls += 1));
    expect([clock.now(), clock.monotonic(), calls]).to.deep.equal([1_000, 1_000, 0]);
    clock.advance(0);
    expect(calls).to.equal(1);
  });

  it('calls what becomes due in order, what that starts as well, and nothing that was cancelled', () => {
    const clock = createManualClock();
    const called: string[] = [];
    clock.after(30, () => called.push(`third at ${clock.now()}`));
    clock.after(10, () => {
      called.push(`first at ${clock.now()}`);
      clock.after(10, () => called.push(`second at ${clock.now()}`));
    });
    const cancel = clock.after(15, () => called.push('cancelled'));
    cancel();
    clock.after(41, () => called.push('too late'));
    clock.advance(40);
    expect(called).to.deep.equal(['first at 10', 'second at 20', 'third at 30']);
    expect(clock.now()).to.equal(40);
    expect(clock.pending).to.equal(1);
  });

  it('says when the next timer is due', () => {
    const clock = createManualClock(5);
    expect(clock.nextAt).to.equal(undefined);
    clock.after(20, () => undefined);
    const cancel = clock.after(10, () => undefined);
    expect(clock.nextAt).to.equal(15);
    cancel();
    expect(clock.nextAt).to.equal(25);
  });
});
