import { expect } from 'chai';
import { nowUs } from '../../../bench/tools/clock.js';
import { createRecorder } from '../../../bench/status/recorder.js';
import { createAwaySchedule, createSchedule, stepOf, stepText } from '../../../bench/status/schedule.js';

const away = { clients: 1, stepsBefore: 2, leaveAtMs: 100, awayMs: 1_000, stepsAway: 3, quietMs: 500 };

describe('what clients of the status benchmark learn', () => {
  it('counts from the planned instant, for the steps that a later one told of too', () => {
    const recorder = createRecorder([[0, 1_000_000, 2_000_000]]);
    recorder.begin(nowUs() - 10_000_000);
    expect(recorder.learned(0, 2)).to.equal(true);
    const { delays, known, seen, knownAt } = recorder.outcome();
    expect({ known, seen }).to.deep.equal({ known: 2, seen: 1 });
    expect(knownAt[0]!.map((at) => at === null)).to.deep.equal([false, false, true]);
    expect(delays.totalCount, 'the one that nobody learned of has waited too').to.equal(3);
    expect(delays.minNonZeroValue).to.be.within(7_900_000, 8_500_000);
    expect(delays.maxValue).to.be.within(9_900_000, 10_500_000);
  });

  it('tells what is seen again, or too late to be news of the state', () => {
    const recorder = createRecorder([[0, 0]]);
    recorder.begin(nowUs());
    expect([recorder.learned(0, 2), recorder.learned(0, 2), recorder.learned(0, 1)]).to.deep.equal([
      ...[true, false, true],
    ]);
    const { known, seen, repeated } = recorder.outcome();
    expect({ known, seen, repeated }).to.deep.equal({ known: 2, seen: 2, repeated: 1 });
  });

  it('is complete when every step of every client is known', async () => {
    const recorder = createRecorder([[0], [0, 0]]);
    let isComplete = false;
    void recorder.completed.then(() => (isComplete = true));
    recorder.begin(nowUs());
    recorder.learned(0, 1);
    recorder.learned(1, 1);
    await Promise.resolve();
    expect(isComplete).to.equal(false);
    recorder.learned(1, 2);
    await recorder.completed;
    expect(isComplete).to.equal(true);
  });

  it('counts no step from before the start, but takes it for known', async () => {
    const recorder = createRecorder([[-2_000, -1_000, 5_000]]);
    recorder.begin(nowUs());
    expect(recorder.learned(0, 2)).to.equal(true);
    expect(recorder.learned(0, 3)).to.equal(true);
    await recorder.completed;
    const { events, known, seen, delays } = recorder.outcome();
    expect({ events, known, seen, delays: delays.totalCount }).to.deep.equal({
      ...{ events: 1, known: 1, seen: 1, delays: 1 },
    });
  });

  it('refuses a step that the task does not have', () => {
    const recorder = createRecorder([[0]]);
    expect(() => recorder.learned(0, 2)).to.throw('step 2 of 1');
    expect(() => recorder.learned(1, 1)).to.throw('client 1 of 1');
  });
});

describe('the instants of the status benchmark', () => {
  it('are the same for the same seed, others for another, in order, and within the window', () => {
    const create = (seed: number): ReturnType<typeof createSchedule> =>
      createSchedule({ seed, repeat: 1, clients: 20 }, { steps: 5, windowMs: 1_000, leadMs: 0 });
    expect(create(1)).to.deep.equal(create(1)).and.to.not.deep.equal(create(2));
    for (const steps of create(1)) {
      expect(steps).to.have.length(5);
      expect(steps).to.deep.equal([...steps].sort((one, other) => one - other));
      for (const step of steps) expect(step).to.be.within(0, 1_000_000);
    }
  });

  it('are the same whatever steps come before the start, at the same rate', () => {
    const create = (leadMs: number): ReturnType<typeof createSchedule> =>
      createSchedule({ seed: 1, repeat: 2, clients: 200 }, { steps: 4, windowMs: 1_000, leadMs });
    const [without, half, whole] = [create(0), create(500), create(1_000)];
    const counted = (schedule: typeof half): number[][] =>
      schedule.map((steps) => steps.filter((at) => at >= 0));
    expect(counted(half)).to.deep.equal(without);
    expect(counted(whole)).to.deep.equal(without);
    expect(without.flat().every((at) => at >= 0)).to.equal(true);
    expect(half.flat().filter((at) => at < 0)).to.have.length.within(320, 480);
    expect(whole.flat().filter((at) => at < 0)).to.have.length(800);
    expect(Math.min(...half.flat())).to.be.within(-500_000, -400_000);
  });

  it('of clients that go away are before, in the midst of the absence, and after it', () => {
    const [steps = []] = createAwaySchedule({ seed: 1, repeat: 1, clients: 1 }, away);
    expect(steps).to.have.length(6);
    for (const step of steps.slice(0, 2)) expect(step).to.be.within(0, 50_000);
    for (const step of steps.slice(2, 5)) expect(step).to.be.within(200_000, 1_000_000);
    expect(steps[5]).to.equal(1_600_000);
  });

  it('are named in the text of an event, from which clients read them', () => {
    expect(stepOf(stepText(17, 20))).to.equal(17);
    expect([stepOf('almost done'), stepOf(null), stepOf(undefined)]).to.deep.equal([0, 0, 0]);
  });
});
