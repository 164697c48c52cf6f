import { expect } from 'chai';
import type { Case } from '../messaging/case.js';
import type { StoreBench } from './bench.js';
import { leaseMs } from './bench.js';
import { createEventBench, newEvent } from './event-bench.js';

/** Who numbers and publishes, and what is published. */
export function eventDutyCases(test: Case, bench: StoreBench): void {
  const { append, appendMany, log, number } = createEventBench(bench);

  test('lets one at a time number, until its lease is over', async () => {
    await append(newEvent('shop'));
    expect(await log().number('a', 10)).to.equal(null);
    expect(await log().claimDuty('a', leaseMs)).to.equal(true);
    expect(await log().claimDuty('b', leaseMs)).to.equal(false);
    expect(await log().number('b', 10)).to.equal(null);
    bench.clock.advance(leaseMs);
    expect(await log().number('a', 10)).to.equal(null);
    expect(await log().claimDuty('b', leaseMs)).to.equal(true);
    expect(await log().claimDuty('a', leaseMs)).to.equal(false);
    expect(await log().number('b', 10)).to.have.length(1);
    await log().releaseDuty('a');
    expect(await log().claimDuty('a', leaseMs)).to.equal(false);
    await log().releaseDuty('b');
    expect(await log().claimDuty('a', leaseMs)).to.equal(true);
  });

  test('gives the duty to another when the clock was set back by more than a lease', async () => {
    bench.clock.advance(3_600_000);
    expect(await log().claimDuty('a', leaseMs)).to.equal(true);
    bench.clock.advance(-3_600_000);
    expect(await log().claimDuty('b', leaseMs)).to.equal(true);
  });

  test('knows what the topic of a project lacks', async () => {
    const lacking = (published: number, last: number): unknown[] => [{ project: 'shop', published, last }];
    await appendMany('shop', 3);
    await number();
    expect(await log().unpublished(10)).to.deep.equal(lacking(0, 3));
    await log().markPublished('shop', 2);
    await log().markPublished('shop', 1);
    expect(await log().unpublished(10)).to.deep.equal(lacking(2, 3));
    await log().markPublished('shop', 3);
    expect(await log().unpublished(10)).to.deep.equal([]);
    await append(newEvent('shop'));
    await number();
    expect(await log().unpublished(10)).to.deep.equal(lacking(3, 4));
    expect(await log().unpublished(10, { except: ['shop'] })).to.deep.equal([]);
    expect(await log().unpublished(10, { except: ['mine'] })).to.have.length(1);
  });

  test('gives the projects whose topics lack events one after the other, each once', async () => {
    const names = ['d', 'a', 'ü', 'A', '語', 'c', 'b 2', 'b', '0'];
    for (const name of names) await append(newEvent(name));
    await number();
    await log().markPublished('c', 1);
    const all = (await log().unpublished(100)).map(({ project }) => project);
    expect(all).to.have.members(names.filter((name) => name !== 'c'));
    const one = async (after: string): Promise<string[]> =>
      (await log().unpublished(1, { after })).map(({ project }) => project);
    for (const [index, name] of all.entries()) {
      expect(await one(name), name).to.deep.equal(all.slice(index + 1, index + 2));
    }
    const rest = await log().unpublished(2, { after: all[1]!, except: [all[2]!] });
    expect(rest.map(({ project }) => project)).to.deep.equal(all.slice(3, 5));
  });
}
