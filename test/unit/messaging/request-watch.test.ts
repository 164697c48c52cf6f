import { expect } from 'chai';
import type { RequestRecord } from '#core/request.js';
import type { RequestChange, RequestWatch } from '#messaging/request-watch.js';
import { createRequestWatch } from '#messaging/request-watch.js';
import { settled } from '../../support/event-loop.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';

function change(id: string, status: RequestRecord['status'] = 'replied'): RequestChange {
  return { record: { id, status } as RequestRecord, reply: null };
}

describe('the watch of requests', () => {
  let clock: ManualClock;
  let watch: RequestWatch;

  beforeEach(() => {
    clock = createManualClock();
    watch = createRequestWatch(clock);
  });

  const nextReply = (id: string, waitMs = 1_000, signal?: AbortSignal): Promise<RequestChange | null> =>
    watch.wait(id, ({ record }) => record.status === 'replied', { waitMs, signal }).outcome;

  const left = (): number[] => [watch.size, clock.pending];

  it('ends a wait with the first change that satisfies it', async () => {
    const waiting = nextReply('a');
    watch.notify(change('a', 'sent'));
    watch.notify(change('b'));
    const wanted = change('a');
    watch.notify(wanted);
    watch.notify(change('a'));
    expect(await waiting).to.equal(wanted);
    expect(left()).to.deep.equal([0, 0]);
  });

  it('ends every wait for the same request', async () => {
    const waits = [nextReply('a'), nextReply('a'), nextReply('a')];
    expect(watch.size).to.equal(3);
    watch.notify(change('a'));
    expect((await Promise.all(waits)).every((ended) => ended !== null)).to.equal(true);
    expect(left()).to.deep.equal([0, 0]);
  });

  it('ends a wait at its deadline, not before', async () => {
    let ended: RequestChange | null | undefined;
    void nextReply('a', 1_000).then((result) => (ended = result));
    clock.advance(999);
    await settled();
    expect(ended).to.equal(undefined);
    clock.advance(1);
    await settled();
    expect(ended).to.equal(null);
    expect(left()).to.deep.equal([0, 0]);
  });

  it('ends a wait when its caller hangs up, and waits not at all for one who has', async () => {
    const caller = new AbortController();
    const waiting = nextReply('a', 1_000, caller.signal);
    caller.abort();
    expect(await waiting).to.equal(null);
    expect(await nextReply('a', 1_000, caller.signal)).to.equal(null);
    expect(left()).to.deep.equal([0, 0]);
  });

  it('ends a wait when whoever began it says so, once, and not what came before', async () => {
    const waiting = watch.wait('a', () => true, { waitMs: 1_000 });
    waiting.end();
    waiting.end();
    watch.notify(change('a'));
    expect(await waiting.outcome).to.equal(null);
    const changed = watch.wait('a', () => true, { waitMs: 1_000 });
    watch.notify(change('a'));
    changed.end();
    expect(await changed.outcome).to.deep.equal(change('a'));
    expect(left()).to.deep.equal([0, 0]);
  });

  it('does not wait for 0 ms', async () => {
    expect(await nextReply('a', 0)).to.equal(null);
    expect(left()).to.deep.equal([0, 0]);
  });

  it('ends every wait when it stops, and those that begin afterwards', async () => {
    const waits = [nextReply('a'), nextReply('b')];
    watch.stop();
    expect(await Promise.all(waits)).to.deep.equal([null, null]);
    expect(await nextReply('c')).to.equal(null);
    expect(left()).to.deep.equal([0, 0]);
  });

  it('tells listeners of every change until they leave, each for itself', () => {
    const heard: string[] = [];
    const leaveFirst = watch.watch('a', ({ record }) => heard.push(`first ${record.status}`));
    const leaveSecond = watch.watch('a', ({ record }) => heard.push(`second ${record.status}`));
    watch.notify(change('a', 'sent'));
    leaveFirst();
    leaveFirst();
    watch.notify(change('a'));
    leaveSecond();
    watch.notify(change('a'));
    expect(heard).to.deep.equal(['first sent', 'second sent', 'second replied']);
    expect(left()).to.deep.equal([0, 0]);
  });

  it('lets a listener leave or join while others are told', () => {
    const heard: string[] = [];
    const leave = watch.watch('a', () => {
      leave();
      watch.watch('a', () => heard.push('late'));
      heard.push('first');
    });
    watch.watch('a', () => heard.push('second'));
    watch.notify(change('a'));
    expect(heard).to.deep.equal(['first', 'second']);
    expect(watch.size).to.equal(2);
  });

  it('leaves nothing after 1,000 waits that ended in different ways', async () => {
    const callers = Array.from({ length: 1_000 }, () => new AbortController());
    const waits = callers.map(({ signal }, index) => nextReply(`${index % 10}`, 100 + index, signal));
    callers.slice(0, 300).forEach((caller) => caller.abort());
    for (let id = 0; id < 5; id += 1) watch.notify(change(`${id}`));
    clock.advance(2_000);
    await Promise.all(waits);
    expect(left()).to.deep.equal([0, 0]);
  });
});
