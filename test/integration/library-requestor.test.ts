import { expect } from 'chai';
import type { Broker } from '#app/library/connect-broker.js';
import { connectBroker } from '#app/library/connect-broker.js';
import { createReplier } from '#app/library/create-replier.js';
import type { CreateRequestorOptions, LibraryRequestor } from '#app/library/create-requestor.js';
import { createRequestor } from '#app/library/create-requestor.js';
import { openStore } from '#app/library/open-store.js';
import type { Clock } from '#core/ports/clock.js';
import { silentLogger } from '#core/ports/logger.js';
import type { Handler } from '#messaging/handler-run.js';
import { failureOf } from '../support/errors.js';
import { fakeStompServer } from '../support/fake-stomp-server.js';
import { uniqueName } from '../support/gateway.js';
import { createManualClock } from '#testing/manual-clock.js';
import { createRecordingLogger } from '../support/recording.js';
import type { StartedBroker } from '../support/started-broker.js';
import { startBroker } from '../support/started-broker.js';
import { until, within } from '../support/until.js';

const minuteMs = 60_000;

/** The same connections for somebody whose time the test owns. */
function onClock(broker: Broker, clock: Clock): Broker {
  return { ...broker, parts: { ...broker.parts, clock } };
}

describe('a requestor of the library', () => {
  const parts: { stop(deadlineMs?: number): Promise<void> }[] = [];

  afterEach(async () => {
    for (const part of parts.splice(0).reverse()) await part.stop(200);
  });

  async function start(options: CreateRequestorOptions): Promise<LibraryRequestor> {
    const made = createRequestor(options);
    parts.push(made);
    await made.start();
    return made;
  }

  describe('on the embedded broker', () => {
    let embedded: StartedBroker;
    let broker: Broker;

    before(async () => {
      embedded = await startBroker();
      broker = await connectBroker({ url: embedded.url, logger: silentLogger });
    });
    after(async () => {
      await broker.close();
      await embedded.stop();
    });

    async function serve(queue: string, handler: Handler): Promise<void> {
      const replier = createReplier({ broker, queue, handler });
      parts.push(replier);
      await replier.start();
    }

    it('without a store joins a request that was just answered, and forgets it after a while', async () => {
      const clock = createManualClock(Date.now());
      const queue = uniqueName('forgotten');
      let runs = 0;
      await serve(queue, () => `run ${++runs}`);
      const { request } = await start({
        broker: onClock(broker, clock),
        replyQueue: uniqueName('replies'),
      });
      const ask = async (): Promise<string> => (await request(queue, 'x', { messageId: queue })).text();
      expect(await ask()).to.equal('run 1');
      clock.advance(minuteMs - 1_000);
      expect(await ask()).to.equal('run 1');
      clock.advance(minuteMs + 1_000);
      await until(async () => (await ask()) === 'run 2', { what: 'a request that nobody remembers' });
    });

    it('with a store of its own keeps what was answered as long as that says', async () => {
      const clock = createManualClock(Date.now());
      const queue = uniqueName('kept');
      const store = openStore('sqlite::memory:');
      await serve(queue, () => 'done');
      const { request } = await start({
        broker: onClock(broker, clock),
        replyQueue: uniqueName('replies'),
        store,
      });
      await request(queue, 'x', { messageId: queue });
      clock.advance(60 * minuteMs);
      await until(async () => (await store.requests.find(queue))?.status === 'replied', {
        what: 'the record',
      });
      await parts.pop()?.stop();
      await store.close();
    });

    it('tells who joined a longer request that no reply has come yet, and lets it go on', async () => {
      const clock = createManualClock(Date.now());
      const queue = uniqueName('joined');
      const made = await start({ broker: onClock(broker, clock), replyQueue: uniqueName('replies') });
      const ask = (timeoutMs: number): Promise<unknown> =>
        made.request(queue, 'x', { messageId: queue, timeoutMs });
      const first = ask(10 * minuteMs);
      await until(async () => (await made.pending()) === 1, { what: 'the accepted request' });
      const second = failureOf(ask(1_000));
      clock.advance(5_000);
      expect(await second).to.deep.include({
        code: 'NO_REPLY_YET',
        requestId: queue,
        destination: queue,
        deadlineAt: clock.now() - 5_000 + 10 * minuteMs,
      });
      expect(await made.pending()).to.equal(1);
      await serve(queue, () => 'after all');
      expect(await first).to.have.property('messageId');
    });

    it('waits with one signal for many replies, without a warning of Node', async () => {
      const queue = uniqueName('many');
      await serve(queue, ({ text }) => text());
      const { request } = await start({ broker, replyQueue: uniqueName('replies') });
      const warnings: string[] = [];
      const onWarning = ({ message }: Error): void => void warnings.push(message);
      process.on('warning', onWarning);
      const { signal } = new AbortController();
      const texts = Array.from({ length: 30 }, (_, index) => String(index));
      const replies = await Promise.all(texts.map((text) => request(queue, text, { signal })));
      process.off('warning', onWarning);
      expect(replies.map((reply) => reply.text())).to.deep.equal(texts);
      expect(warnings).to.deep.equal([]);
    });
  });

  describe('whose caller gives up', () => {
    const server = fakeStompServer();
    const log = createRecordingLogger();
    let broker: Broker;

    beforeEach(async () => {
      broker = await connectBroker({ url: server().url, logger: log });
    });
    // The requestors end first: hooks of a suite run after those of the suites inside of it.
    afterEach(async () => {
      for (const part of parts.splice(0).reverse()) await part.stop(200);
      await broker.close(200);
    });

    function sent(): string[] {
      return server().connections.flatMap((connection) =>
        connection.framesOf('SEND').map((frame) => frame.headers.get('destination') ?? ''),
      );
    }

    it('before the call stores and sends nothing', async () => {
      const store = openStore('sqlite::memory:');
      const { request } = await start({ broker, replyQueue: 'back', store });
      const reason = new Error('no time');
      const error = await failureOf(
        request('orders', 'x', { messageId: 'm-1', signal: AbortSignal.abort(reason) }),
      );
      expect(error).to.include({ code: 'WAIT_ABORTED', requestId: 'm-1', cause: reason });
      expect(error.message).to.contain('nothing was stored or sent');
      expect(await store.requests.list({ limit: 10 })).to.deep.equal([]);
      // What is sent afterwards is the first thing that the broker gets.
      request('orders', 'y').catch(() => undefined);
      await until(() => sent().length > 0, { what: 'the next request' });
      expect(sent()).to.deep.equal(['/queue/orders']);
      await parts.pop()?.stop(200);
      await store.close();
    });

    it('hears of it at once, while the broker still owes the receipt of the cancel notice', async () => {
      const made = await start({ broker, replyQueue: 'back' });
      const abort = new AbortController();
      const failing = failureOf(made.request('orders', 'x', { messageId: 'm-1', signal: abort.signal }));
      await until(() => sent().length === 1, { what: 'the request at the broker' });
      server().holdReceipts(true);
      const reason = new Error('enough');
      abort.abort(reason);
      const error = await within(failing, { what: 'the end of the call' });
      expect(error).to.include({ code: 'WAIT_ABORTED', requestId: 'm-1', cause: reason });
      expect(error.message).to.contain('cancelled');
      expect(await made.pending()).to.equal(0);
      await until(() => sent().includes('/topic/replyto.control'), { what: 'the cancel notice' });
    });

    it('hears of it also when the notice cannot be sent at all', async () => {
      const made = await start({ broker, replyQueue: 'back' });
      const abort = new AbortController();
      const failing = failureOf(made.request('orders', 'x', { signal: abort.signal }));
      await until(() => sent().length === 1, { what: 'the request at the broker' });
      await server().stop();
      await until(() => !broker.parts.broker.channel.isUp(), { what: 'the loss of the broker' });
      abort.abort();
      expect((await failing).code).to.equal('WAIT_ABORTED');
      await until(() => log.sentences('info').some((sentence) => sentence.includes('cancel')), {
        what: 'the log to tell it',
      });
    });
  });
});
