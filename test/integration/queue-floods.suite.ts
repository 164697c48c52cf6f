import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { report } from '../support/report.js';
import { openStranger } from '../support/stranger.js';
import { strangerBench } from '../support/stranger-bench.js';
import { until } from '../support/until.js';

const flood = 3_000;
/** Heap and buffers of test, broker and gateway, which share a process here. */
const mostGrowthBytes = 200 * 1024 * 1024;

/** Thousands of messages on the product's own queues: callers who wait are answered meanwhile, and nothing grows. */
export function describeQueueFloods(brokerUrl: () => string | undefined): void {
  const bench = strangerBench(brokerUrl);

  /** Sends them while ten callers ask one after the other; `done` says when all have been taken. */
  async function floodWith(
    context: Mocha.Context,
    destination: string,
    send: (index: number) => void,
    done: () => Promise<boolean>,
  ): Promise<void> {
    const queue = uniqueName('flooded');
    await bench.serve(queue, () => 'fine');
    const linesFromNow = bench.toldFromNow();
    const before = process.memoryUsage().rss;
    for (let index = 0; index < flood; index += 1) send(index);
    const answers = [];
    const startedAt = performance.now();
    for (let caller = 0; caller < 10; caller += 1) {
      answers.push((await bench.ask(queue, { prefer: 'wait=30' })).status);
    }
    const answeredMs = Math.round((performance.now() - startedAt) / 10);
    expect(answers).to.deep.equal(Array.from({ length: 10 }, () => 200));
    await until(done, { what: `the end of ${flood} messages`, withinMs: 60_000 });
    const growth = process.memoryUsage().rss - before;
    const lines = linesFromNow();
    report(
      context,
      `${flood} messages to ${destination}: callers answered in ${answeredMs} ms each meanwhile, ` +
        `${lines.length} log lines, memory ${growth >= 0 ? '+' : ''}${Math.round(growth / 1024 / 1024)} MiB`,
    );
    expect(lines.length).to.be.at.most(25);
    expect(growth).to.be.lessThan(mostGrowthBytes);
  }

  const own = (name: string): string => `${bench.gateway.prefix}.${name}`;
  const send = (name: string, headers: Record<string, string>, body: string): void =>
    bench.stranger.frame('SEND', { ...bench.stranger.toQueue(own(name)), ...headers }, body);
  const grewBy = async (metric: string): Promise<() => Promise<boolean>> => {
    const before = await bench.metric(metric);
    return async () => (await bench.metric(metric)) === before + flood;
  };

  happens(
    'Messages',
    'thousands of replies to nobody on {prefix}.replies',
    'all of them to the unmatched replies; callers are answered meanwhile, memory and log stay bounded',
    async function () {
      const done = await grewBy('replies_unmatched_total');
      await floodWith(
        this,
        'replies',
        (n) => send('replies', { 'correlation-id': `nobody-${n}` }, 'x'.repeat(1_000)),
        done,
      );
    },
  );

  happens(
    'Messages',
    'thousands of unreadable messages on {prefix}.status',
    'all of them to the invalid messages; callers are answered meanwhile, memory and log stay bounded',
    async function () {
      const done = await grewBy('messages_invalid_total');
      await floodWith(
        this,
        'status',
        (n) => send('status', { 'Message-ID': randomUUID() }, `no event ${n}`),
        done,
      );
    },
  );

  happens(
    'Messages',
    'thousands of messages on {prefix}.dead-letters',
    'all of them to the dead letters; callers are answered meanwhile, memory and log stay bounded',
    async function () {
      const done = await grewBy('messages_dead_lettered_total');
      await floodWith(
        this,
        'dead-letters',
        (n) => send('dead-letters', { 'Message-ID': randomUUID() }, `dead ${n}`),
        done,
      );
    },
  );

  happens(
    'Messages',
    'thousands of messages on {prefix}.invalid',
    'all of them to the invalid messages; callers are answered meanwhile, memory and log stay bounded',
    async function () {
      const done = await grewBy('messages_invalid_total');
      await floodWith(
        this,
        'invalid',
        (n) => send('invalid', { 'Message-ID': randomUUID() }, `invalid ${n}`),
        done,
      );
    },
  );

  happens(
    'Messages',
    'thousands of messages on the control topic, of nonsense and of hellos of other deployments',
    'nonsense is ignored and each hello answered; callers are answered meanwhile, memory and log stay bounded',
    async function () {
      const control = own('control');
      const bodies = [
        'nonsense',
        '{"type":"hello"}',
        JSON.stringify({ type: 'hello', storeId: randomUUID(), instance: 'stranger' }),
        JSON.stringify({ type: 'cancel', requestId: 'nobody' }),
      ];
      const listener = await openStranger(bench.gateway.brokerUrl);
      await listener.follow(control);
      const welcomes = (): number => listener.pending.filter(({ text }) => text.includes('"welcome"')).length;
      try {
        await floodWith(
          this,
          'control',
          (n) => bench.stranger.publish(control, bodies[n % bodies.length] ?? ''),
          () => Promise.resolve(welcomes() >= flood / bodies.length),
        );
        expect(welcomes()).to.equal(flood / bodies.length);
      } finally {
        listener.destroy();
      }
    },
  );

  it('leaves everything in the table where it belongs, and nothing open', async () => {
    const write = (name: string, headers: Record<string, string>): Promise<void> =>
      bench.stranger.send(own(name), { persistent: 'true', ...headers }, 'stranger');
    const [invalid, unmatched, dead] = await Promise.all(
      ['messages_invalid_total', 'replies_unmatched_total', 'messages_dead_lettered_total'].map(
        async (name) => [name, await bench.metric(name)] as const,
      ),
    );
    await write('replies', {});
    await write('replies', { 'correlation-id': 'table' });
    await write('dead-letters', { 'Message-ID': 'table-dead' });
    await write('invalid', { 'Message-ID': 'table-invalid' });
    for (const [[name, before], more] of [
      [invalid!, 2],
      [unmatched!, 1],
      [dead!, 1],
    ] as const) {
      await until(async () => (await bench.metric(name)) === before + more, { what: name });
    }
    const kept = await bench.gateway.endAndRead((store) =>
      store
        .all(
          "SELECT kind, queue, reason FROM dead_letters WHERE CAST(body AS TEXT) = 'stranger' ORDER BY kind, queue",
        )
        .map(({ kind, queue, reason }) => [kind, String(queue).replace(/^.*\./u, ''), reason].map(String)),
    );
    expect(kept).to.deep.equal([
      ['dead-letter', 'dead-letters', 'no reason was given'],
      ['invalid', 'invalid', 'no reason was given'],
      ['invalid', 'replies', 'it has no correlation id'],
      ['unmatched-reply', '', 'no request with the id table is kept here'],
    ]);
  });
}
