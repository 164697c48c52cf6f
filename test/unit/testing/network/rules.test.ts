import { expect } from 'chai';
import { rejectionOf } from '../../../support/errors.js';
import { networkBench, sendTo } from '../../../support/network-bench.js';

describe('rules of a faulty network', () => {
  const bench = networkBench({ seed: 1 });

  describe('chance', () => {
    async function chosen(): Promise<string[]> {
      const rule = bench.network.watch({ command: 'SEND', queue: 'a', chance: 0.5, times: Infinity });
      const producer = await bench.client();
      for (let number = 0; number < 20; number += 1) {
        await producer.confirmed('SEND', { destination: '/queue/a', 'x-number': String(number) }, '');
      }
      rule.remove();
      return rule.frames.map(({ headers }) => headers['x-number'] ?? '');
    }

    let first: string[] | undefined;
    for (const run of ['one run', 'the next']) {
      it(`chooses by the seed alone: ${run}`, async () => {
        const now = await chosen();
        expect(now).to.have.length.within(3, 17);
        first ??= now;
        expect(now).to.deep.equal(first);
      });
    }
  });

  describe('a rule', () => {
    it('is for the next frame alone, unless it says how many; the first that was made has a frame', async () => {
      bench.network.drop({ command: 'SEND', nth: 2, times: 2 }, { confirmed: true });
      bench.network.alter({ command: 'SEND', times: Infinity }, { body: 'changed' });
      const producer = await bench.client();
      for (const text of ['one', 'two', 'three', 'four']) await sendTo(producer, 'a', text);
      expect(bench.broker.queue('a').depth).to.equal(2);
    });

    it('does nothing any more when it is removed; what it keeps goes on', async () => {
      const rule = bench.network.hold({ command: 'SEND', times: Infinity });
      const producer = await bench.client();
      producer.frame('SEND', { destination: '/queue/a', receipt: 'one' }, 'one');
      await rule.reached();
      rule.remove();
      await producer.take('RECEIPT', { 'receipt-id': 'one' });
      await sendTo(producer, 'a', 'two');
      expect(rule.applied).to.equal(1);
    });

    it('lets go what it keeps when all rules are removed, also when it has done its work', async () => {
      bench.network.hold({ command: 'SEND' });
      const delay = bench.network.delay({ command: 'SEND' }, 60_000);
      const producer = await bench.client();
      for (const receipt of ['one', 'two']) {
        producer.frame('SEND', { destination: '/queue/a', receipt }, receipt);
      }
      await delay.reached();
      bench.network.clear();
      for (const receipt of ['one', 'two']) await producer.take('RECEIPT', { 'receipt-id': receipt });
      expect(delay.holding).to.equal(0);
    });

    it('says what it waited for when its frame does not come', async () => {
      const rule = bench.network.drop({ command: 'SEND' });
      const failure = await rejectionOf(rule.reached(1, { withinMs: 10 }));
      expect((failure as Error).message).to.equal(
        'waited 10 ms in vain for frame 1 of a rule that drops; 0 matched',
      );
    });

    it('tells at the stop what its change threw, and lets the frame pass as it was', async () => {
      bench.network.alter({ command: 'SEND' }, () => undefined as never);
      await sendTo(await bench.client(), 'a', 'one');
      expect(bench.broker.queue('a').depth).to.equal(1);
      expect(await rejectionOf(bench.network.stop())).to.be.an.instanceOf(TypeError);
    });

    it('tells at the stop what its function threw, and lets the frame pass', async () => {
      bench.network.watch({
        where: () => {
          throw new Error('of the test');
        },
      });
      await sendTo(await bench.client(), 'a', 'one');
      expect(await rejectionOf(bench.network.stop())).to.have.property('message', 'of the test');
    });
  });
});
