/** The fault points of `npm run chaos` are where they say: what is on disk, and where the message is, when a gateway has died at one. */
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { openDatabase } from '#adapters/sqlite/database.js';
import type { Broker } from '#app/library/connect-broker.js';
import { connectBroker } from '#app/library/connect-broker.js';
import { createReplier } from '#app/library/create-replier.js';
import { silentLogger } from '#core/ports/logger.js';
import type { Replier } from '#messaging/replier.js';
import type { ChaosGateway } from '../chaos/parts/gateway.js';
import { startChaosGateway } from '../chaos/parts/gateway.js';
import type { ReplyQueue } from '../chaos/parts/reply-queue.js';
import { readReplyQueue } from '../chaos/parts/reply-queue.js';
import type { CrashPoint } from '../chaos/points/crash-point.js';
import { crashPoints } from '../chaos/points/crash-point.js';
import { describeOn } from '../support/brokers.js';
import { uniqueName } from '../support/gateway.js';
import { call, post } from '../support/http.js';
import { openStranger } from '../support/stranger.js';
import { until, within } from '../support/until.js';

/** While the gateway is dead. */
interface Seen {
  /** As the store has it; `open` = accepted or sent, because the mark of the receipt may be late. */
  readonly request: 'open' | 'replied';
  readonly delivery: 'waiting' | null;
  /** How often the service was given the request. */
  readonly runs: number;
  /** How often the reply came to the Reply-To queue. */
  readonly forwards: number;
}

const unsent: Seen = { request: 'open', delivery: null, runs: 0, forwards: 0 };
const replied: Seen = { request: 'replied', delivery: 'waiting', runs: 1, forwards: 0 };
const expected: Readonly<Record<CrashPoint, Seen>> = {
  accepted: unsent,
  sent: { ...unsent, runs: 1 },
  'reply-received': { ...unsent, runs: 1 },
  'reply-committed': replied,
  'forward-claimed': replied,
  forwarded: { ...replied, forwards: 1 },
};
/** After the restart, with those before it. */
const lastForwards: Readonly<Partial<Record<CrashPoint, number>>> = { forwarded: 2 };

describeOn('classic', 'fault points', (classic) => {
  let gateway: ChaosGateway;
  let broker: Broker;
  let replier: Replier;
  let replyQueue: ReplyQueue;
  let queue: string;
  let runs: string[];
  let forwards: string[];

  beforeEach(async function () {
    this.timeout(60_000);
    const prefix = `points-${randomUUID()}`;
    [queue, runs, forwards] = [uniqueName('work'), [], []];
    gateway = await startChaosGateway({ brokerUrl: classic().url, settings: { REPLYTO_PREFIX: prefix } });
    broker = await connectBroker({ url: classic().url, prefix, logger: silentLogger });
    replier = createReplier({
      ...{ broker, queue },
      handler: ({ messageId }) => {
        runs.push(messageId);
        return 'done';
      },
    });
    await replier.start();
    replyQueue = readReplyQueue(classic().url, `answers.${queue}`, ({ messageId }) =>
      forwards.push(messageId),
    );
  });
  afterEach(async function () {
    this.timeout(60_000);
    await replyQueue.stop();
    await replier.stop(2_000);
    await broker.close();
    await gateway.remove();
  });

  /** Resolves when everything is handled that is in the queue of the service now. */
  async function servedUpToNow(): Promise<void> {
    const mark = randomUUID();
    const stranger = await openStranger(classic().url);
    await stranger.send(queue, { 'Message-ID': mark, persistent: 'true' }, 'mark');
    stranger.destroy();
    await until(() => runs.includes(mark), { what: 'the mark at the service' });
  }

  async function see(id: string): Promise<Seen> {
    await servedUpToNow();
    await replyQueue.upToNow();
    const store = openDatabase({ path: join(gateway.folder, 'replyto.db') });
    try {
      const [found] = store.all(
        `SELECT requests.status AS request, outbox.status AS delivery
           FROM requests LEFT JOIN outbox ON outbox.request_seq = requests.seq WHERE requests.id = ?`,
        [id],
      );
      return {
        request: found?.['request'] === 'replied' ? 'replied' : 'open',
        delivery: found?.['delivery'] as Seen['delivery'],
        runs: runs.filter((run) => run === id).length,
        forwards: forwards.length,
      };
    } finally {
      store.close();
    }
  }

  for (const point of crashPoints) {
    it(`${point}: the gateway dies there, at the passing of the plan, and forgets nothing`, async function () {
      this.timeout(90_000);
      const headers = { prefer: 'respond-async', 'reply-to': `answers.${queue}` };
      const ask = (id: string): ReturnType<typeof post> =>
        post(`${gateway.url}/requests/${queue}`, 'hello', { ...headers, 'message-id': id });
      const [first, second] = [randomUUID(), randomUUID()];
      gateway.plan({ point, passing: 2 });
      await ask(first);
      await until(() => forwards.length === 1, { what: 'the first reply' });
      forwards.splice(0);
      // At the first point nobody is left to answer.
      await ask(second).catch(() => undefined);
      await within(gateway.ended, { what: 'the end of the gateway' });
      expect(gateway.takeCrash()).to.deep.equal({ point, passing: 2, requestId: second });
      expect(gateway.takeCrash(), 'told once').to.equal(null);
      expect(await see(second)).to.deep.equal(expected[point]);

      gateway.plan(null);
      await gateway.restart();
      const answer = await call(`${gateway.url}/requests/${second}/reply`, {
        headers: { prefer: 'wait=20' },
      });
      expect(answer.text()).to.equal('done');
      const most = lastForwards[point] ?? 1;
      await until(() => forwards.length >= most, { what: 'the reply in the Reply-To queue' });
      expect(new Set(forwards)).to.have.property('size', 1);
      expect(forwards).to.have.length(most);
    });
  }
});
