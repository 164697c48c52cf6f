import { expect } from 'chai';
import { createReplier } from '#app/library/create-replier.js';
import type { CreateReplierOptions } from '#app/library/create-replier.js';
import { createRequestor } from '#app/library/create-requestor.js';
import type { LibraryRequestor } from '#app/library/create-requestor.js';
import { Fault } from '#core/fault.js';
import { poisons } from '#testing/poisons.js';
import type { TestBench } from '#testing/test-bench.js';
import { startTestBench } from '#testing/test-bench.js';
import { failureOf, rejectionOf } from '../support/errors.js';

/** Longer than any test may take in real time. */
const longMs = 5 * 60_000;

describe('the test kit, with services and requestors of the library', function () {
  this.timeout(30_000);
  let bench: TestBench;
  const parts: { stop(deadlineMs?: number): Promise<void> }[] = [];

  beforeEach(async () => {
    bench = await startTestBench({ clock: 'virtual', startsAt: 1_000_000, seed: 7 });
  });
  afterEach(async () => {
    await bench.stop(...parts.splice(0).reverse());
  });

  async function serve(
    options: Partial<CreateReplierOptions> = {},
  ): Promise<{ readonly runs: () => number }> {
    let runs = 0;
    const replier = createReplier({
      broker: await bench.connect({ url: bench.network.url }),
      queue: 'orders',
      handler: (request) => {
        const { items } = request.json() as { items?: unknown };
        if (!Array.isArray(items)) throw new Fault('NO_ITEMS', 'an order has items');
        runs += 1;
        return { number: runs };
      },
      ...options,
    });
    parts.push(replier);
    await replier.start();
    return { runs: () => runs };
  }

  async function requestor(options: { readonly url?: string } = {}): Promise<LibraryRequestor> {
    const made = createRequestor({ broker: await bench.connect(options), replyQueue: 'shop.replies' });
    parts.push(made);
    await made.start();
    return made;
  }

  const order = { items: ['tea'] };

  describe('a service', () => {
    it('answers once, however often a request is delivered, with a memory of what it answered', async () => {
      const { runs } = await serve({ idempotency: bench.openStore() });
      bench.network.duplicate({ command: 'MESSAGE', queue: 'orders' });
      const asked = await bench.requestor.ask('orders', order, { copies: 2 });
      expect((await asked.onlyReply()).json()).to.deep.equal({ number: 1 });
      expect(runs()).to.equal(1);
    });

    it('is found out without one', async () => {
      await serve();
      const asked = await bench.requestor.ask('orders', order);
      await asked.onlyReply();
      const again = await bench.requestor.ask('orders', order, { messageId: asked.messageId });
      expect(again).to.equal(asked);
      await asked.atLeast(2);
      expect(((await rejectionOf(asked.onlyReply())) as Error).message).to.match(/^2 different replies/u);
    });

    it('sends a reply again that was lost without a receipt, when the receipt is late', async () => {
      const { runs } = await serve();
      const lost = bench.network.drop({ command: 'SEND', kind: 'reply' });
      const asked = await bench.requestor.ask('orders', order);
      await lost.reached();
      expect(asked.replies).to.have.lengthOf(0);
      // broker.receiptTimeoutMs is 30 s.
      await bench.advance(29_000);
      expect(asked.replies).to.have.lengthOf(0);
      await bench.advance(longMs);
      expect((await asked.onlyReply()).json()).to.deep.equal({ number: 1 });
      expect(runs()).to.equal(1);
    });

    it('connects again after its connection is cut in the middle of a reply, and answers', async () => {
      await serve();
      const cut = bench.network.cutAt({ command: 'SEND', kind: 'reply' }, 'middle');
      const asked = await bench.requestor.ask('orders', order);
      await cut.reached();
      await bench.advance(longMs);
      expect((await asked.onlyReply()).json())
        .to.be.an('object')
        .with.property('number');
    });

    it('survives poisoned requests: each gets a fault or an answer, and the next one is served', async () => {
      await serve({ retry: { attempts: 1 } });
      for (const name of Object.keys(poisons) as (keyof typeof poisons)[]) {
        const asked = await bench.requestor.poison('orders', poisons[name]);
        expect(await asked.refusal(), name).to.have.property('kind');
        const next = await bench.requestor.ask('orders', order);
        expect((await next.onlyReply()).fault, name).to.equal(null);
      }
    });

    it('tries again on the virtual clock, and leaves a dead letter at the end', async () => {
      let runs = 0;
      await serve({
        retry: { attempts: 3, backoffMs: 60_000, maxBackoffMs: 60_000 },
        handler: () => {
          runs += 1;
          throw new Error('no stock');
        },
      });
      const asked = await bench.requestor.ask('orders', order);
      for (const expected of [1, 2]) {
        await bench.advance(50_000);
        expect(runs).to.equal(expected);
        await bench.advance(10_000);
      }
      const refusal = await asked.refusal();
      expect(runs).to.equal(3);
      expect(refusal).to.deep.include({ kind: 'dead-letter', reason: 'no stock' });
      expect((await asked.reply()).fault).to.have.property('code', 'SERVICE_FAILED');
    });
  });

  describe('a requestor', () => {
    it('gets the reply that comes at last, though the first was lost', async () => {
      await serve();
      const { request } = await requestor({ url: bench.broker.url });
      bench.network.cutAt({ command: 'SEND', kind: 'reply' }, 'before');
      const rule = bench.network.watch({ command: 'SEND', kind: 'reply', times: 2 });
      const reply = request('orders', order, { timeoutMs: longMs });
      await rule.reached();
      await bench.advance(60_000);
      expect((await reply).json()).to.have.property('number');
    });

    it('does not wait for a reply that is late, and is not disturbed when that comes', async () => {
      await serve();
      const asker = await requestor();
      const late = bench.network.delay({ command: 'MESSAGE', kind: 'reply' }, longMs);
      const failing = failureOf(asker.request('orders', order, { timeoutMs: 30_000 }));
      await late.reached();
      await bench.advance(31_000);
      expect((await failing).code).to.equal('REQUEST_EXPIRED');
      expect(late.holding).to.equal(1);
      await bench.advance(longMs);
      expect(late.holding).to.equal(0);
      expect((await asker.request('orders', order)).json()).to.deep.equal({ number: 2 });
    });

    it('takes the first of two replies', async () => {
      await serve();
      const { request } = await requestor();
      bench.network.duplicate({ command: 'MESSAGE', kind: 'reply' }, { afterMs: 1_000 });
      bench.network.duplicate({ command: 'SEND', kind: 'reply', nth: 2 });
      expect((await request('orders', order)).json()).to.deep.equal({ number: 1 });
      expect((await request('orders', order)).json()).to.deep.equal({ number: 2 });
      await bench.advance(1_000);
      await bench.broker.drained(['shop.replies']);
      expect((await request('orders', order)).json()).to.deep.equal({ number: 3 });
    });

    it('puts a poisoned reply aside and gets on with the next', async () => {
      await serve();
      const { request } = await requestor();
      const poisoned = bench.network.alter({ command: 'SEND', kind: 'reply' }, poisons.malformedFault);
      const failing = failureOf(request('orders', order, { timeoutMs: 30_000 }));
      await poisoned.reached();
      await bench.broker.drained(['orders', 'shop.replies']);
      await bench.advance(31_000);
      expect((await failing).code).to.equal('REQUEST_EXPIRED');
      expect((await request('orders', order)).json()).to.deep.equal({ number: 2 });
    });

    it('gets each reply to its request though they come in another order', async () => {
      await serve();
      const { request } = await requestor();
      const swapped = bench.network.swap({ command: 'MESSAGE', kind: 'reply' });
      const replies = Promise.all([request('orders', order), request('orders', { items: 0 }).catch(String)]);
      await swapped.reached();
      const [good, refused] = await replies;
      expect((good as { json(): unknown }).json()).to.deep.equal({ number: 1 });
      expect(refused).to.match(/an order has items/u);
      expect(bench.network.events.map(({ kind }) => kind)).to.include('swapped');
    });
  });

  describe('a bench', () => {
    it('moves time only when told', async () => {
      expect(bench.clock.now()).to.equal(1_000_000);
      await bench.advance(5);
      expect(bench.clock.now()).to.equal(1_000_005);
      expect((await failureOf(bench.advance(-1))).problems).to.have.lengthOf(1);
    });

    it('refuses options that cannot be right, and to move the real time', async () => {
      const wrong = { clock: 'fake', startsAt: -1, sed: 1, seed: 'x' };
      const { problems } = await failureOf(startTestBench(wrong as never));
      expect(problems.map(({ field }) => field)).to.deep.equal(['sed', 'clock', 'startsAt', 'seed']);
      const real = await startTestBench();
      expect(((await rejectionOf(real.advance(1))) as Error).message).to.match(/is real/u);
      expect(real.network.seed).to.be.within(0, 2 ** 32 - 1);
      await real.stop();
    });

    it('ends with a service that never answers', async () => {
      await serve({ handler: () => new Promise(() => undefined) });
      await bench.requestor.ask('orders', order);
      // Stopped after the test, within its time.
      expect(bench.broker.queue('orders').consumers).to.equal(1);
    });
  });

  it('refuses to ask with what cannot be right', async () => {
    const { problems } = await failureOf(
      bench.requestor.ask('a/b', {}, { messageId: 'a b', copies: 0, header: {}, timeoutMs: -1 } as never),
    );
    expect(problems.map(({ field }) => field)).to.deep.equal([
      'queue',
      'header',
      'messageId',
      'copies',
      'timeoutMs',
    ]);
  });
});
