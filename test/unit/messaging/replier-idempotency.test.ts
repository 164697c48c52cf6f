import { expect } from 'chai';
import type { Store } from '#adapters/store/store.js';
import { createDeferred } from '#core/deferred.js';
import { queue } from '#core/destination.js';
import { ReplytoError } from '#core/errors.js';
import { Fault } from '#core/fault.js';
import type { HandledMessages } from '#core/ports/handled-messages.js';
import type { Handler } from '#messaging/handler-run.js';
import { passTime, settled } from '../../support/event-loop.js';
import { openMemoryStore } from '../../support/memory-store.js';
import { jsonOf, newRequestMessage, replierBench } from './replier-bench.js';

describe('an idempotent replier', () => {
  const bench = replierBench();
  let store: Store;
  let runs: number;

  beforeEach(() => {
    store = openMemoryStore(bench.clock);
    runs = 0;
  });
  afterEach(() => store.close());

  const counting: Handler = () => {
    runs += 1;
    return { run: runs };
  };

  it('answers a repeated request with the same reply, without running the handler', async () => {
    await bench.start(counting, { idempotency: store.handledMessages });
    const message = newRequestMessage({ messageId: 'order' });
    const first = await bench.ask(message);
    const second = await bench.ask({ ...message, properties: { resend: 1 } });
    const [reply, again] = bench.replies();
    expect([runs, bench.replies().length]).to.deep.equal([1, 2]);
    expect(again).to.deep.include({ messageId: reply!.messageId, correlationId: 'order' });
    expect(Buffer.from(again!.body).equals(reply!.body)).to.equal(true);
    expect([first.isAcknowledged, second.isAcknowledged]).to.deep.equal([true, true]);
  });

  it('remembers a Fault as well, over a restart of the service', async () => {
    const first = await bench.start(
      () => {
        runs += 1;
        throw new Fault('NO', 'never');
      },
      { idempotency: store.handledMessages },
    );
    const message = newRequestMessage();
    await bench.ask(message);
    await first.stop(0);
    await bench.start(counting, { idempotency: store.handledMessages });
    await bench.ask(message);
    expect(runs).to.equal(1);
    expect(bench.replies().map(jsonOf)).to.deep.equal([
      { code: 'NO', message: 'never', retryable: false },
      { code: 'NO', message: 'never', retryable: false },
    ]);
    expect(bench.replies()[1]!.properties.fault).to.equal(true);
  });

  it('sends the remembered reply to where the repeated request wants it', async () => {
    await bench.start(counting, { idempotency: store.handledMessages });
    const message = newRequestMessage();
    await bench.ask(message);
    await bench.ask({ ...message, replyTo: queue('elsewhere') });
    expect(bench.channel.sentTo('elsewhere')).to.have.length(1);
  });

  it('answers a repeated request in the conversation of that request', async () => {
    await bench.start(counting, { idempotency: store.handledMessages });
    const message = newRequestMessage({ properties: { conversationId: 'first', storeId: 's' } });
    await bench.ask(message);
    await bench.ask({ ...message, properties: { conversationId: 'second', storeId: 's' } });
    expect(bench.replies().map(({ properties }) => properties)).to.deep.equal([
      { conversationId: 'first', storeId: 's' },
      { conversationId: 'second', storeId: 's' },
    ]);
  });

  it('runs a one-way request once', async () => {
    await bench.start(counting, { idempotency: store.handledMessages });
    const message = newRequestMessage({ replyTo: null });
    const deliveries = [await bench.ask(message), await bench.ask(message)];
    expect([runs, deliveries.map(({ isAcknowledged }) => isAcknowledged)]).to.deep.equal([1, [true, true]]);
    expect(bench.channel.sent).to.deep.equal([]);
  });

  it('keeps the reply before it is sent, so that a crash in between sends the same one', async () => {
    await bench.start(counting, { idempotency: store.handledMessages });
    bench.channel.next('hold');
    const message = newRequestMessage();
    await bench.ask(message);
    const remembered = await store.handledMessages.begin('prices', message.messageId);
    expect(remembered.reply).to.include({ messageId: bench.replies()[0]!.messageId });
    bench.channel.sent[0]!.answer('confirm');
  });

  it('makes a dead letter and a Fault of a request that killed its service five times', async () => {
    const message = newRequestMessage();
    for (let count = 0; count < 5; count += 1) {
      await store.handledMessages.begin('prices', message.messageId);
    }
    await bench.start(counting, { idempotency: store.handledMessages });
    const delivery = await bench.ask(message);
    expect([runs, delivery.isAcknowledged]).to.deep.equal([0, true]);
    expect(jsonOf(bench.replies()[0])).to.deep.equal({
      code: 'DELIVERED_TOO_OFTEN',
      message: 'it was delivered 6 times and never finished',
      retryable: false,
    });
    expect(bench.deadLetters()).to.have.length(1);
  });

  it('does not count how often it was stopped while it worked', async () => {
    const interrupted: Handler = (_, { signal }) =>
      new Promise((_resolve, reject) => {
        runs += 1;
        signal.addEventListener('abort', () => reject(new Error('interrupted')));
      });
    const message = newRequestMessage();
    for (let count = 0; count < 7; count += 1) {
      const replier = await bench.start(interrupted, { idempotency: store.handledMessages });
      await bench.ask(message);
      await replier.stop(5_000);
    }
    await bench.start(counting, { idempotency: store.handledMessages });
    await bench.ask(message);
    expect([runs, bench.deadLetters(), bench.replies().length]).to.deep.equal([8, [], 1]);
  });

  it('does not count requests that were deferred', async () => {
    await bench.start(
      (_, context) => {
        runs += 1;
        context.defer();
      },
      { idempotency: store.handledMessages },
    );
    const message = newRequestMessage();
    for (let count = 0; count < 7; count += 1) await bench.ask(message);
    expect([runs, bench.deadLetters(), bench.replies()]).to.deep.equal([7, [], []]);
  });

  it('answers with a Fault and a dead letter when its memory is broken for good', async () => {
    const broken = (): Promise<never> => Promise.reject(new ReplytoError('STORE_CORRUPT'));
    await bench.start(counting, { idempotency: { begin: broken, remember: broken, forget: broken } });
    const delivery = await bench.ask();
    expect([runs, bench.deadLetters().length, delivery.isAcknowledged]).to.deep.equal([0, 1, true]);
    expect(jsonOf(bench.replies()[0])).to.include({ code: 'SERVICE_FAILED' });
  });

  it('runs a request that was delivered a fifth time', async () => {
    const message = newRequestMessage();
    for (let count = 0; count < 4; count += 1) {
      await store.handledMessages.begin('prices', message.messageId);
    }
    await bench.start(counting, { idempotency: store.handledMessages });
    await bench.ask(message);
    expect([runs, bench.deadLetters()]).to.deep.equal([1, []]);
  });

  it('counts deliveries of one attempt, not those of its retries', async () => {
    const retry = { attempts: 100, backoffMs: 1, maxBackoffMs: 1 };
    await bench.start(
      () => {
        runs += 1;
        throw new Error('again');
      },
      { idempotency: store.handledMessages, retry },
    );
    let message = newRequestMessage();
    for (let count = 0; count < 10; count += 1) {
      await bench.ask(message);
      await passTime(bench.clock, 1);
      message = bench.retries().at(-1)!;
    }
    expect([runs, bench.deadLetters()]).to.deep.equal([10, []]);
  });

  for (const method of ['begin', 'remember', 'forget'] as const) {
    it(`waits while its memory is away (${method}), and then goes on where it was`, async () => {
      let isAway = true;
      const memory: HandledMessages = {
        ...store.handledMessages,
        [method]: (...given: Parameters<HandledMessages['remember']>): Promise<unknown> =>
          isAway
            ? Promise.reject(new ReplytoError('STORE_UNAVAILABLE'))
            : (store.handledMessages[method] as (...all: typeof given) => Promise<unknown>)(...given),
      };
      await bench.start(
        () => {
          runs += 1;
          if (method === 'forget') throw new Error('fails');
          return 'yes';
        },
        { idempotency: memory },
      );
      const delivery = await bench.ask();
      await passTime(bench.clock, 5_000);
      expect([delivery.isAcknowledged, bench.channel.sent]).to.deep.equal([false, []]);
      isAway = false;
      await passTime(bench.clock, 2_000);
      expect([runs, delivery.isAcknowledged, bench.channel.sent.length]).to.deep.equal([1, true, 1]);
    });
  }

  it('leaves a request to the broker when it stops while its memory is away', async () => {
    const away = (): Promise<never> => Promise.reject(new ReplytoError('STORE_UNAVAILABLE'));
    const replier = await bench.start(counting, {
      idempotency: { begin: away, remember: away, forget: away },
    });
    const delivery = await bench.ask();
    await replier.stop(1_000);
    await settled();
    expect([delivery.isAcknowledged, runs, bench.clock.pending]).to.deep.equal([false, 0, 0]);
  });

  it('forgets no reply when it is stopped while that is being looked up', async () => {
    const message = newRequestMessage();
    await bench.start(counting, { idempotency: store.handledMessages });
    await bench.ask(message);
    const answer = createDeferred<undefined>();
    const memory: HandledMessages = {
      ...store.handledMessages,
      begin: async (...given) => {
        const known = await store.handledMessages.begin(...given);
        await answer.promise;
        return known;
      },
    };
    const replier = await bench.start(counting, { idempotency: memory });
    const again = await bench.ask(message);
    const stopping = replier.stop(1_000);
    answer.resolve(undefined);
    await stopping;
    expect(again.isAcknowledged).to.equal(false);
    await bench.start(counting, { idempotency: store.handledMessages });
    await bench.ask(message);
    expect([runs, new Set(bench.replies().map(({ messageId }) => messageId)).size]).to.deep.equal([1, 1]);
  });

  it('begins no run for what was being looked up when it was stopped', async () => {
    const answer = createDeferred<undefined>();
    const memory: HandledMessages = {
      ...store.handledMessages,
      begin: async (...given) => {
        await answer.promise;
        return store.handledMessages.begin(...given);
      },
    };
    const replier = await bench.start(counting, { idempotency: memory });
    const delivery = await bench.ask();
    const stopping = replier.stop(1_000);
    answer.resolve(undefined);
    await stopping;
    expect([runs, delivery.isAcknowledged]).to.deep.equal([0, false]);
  });

  it('counts the deliveries of a dead letter anew when somebody sends it again', async () => {
    const retry = { attempts: 1, backoffMs: 0, maxBackoffMs: 0 };
    let isBroken = true;
    await bench.start(
      () => {
        runs += 1;
        if (isBroken) throw new Error('no database');
        return { run: runs };
      },
      { idempotency: store.handledMessages, retry },
    );
    const message = newRequestMessage({ messageId: 'order' });
    for (let turn = 0; turn < 8; turn += 1) await bench.ask(message);
    expect(runs).to.equal(8);
    isBroken = false;
    await bench.ask(message);
    expect(jsonOf(bench.replies().at(-1))).to.deep.equal({ run: 9 });
  });
});
