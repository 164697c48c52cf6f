import { expect } from 'chai';
import type { WaitingSends } from '#adapters/stomp/waiting-sends.js';
import { createWaitingSends } from '#adapters/stomp/waiting-sends.js';

describe('sends that wait', () => {
  let waiting: WaitingSends<string>;
  let taken: string[];
  beforeEach(() => {
    waiting = createWaitingSends();
    taken = [];
  });
  const take = (item: string): boolean => taken.push(item) > 0;
  const never = (): boolean => false;

  it('go in turns of their destinations, in order within each', () => {
    for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) waiting.add(item[0]!, item);
    waiting.offer(take, never);
    expect(taken).to.deep.equal(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
    expect(waiting.size).to.equal(0);
  });

  it('ask nobody any more once there is no place', () => {
    for (let index = 0; index < 10_000; index += 1) waiting.add(`${index}`, `${index}`);
    waiting.offer(take, () => taken.length >= 3);
    expect(taken).to.deep.equal(['0', '1', '2']);
    expect(waiting.size).to.equal(9_997);
  });

  it('are passed over, and keep their place, when they are not taken', () => {
    for (const item of ['a1', 'b1', 'b2']) waiting.add(item[0]!, item);
    waiting.offer((item) => !item.startsWith('a') && take(item), never);
    expect([taken, waiting.clear()]).to.deep.equal([['b1', 'b2'], ['a1']]);
  });

  it('are offered for one destination alone', () => {
    for (const item of ['a1', 'b1', 'b2']) waiting.add(item[0]!, item);
    waiting.offerOf('b', take);
    waiting.offerOf('unknown', take);
    expect([taken, waiting.size]).to.deep.equal([['b1'], 2]);
  });
});
