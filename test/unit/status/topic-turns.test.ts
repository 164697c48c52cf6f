/** Whose topic is published when there are more than there is room for. */
import { expect } from 'chai';
import { passTime, settled } from '../../support/event-loop.js';
import { upTo } from '../../support/status-bench.js';
import { publisherBench } from './publisher-bench.js';

const minuteMs = 60_000;

describe('the turns of status topics', () => {
  const bench = publisherBench();
  const { tell, written, unpublished } = bench;

  const names = (count: number, name: string): string[] =>
    upTo(count).map((index) => `${name}-${String(index).padStart(3, '0')}`);

  /** Frames that wait for their receipt, as the broker got them. */
  const held = new Set<(typeof bench.channel.sent)[number]>();
  beforeEach(() => held.clear());

  /** The broker withholds the receipts of these projects, all of them unless said otherwise. */
  function holdReceipts(isHeld = (_project: string): boolean => true): void {
    bench.channel.always((frame) => {
      if (!isHeld(frame.destination.name.slice('status.'.length))) return 'confirm';
      held.add(frame);
      return 'hold';
    });
  }

  /** Confirms the page that was written first. Returns its project. */
  async function confirmOldest(): Promise<string> {
    const [oldest] = held;
    if (oldest === undefined) return expect.fail('nothing waits for a receipt');
    const { name } = oldest.destination;
    for (const frame of [...held].filter(({ destination }) => destination.name === name)) {
      held.delete(frame);
      frame.answer('confirm');
    }
    await settled();
    return name.slice('status.'.length);
  }

  it('come to a project with one event while eight others have more than enough', async () => {
    const busy = names(8, 'busy');
    for (const project of busy) await tell(200, { project });
    holdReceipts();
    bench.create().start();
    await settled();
    expect(bench.channel.pending).to.equal(8 * 64);
    await tell(1, { project: 'zebra' });
    for (let page = 0; page < 9 && written('zebra').length === 0; page += 1) await confirmOldest();
    expect(written('zebra')).to.deep.equal([1]);
    for (const project of busy) expect(written(project), project).to.have.length.below(200);
    for (let page = 0; page < 100 && held.size > 0; page += 1) await confirmOldest();
    for (const project of busy) expect(written(project), project).to.deep.equal(upTo(200));
    expect(await unpublished()).to.be.empty;
  });

  it('come to all projects, whatever their names, though each has its next event as soon as one is published', async () => {
    const projects = names(200, 'p');
    for (const project of projects) await tell(1, { project });
    holdReceipts();
    const publisher = bench.create();
    publisher.start();
    await settled();
    const turns: string[] = [];
    while (turns.length < 3 * projects.length) {
      const project = await confirmOldest();
      turns.push(project);
      await tell(1, { project });
      publisher.wake();
      // Now and then what was confirmed is noted.
      await passTime(bench.clock, 20, { stepMs: 20 });
    }
    for (const round of [0, 1, 2]) {
      const ofRound = turns.slice(round * projects.length, (round + 1) * projects.length);
      expect(ofRound, `round ${round + 1}`).to.deep.equal(projects);
    }
  });

  it('are not held up by ten topics that confirm nothing; these are tried in turn, and go on once they take events again', async () => {
    const full = names(10, 'full');
    for (const project of full) await tell(3, { project });
    let areFull = true;
    bench.channel.always(({ destination }) =>
      areFull && destination.name.startsWith('status.full') ? 'hold' : 'confirm',
    );
    // As a broker that beats, and sends no receipts to these.
    bench.channel.onSend((frame) => {
      if (!areFull || !frame.destination.name.startsWith('status.full')) return;
      bench.clock.after(minuteMs / 2, () => frame.answer('RECEIPT_TIMEOUT'));
    });
    const publisher = bench.create();
    publisher.start();
    // Each of them has failed once then.
    await passTime(bench.clock, minuteMs + 10_000);
    const triesOf = (project: string): number => written(project).length;
    const before = full.map(triesOf);
    for (const sequence of upTo(300)) {
      await tell(1, { project: 'zebra' });
      publisher.wake();
      await settled();
      expect(written('zebra')).to.deep.equal(upTo(sequence));
      await passTime(bench.clock, 1_000, { stepMs: 1_000 });
    }
    for (const [index, project] of full.entries()) {
      // Two at a time, for 30 s each: ten of them take 150 s.
      expect(triesOf(project) - before[index]!, project).to.be.within(1, 3);
      expect(new Set(written(project).slice(3)), project).to.deep.equal(new Set([1]));
    }
    areFull = false;
    await passTime(bench.clock, minuteMs, { stepMs: 1_000 });
    for (const project of full) expect(written(project).slice(-3), project).to.deep.equal([1, 2, 3]);
    expect(await unpublished()).to.be.empty;
  });

  it('are not held up by ten topics that take an event every five seconds, and these go on meanwhile', async () => {
    const slow = names(10, 'slow');
    for (const project of slow) await tell(100, { project });
    holdReceipts((project) => project.startsWith('slow'));
    bench.channel.onSend((frame) => {
      bench.clock.after(minuteMs / 2, () => {
        if (held.delete(frame)) frame.answer('RECEIPT_TIMEOUT');
      });
    });
    let taken = 0;
    /** The broker makes room for one event of each topic. */
    function takeOneOfEach(): void {
      const first = new Map([...held].reverse().map((frame) => [frame.destination.name, frame]));
      taken += first.size;
      for (const frame of first.values()) {
        held.delete(frame);
        frame.answer('confirm');
      }
    }
    const publisher = bench.create();
    publisher.start();
    let before = 0;
    for (const second of upTo(370)) {
      if (second % 5 === 0) takeOneOfEach();
      await passTime(bench.clock, 1_000, { stepMs: 1_000 });
      // Each of them has failed once then.
      if (second === 70) before = taken;
      if (second <= 70) continue;
      await tell(1, { project: 'zebra' });
      publisher.wake();
      await settled();
      expect(written('zebra')).to.deep.equal(upTo(second - 70));
    }
    // Two topics at a time take one each whenever there is room.
    expect(taken - before).to.be.within(100, 120);
    bench.channel.always('confirm');
    for (const frame of [...held]) frame.answer('confirm');
    await passTime(bench.clock, minuteMs / 2, { stepMs: 1_000 });
    for (const project of slow) expect(new Set(written(project)), project).to.have.all.keys(upTo(100));
    expect(await unpublished()).to.be.empty;
  });

  it('bring a topic that was full one event, then twice as many each time, until it took as many as any other', async () => {
    await tell(300);
    bench.channel.always('BROKER_FULL');
    bench.create().start();
    await settled();
    holdReceipts();
    const sizes: number[] = [];
    await passTime(bench.clock, 5_000);
    while (sizes.length < 5) {
      sizes.push(held.size);
      await confirmOldest();
    }
    // Full again.
    sizes.push(held.size);
    for (const frame of [...held].slice(3)) {
      held.delete(frame);
      frame.answer('BROKER_FULL');
    }
    await confirmOldest();
    expect(held.size).to.equal(0);
    await passTime(bench.clock, 5_000);
    while (held.size > 0) {
      sizes.push(held.size);
      await confirmOldest();
    }
    expect(sizes).to.deep.equal([1, 2, 4, 8, 16, 32, 1, 2, 4, 8, 16, 32, 64, 64, 64, 11]);
    expect(await unpublished()).to.be.empty;
  });

  it('come at once again to a topic that was full and took all there was', async () => {
    await tell(2);
    bench.channel.always('BROKER_FULL');
    const publisher = bench.create();
    publisher.start();
    await settled();
    bench.channel.always('confirm');
    await passTime(bench.clock, 5_000);
    expect(written().slice(2)).to.deep.equal([1, 2]);
    holdReceipts();
    await tell(10);
    publisher.wake();
    await settled();
    expect(written().slice(4)).to.deep.equal(upTo(12, 3));
  });

  it('come later to a topic whose missing receipt ended the connection, and at once to those that shared it', async () => {
    await tell(2, { project: 'full' });
    await tell(2);
    holdReceipts();
    bench.create().start();
    await settled();
    expect(written('full')).to.deep.equal([1, 2]);
    bench.channel.sentTo('status.full')[0]!.answer('RECEIPT_TIMEOUT');
    bench.channel.down();
    await settled();
    bench.channel.always('confirm');
    bench.channel.up();
    await settled();
    expect([written(), written('full')]).to.deep.equal([
      [1, 2, 1, 2],
      [1, 2],
    ]);
    await passTime(bench.clock, 5_000);
    expect(written('full')).to.deep.equal([1, 2, 1, 2]);
    expect(await unpublished()).to.be.empty;
  });

  it('begin anew, from what the log says, after another instance had the duty', async () => {
    let isMine = true;
    await tell(3);
    bench.channel.next('confirm');
    bench.channel.always('BROKER_FULL');
    bench.create({ log: { claimDuty: () => Promise.resolve(isMine) } }).start();
    await settled();
    expect(written()).to.deep.equal([1, 2, 3]);
    isMine = false;
    // It asks again when half of its lease is over.
    await passTime(bench.clock, 20_000);
    const tried = written().length;
    await passTime(bench.clock, 20_000);
    expect(written()).to.have.length(tried);
    await bench.store.events.markPublished('shop', 2);
    isMine = true;
    bench.channel.always('confirm');
    await passTime(bench.clock, 2_000);
    expect(written().slice(tried)).to.deep.equal([3]);
    expect(await unpublished()).to.be.empty;
  });
});
