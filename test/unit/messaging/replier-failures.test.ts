import { expect } from 'chai';
import { createDeferred } from '#core/deferred.js';
import type { HandlerContext } from '#messaging/handler-run.js';
import { passTime, settled } from '../../support/event-loop.js';
import { jsonOf, newRequestMessage, own, replierBench } from './replier-bench.js';

describe('a replier whose handler fails', () => {
  const bench = replierBench();

  const failing = (): never => {
    throw new Error('no database\nat all');
  };

  it('sends the request again with Attempt 2 after the back-off, then acknowledges the first', async () => {
    await bench.start(failing);
    const expiresAt = bench.clock.now() + 60_000;
    const delivery = await bench.ask({ properties: { expiresAt, deadlineMs: 60_000, storeId: 'store' } });
    await passTime(bench.clock, 750);
    expect([bench.retries().length, delivery.isAcknowledged]).to.deep.equal([0, false]);
    bench.channel.next('hold');
    await passTime(bench.clock, 250);
    expect(bench.retries()).to.deep.equal([
      { ...delivery.message, properties: { expiresAt, deadlineMs: 59_000, storeId: 'store', attempt: 2 } },
    ]);
    expect(delivery.isAcknowledged).to.equal(false);
    bench.channel.sent[0]!.answer('confirm');
    await settled();
    expect([delivery.isAcknowledged, bench.replies()]).to.deep.equal([true, []]);
  });

  it('doubles the back-off with each attempt', async () => {
    await bench.start(failing, { retry: { attempts: 9, backoffMs: 100, maxBackoffMs: 60_000 } });
    await bench.ask({ properties: { attempt: 4 } });
    await passTime(bench.clock, 799, { stepMs: 799 });
    expect(bench.retries()).to.deep.equal([]);
    await passTime(bench.clock, 1);
    expect(bench.retries()[0]!.properties.attempt).to.equal(5);
  });

  it('ends with a dead letter and a Fault after the last attempt', async () => {
    await bench.start(failing);
    const delivery = await bench.ask({ properties: { attempt: 3 } });
    expect(bench.retries()).to.deep.equal([]);
    expect(jsonOf(bench.replies()[0])).to.deep.equal({
      code: 'SERVICE_FAILED',
      message: 'the service failed 3 times',
      retryable: true,
    });
    expect(bench.replies()[0]!.properties.fault).to.equal(true);
    const [letter] = bench.deadLetters();
    expect(letter!.applicationHeaders).to.deep.equal({
      'x-reason': 'no database at all',
      'x-original-queue': 'prices',
      'x-original-message-id': delivery.message.messageId,
    });
    expect(letter!.body).to.equal(delivery.message.body);
    expect(delivery.isAcknowledged).to.equal(true);
    // The letter first: were the Fault the last that is known of it, a crash in between would lose the letter.
    const order = bench.channel.sent.map(({ destination }) => destination.name);
    expect(order).to.deep.equal([own.deadLetters.name, 'replyto.replies']);
  });

  it('ends a one-way request with a dead letter alone', async () => {
    await bench.start(failing);
    await bench.ask({ properties: { attempt: 3 }, replyTo: null });
    expect([bench.deadLetters().length, bench.replies().length]).to.deep.equal([1, 0]);
  });

  it('retries what a handler returned and nobody can write', async () => {
    await bench.start(() => ({ big: 1n }));
    await bench.ask();
    await passTime(bench.clock, 1_000);
    expect(bench.retries()).to.have.length(1);
  });

  it('stops a handler at its deadline, retries, and drops what it returns afterwards', async () => {
    const work = createDeferred<string>();
    let signal: AbortSignal | undefined;
    await bench.start(
      (_, context) => {
        ({ signal } = context);
        return work.promise;
      },
      { timeoutMs: 5_000 },
    );
    const delivery = await bench.ask();
    await passTime(bench.clock, 4_999, { stepMs: 4_999 });
    expect(signal?.aborted).to.equal(false);
    await passTime(bench.clock, 1);
    expect(signal?.reason).to.equal('timed-out');
    await passTime(bench.clock, 1_000);
    work.resolve('too late');
    await settled();
    expect([bench.retries().length, bench.replies().length]).to.deep.equal([1, 0]);
    expect(delivery.isAcknowledged).to.equal(true);
  });

  it('gives a handler the time until the request expires, by the later of two clocks', async () => {
    const contexts: HandlerContext[] = [];
    await bench.start((_, context) => void contexts.push(context));
    await bench.ask({ properties: { expiresAt: bench.clock.now() + 1_000 } });
    await bench.ask({ properties: { expiresAt: bench.clock.now() - 1_000 } });
    await bench.ask();
    expect(contexts.map(({ deadlineMs }) => deadlineMs)).to.deep.equal([301_000, 300_000, 86_400_000]);
  });

  it('leaves no timer of a handler that has ended', async () => {
    await bench.start(() => 'yes');
    await bench.ask();
    expect(bench.clock.pending).to.equal(0);
  });
});

describe('a replier whose broker fails', () => {
  const bench = replierBench();

  it('keeps a finished reply and sends it when the broker is back, with the same Message-ID', async () => {
    let runs = 0;
    await bench.start(() => {
      runs += 1;
      return 'yes';
    });
    bench.channel.next('SEND_UNCONFIRMED', 'RECEIPT_TIMEOUT');
    const delivery = await bench.ask();
    bench.channel.down();
    await passTime(bench.clock, 10_000, { stepMs: 1_000 });
    expect(delivery.isAcknowledged).to.equal(false);
    bench.channel.up();
    await passTime(bench.clock, 1_000);
    const ids = new Set(bench.replies().map(({ messageId }) => messageId));
    expect([runs, ids.size, delivery.isAcknowledged]).to.deep.equal([1, 1, true]);
    expect([bench.clock.pending, bench.channel.listeners]).to.deep.equal([0, 0]);
  });

  it('offers a refused reply again, because a full broker refuses too, and then makes a dead letter', async () => {
    bench.channel.always(({ destination }) =>
      destination.name === own.deadLetters.name ? 'confirm' : 'SEND_REFUSED',
    );
    await bench.start(() => 'yes');
    const delivery = await bench.ask();
    await passTime(bench.clock, 6_750);
    expect([bench.replies().length, bench.deadLetters(), delivery.isAcknowledged]).to.deep.equal([
      3,
      [],
      false,
    ]);
    await passTime(bench.clock, 250);
    // Four times the reply, once the Fault that says so.
    expect(bench.replies()).to.have.length(5);
    expect(bench.deadLetters()[0]!.applicationHeaders['x-reason']).to.match(/^its reply was refused: SEND/u);
    expect(delivery.isAcknowledged).to.equal(true);
  });

  it('tells the caller by a Fault when its reply is refused for good', async () => {
    bench.channel.always(({ destination, message }) =>
      destination.name === 'replyto.replies' && message.body.length === 3 ? 'SEND_REFUSED' : 'confirm',
    );
    await bench.start(() => 'yes');
    const delivery = await bench.ask();
    await passTime(bench.clock, 7_000);
    expect([bench.deadLetters().length, delivery.isAcknowledged]).to.deep.equal([1, true]);
    expect(jsonOf(bench.replies().at(-1))).to.include({ code: 'SERVICE_FAILED' });
    expect(bench.logger.sentences('error')).to.include('the request was given up: it is a dead letter now');
  });

  it('answers with the reply that it made when a broker that was full takes messages again', async () => {
    let runs = 0;
    const replier = await bench.start(() => (runs += 1), { concurrency: 1 });
    bench.channel.always('SEND_REFUSED');
    const delivery = await bench.ask();
    await passTime(bench.clock, 120_000, { stepMs: 1_000 });
    expect([delivery.isAcknowledged, replier.running]).to.deep.equal([false, 1]);
    bench.channel.always('confirm');
    const before = bench.replies().length;
    await passTime(bench.clock, 60_000, { stepMs: 1_000 });
    expect([delivery.isAcknowledged, bench.replies().length - before, runs]).to.deep.equal([true, 1, 1]);
    expect((await bench.ask()).isAcknowledged).to.equal(true);
    expect(
      new Set(
        bench
          .replies()
          .slice(0, -1)
          .map(({ messageId }) => messageId),
      ).size,
    ).to.equal(1);
    expect(bench.clock.pending).to.equal(0);
  });

  it('makes a dead letter and a Fault of a request whose queue does not take its retry', async () => {
    bench.channel.always(({ destination }) => (destination.name === 'prices' ? 'SEND_REFUSED' : 'confirm'));
    await bench.start(() => {
      throw new Error('no database');
    });
    const delivery = await bench.ask();
    await passTime(bench.clock, 8_000);
    expect([bench.retries().length, bench.deadLetters().length, delivery.isAcknowledged]).to.deep.equal([
      4,
      1,
      true,
    ]);
    expect(jsonOf(bench.replies()[0])).to.include({ code: 'SERVICE_FAILED' });
  });

  it('tells the caller when its reply cannot be sent to any broker', async () => {
    bench.channel.always(({ message }) => (message.body.length === 3 ? 'INVALID_ARGUMENT' : 'confirm'));
    await bench.start(() => 'yes');
    const delivery = await bench.ask();
    await settled();
    expect([bench.deadLetters().length, delivery.isAcknowledged, bench.clock.pending]).to.deep.equal([
      1,
      true,
      0,
    ]);
    const [, fault] = bench.replies();
    expect([jsonOf(fault), fault!.correlationId]).to.deep.equal([
      { code: 'SERVICE_FAILED', message: 'the reply of the service cannot be sent' },
      delivery.message.messageId,
    ]);
  });

  it('leaves a request to the broker when it stops before anything of it was taken', async () => {
    bench.channel.always('SEND_REFUSED');
    const replier = await bench.start(() => 'yes');
    const delivery = await bench.ask();
    await replier.stop(1_000);
    expect([delivery.isAcknowledged, replier.running, bench.clock.pending]).to.deep.equal([false, 0, 0]);
  });
});

describe('a replier that reports progress', () => {
  const bench = replierBench();

  it('sends an event about the request to the status queue, and resolves with its receipt', async () => {
    const confirmed: boolean[] = [];
    await bench.start(async (_, context) => {
      bench.channel.next('hold');
      const sent = context.progress(30, 'packing').then(() => confirmed.push(true));
      await settled();
      confirmed.push(false);
      bench.channel.sent[0]!.answer('confirm');
      await sent;
      await context.progress(100);
    });
    const { message } = await bench.ask({ properties: { project: 'shop' } });
    await settled(30);
    expect(confirmed).to.deep.equal([false, true]);
    const events = bench.channel.sentTo(own.status.name).map((sent) => sent.message);
    expect(events.map(jsonOf)).to.deep.equal([
      {
        ...{ id: events[0]!.messageId, project: 'shop', subject: message.messageId, kind: 'progress' },
        ...{ percent: 30, text: 'packing', time: bench.clock.now() },
      },
      {
        ...{ id: events[1]!.messageId, project: 'shop', subject: message.messageId, kind: 'progress' },
        ...{ percent: 100, time: bench.clock.now() },
      },
    ]);
    expect(bench.replies()).to.have.length(1);
  });

  it('survives progress that nobody awaits and that fails', async () => {
    bench.channel.always(({ destination }) =>
      destination.name === own.status.name ? 'SEND_REFUSED' : 'confirm',
    );
    await bench.start((_, context) => {
      for (const percent of [1, 101, Number.NaN]) void context.progress(percent);
      return 'yes';
    });
    const delivery = await bench.ask();
    expect(delivery.isAcknowledged).to.equal(true);
    expect(bench.logger.sentences('warn')).to.deep.equal(
      Array.from({ length: 3 }, () => 'progress was not sent'),
    );
  });

  it('tells a handler that awaits it that a percentage is none', async () => {
    const errors: unknown[] = [];
    await bench.start(async (_, context) => {
      for (const percent of [-1, 100.5, Number.NaN])
        await context.progress(percent).catch((e: unknown) => errors.push(e));
    });
    await bench.ask();
    expect(errors.map((error) => error instanceof RangeError)).to.deep.equal([true, true, true]);
    expect(bench.channel.sentTo(own.status.name)).to.deep.equal([]);
  });
});

describe('a replier and cancelled requests', () => {
  const bench = replierBench();

  it('skips a request that was cancelled before it came', async () => {
    let runs = 0;
    await bench.start(() => (runs += 1));
    const message = newRequestMessage();
    bench.cancel(message.messageId);
    const delivery = await bench.ask(message);
    expect([runs, delivery.isAcknowledged, bench.channel.sent]).to.deep.equal([0, true, []]);
    // Once: should it ever be asked again, that is another story.
    await bench.ask(message);
    expect(runs).to.equal(1);
  });

  it('skips a request that was cancelled while it waited for its turn', async () => {
    const blocking = createDeferred<string>();
    const runs: string[] = [];
    await bench.start(
      (request) => {
        runs.push(request.messageId);
        return blocking.promise;
      },
      { concurrency: 1 },
    );
    await bench.ask({ messageId: 'running' });
    const waiting = await bench.ask({ messageId: 'waiting' });
    bench.cancel('waiting');
    blocking.resolve('yes');
    await settled();
    expect([runs, waiting.isAcknowledged]).to.deep.equal([['running'], true]);
  });

  it('aborts the signal of a running handler; what it throws then is no failure', async () => {
    const reasons: unknown[] = [];
    await bench.start(
      (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reasons.push(signal.reason);
            reject(new Error('aborted'));
          });
        }),
    );
    const delivery = await bench.ask();
    bench.cancel('somebody else');
    bench.cancel(delivery.message.messageId);
    await passTime(bench.clock, 5_000);
    expect([reasons, delivery.isAcknowledged, bench.channel.sent]).to.deep.equal([['cancelled'], true, []]);
  });

  it('does not run again what was cancelled while it waited for its next attempt', async () => {
    let runs = 0;
    await bench.start(() => {
      runs += 1;
      throw new Error('again');
    });
    const delivery = await bench.ask();
    await passTime(bench.clock, 500);
    bench.cancel(delivery.message.messageId);
    await settled();
    expect([delivery.isAcknowledged, bench.clock.pending]).to.deep.equal([true, 0]);
    await passTime(bench.clock, 2_000);
    expect([runs, bench.retries()]).to.deep.equal([1, []]);
  });

  it('sends what a handler returns all the same: the reply is kept as late', async () => {
    const work = createDeferred<string>();
    await bench.start(() => work.promise);
    const delivery = await bench.ask();
    bench.cancel(delivery.message.messageId);
    work.resolve('done already');
    await settled();
    expect([bench.replies().length, delivery.isAcknowledged]).to.deep.equal([1, true]);
  });
});
