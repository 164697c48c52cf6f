import { expect } from 'chai';
import { createReplier } from '#app/library/create-replier.js';
import type { Broker } from '#app/library/connect-broker.js';
import { connectBroker } from '#app/library/connect-broker.js';
import type { LibraryRequestor } from '#app/library/create-requestor.js';
import { createRequestor } from '#app/library/create-requestor.js';
import { openStore } from '#app/library/open-store.js';
import { Fault } from '#core/fault.js';
import { silentLogger } from '#core/ports/logger.js';
import type { Handler } from '#messaging/handler-run.js';
import { contents } from '#messaging/contents.js';
import { failureOf } from '../support/errors.js';
import { uniqueName } from '../support/gateway.js';
import type { StartedBroker } from '../support/started-broker.js';
import { startBroker } from '../support/started-broker.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

/** `requestAll`: several queues at once, without HTTP. */
describe('a requestor of the library that asks several queues', () => {
  const folder = temporaryFolder();
  let embedded: StartedBroker;
  let broker: Broker;
  const parts: { stop(deadlineMs?: number): Promise<void> }[] = [];

  before(async () => {
    embedded = await startBroker();
    broker = await connectBroker({ url: embedded.url, logger: silentLogger });
  });
  after(async () => {
    await broker.close();
    await embedded.stop();
  });
  afterEach(async () => {
    for (const part of parts.splice(0).reverse()) await part.stop(500);
  });

  async function serve(queue: string, handler: Handler): Promise<void> {
    const replier = createReplier({ broker, queue, handler });
    parts.push(replier);
    await replier.start();
  }

  async function requestor(isDurable = false, replyQueue = uniqueName('replies')): Promise<LibraryRequestor> {
    const store = isDurable ? openStore(`sqlite:${folder()}/store.db`) : undefined;
    const made = createRequestor({ broker, replyQueue, ...(store === undefined ? {} : { store }) });
    parts.push({
      async stop(deadlineMs) {
        await made.stop(deadlineMs);
        await store?.close();
      },
    });
    await made.start();
    return made;
  }

  for (const isDurable of [false, true]) {
    it(`gathers replies and faults ${isDurable ? 'with a store' : 'in memory'}`, async () => {
      const [stock, image, broken] = [uniqueName('stock'), uniqueName('image'), uniqueName('broken')];
      await serve(stock, (request) => ({ asked: request.json() }));
      await serve(image, () => contents(Buffer.of(0, 255), { headers: { 'X-Size': '2' } }));
      await serve(broken, () => {
        throw new Fault('OUT_OF_ORDER', 'not today', { details: { until: 'monday' } });
      });
      const { requestAll } = await requestor(isDurable);
      const { complete, replies, missing } = await requestAll([stock, image, broken], { sku: 7 });
      expect([complete, missing]).to.deep.equal([true, []]);
      expect(replies.map(({ queue, fault }) => [queue, fault?.code ?? null])).to.deep.equal([
        [stock, null],
        [image, null],
        [broken, 'OUT_OF_ORDER'],
      ]);
      expect(replies[0]!.json()).to.deep.equal({ asked: { sku: 7 } });
      expect(replies[0]!.id).to.equal(replies[0]!.correlationId);
      expect([Buffer.from(replies[1]!.body), replies[1]!.headers]).to.deep.equal([
        Buffer.of(0, 255),
        { 'x-size': '2' },
      ]);
      expect(replies[2]!.fault).to.deep.include({ details: { until: 'monday' } });
    });
  }

  it('ends with what there is: enough, stalled, out of time, or nothing', async () => {
    const [quick, mute, silent] = [uniqueName('quick'), uniqueName('mute'), uniqueName('silent')];
    await serve(quick, () => 'here');
    const { requestAll, request } = await requestor();
    const enough = await requestAll([mute, quick], '', { expect: 1 });
    expect([enough.complete, enough.replies.map(({ queue }) => queue)]).to.deep.equal([true, [quick]]);
    expect(enough.missing.map(({ queue }) => queue)).to.deep.equal([mute]);
    // Receipts are written down a moment later.
    expect(enough.missing[0]!.status).to.be.oneOf(['accepted', 'sent']);
    const stalled = await requestAll([mute, quick], '', { stallMs: 300 });
    expect([stalled.complete, stalled.replies.length]).to.deep.equal([false, 1]);
    const late = await requestAll([mute, quick], '', { totalMs: 600 });
    expect(late.missing.map(({ queue, status }) => [queue, status])).to.deep.equal([[mute, 'expired']]);
    const failure = await failureOf(requestAll([mute, silent], '', { totalMs: 300 }));
    expect(failure.code).to.equal('REQUEST_EXPIRED');
    expect((await request(quick, '')).text()).to.equal('here');
  });

  it('ends with WAIT_ABORTED when it is aborted, and all services hear of the cancel', async () => {
    const queues = [uniqueName('one'), uniqueName('two')];
    const reasons: unknown[] = [];
    let running = 0;
    for (const queue of queues) {
      await serve(queue, (_request, { signal }) => {
        running += 1;
        return new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve(reasons.push(signal.reason)));
        });
      });
    }
    const asking = await requestor();
    const abort = new AbortController();
    const failing = failureOf(asking.requestAll(queues, '', { signal: abort.signal }));
    await until(() => running === 2, { what: 'both services to run' });
    abort.abort();
    expect((await failing).code).to.equal('WAIT_ABORTED');
    await until(() => reasons.length === 2, { what: 'the cancels at both services' });
    expect(reasons).to.deep.equal(['cancelled', 'cancelled']);
    expect(await asking.pending()).to.equal(0);
  });

  it('with a store goes on after a restart: the same id joins, and gets what came meanwhile', async () => {
    const [quick, later] = [uniqueName('quick'), uniqueName('later')];
    await serve(quick, () => 'first');
    const replyQueue = uniqueName('replies');
    const options = { messageId: uniqueName('order'), totalMs: 3_600_000 };
    const before = await requestor(true, replyQueue);
    const failing = failureOf(before.requestAll([quick, later], 'x', options));
    await until(async () => (await before.pending()) === 2, { what: 'the first reply' });
    await parts.pop()!.stop(500);
    expect((await failing).code).to.equal('SHUTTING_DOWN');
    await serve(later, () => 'second');
    const after = await requestor(true, replyQueue);
    const { replies } = await after.requestAll([quick, later], 'x', options);
    expect(replies.map((reply) => reply.text())).to.deep.equal(['first', 'second']);
  });

  it('refuses what cannot be asked, all of it at once', async () => {
    const { requestAll } = await requestor();
    const wrong = { expect: 9, stallMs: 0, totalMs: 1.5, timeoutMs: 3 } as object;
    const { code, problems } = await failureOf(requestAll(['a', 'a'], '', wrong));
    expect(code).to.equal('INVALID_ARGUMENT');
    expect(problems.map(({ field }) => field)).to.deep.equal([
      ...['queueNames', 'timeoutMs', 'expect', 'stallMs', 'totalMs'],
    ]);
    const others = [await failureOf(requestAll(['a'], '')), await failureOf(requestAll('ab' as never, ''))];
    for (const failure of others) expect(failure.problems[0]?.field).to.equal('queueNames');
  });
});
