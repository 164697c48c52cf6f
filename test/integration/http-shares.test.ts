import { expect } from 'chai';
import type { Caller } from '../support/access.js';
import { allRights, newCaller } from '../support/access.js';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import type { HttpAnswer } from '../support/http.js';
import { call, post } from '../support/http.js';
import type { HttpBench } from '../support/http-bench.js';
import { httpBench, problemOf } from '../support/http-bench.js';
import type { LockedBench } from '../support/locked-bench.js';
import { lockedBench } from '../support/locked-bench.js';
import type { RawHttp } from '../support/raw-http.js';
import { openRawHttp, rawRequest } from '../support/raw-http.js';
import { until } from '../support/until.js';

const async = { prefer: 'respond-async' };
const whole = (share: string): string => `${share}; of 4 in all a name gets no more than it leaves to others`;

/** Two who call, and what they need. */
function sharers(settings: Record<string, string>): {
  readonly bench: LockedBench;
  readonly alice: Caller;
  readonly bob: Caller;
  /** Sends a call without waiting for its answer; the connection ends with the test. */
  readonly begin: (caller: Caller, line: string, headers?: readonly string[]) => Promise<RawHttp>;
} {
  const [alice, bob] = [newCaller(), newCaller()];
  const bench = lockedBench(
    () => [
      { name: 'alice', token: alice.hash, ...allRights },
      { name: 'bob', token: bob.hash, ...allRights },
    ],
    settings,
  );
  const connections: RawHttp[] = [];
  afterEach(() => {
    for (const connection of connections.splice(0)) connection.destroy();
  });
  return {
    bench,
    alice,
    bob,
    async begin(caller, line, headers = []) {
      const connection = await openRawHttp(bench.port);
      connections.push(connection);
      connection.write(rawRequest(line, [`Authorization: ${caller.headers.authorization}`, ...headers]));
      return connection;
    },
  };
}

function gauge(bench: HttpBench, caller: Caller, name: string, value: number): Promise<unknown> {
  return until(
    async () => {
      const text = (await call(`${bench.url}/metrics`, { headers: caller.headers })).text();
      return new RegExp(`^replyto_${name} ${value}$`, 'mu').test(text);
    },
    { what: `${name} to be ${value}` },
  );
}

describe('a caller that states no wait', () => {
  const bench = httpBench(() => ({
    settings: { REPLYTO_REQUESTS__MAX_WAITING: '1', REPLYTO_REQUESTS__WAIT_MS: '20s' },
  }));

  happens(
    'HTTP',
    'a POST without Prefer while as many wait as requests.maxWaiting allows',
    '202 at once: its request is stored and sent, and its reply kept',
    async () => {
      const queue = uniqueName('share');
      const received = await bench.listen(queue);
      const waits = bench.ask(queue, { 'message-id': `${queue}-1` });
      await until(() => received.length === 1, { what: 'the first message' });
      const second = await bench.ask(queue, { 'message-id': `${queue}-2` });
      expect(second.status, second.text()).to.equal(202);
      await until(() => received.length === 2, { what: 'the second message' });
      for (const message of received) await bench.reply(message, 'done');
      expect((await waits).text()).to.equal('done');
      await bench.reaches(`${queue}-2`, 'replied');
    },
  );

  it('gets 202 also where ten calls of its connection wait already', async () => {
    const id = uniqueName('share');
    await bench.ask(id, { 'message-id': id, ...async });
    const connection = await openRawHttp(bench.port);
    try {
      connection.write(rawRequest('GET /livez', []));
      const events = rawRequest(`GET /requests/${id}/events`, []);
      connection.write(
        `${events.repeat(10)}${rawRequest(`POST /requests/${id}`, [`Message-ID: ${id}-2`], '{}')}`,
      );
      await bench.reaches(`${id}-2`, 'sent');
    } finally {
      connection.destroy();
    }
  });
});

describe('the callers of one name that wait', () => {
  const { bench, alice, bob, begin } = sharers({ REPLYTO_REQUESTS__MAX_WAITING: '4' });

  happens(
    'HTTP',
    'more callers of one name that wait than half of requests.maxWaiting, where callers log in',
    '429 for the next of this name; another name waits',
    async () => {
      const queue = uniqueName('share');
      for (let count = 0; count < 2; count += 1)
        await begin(alice, `POST /requests/${queue}`, ['Prefer: wait=50']);
      await gauge(bench, bob, 'waits', 2);
      const wait = { prefer: 'wait=1' };
      const refused = await bench.ask(queue, { ...alice.headers, ...wait });
      expect(problemOf(refused, 429, 'TOO_MANY_WAITING').detail).to.equal(
        whole("2 callers wait for 'alice'"),
      );
      expect((await bench.ask(queue, alice.headers)).status).to.equal(202);
      expect((await bench.ask(queue, { ...bob.headers, ...wait })).status).to.equal(202);
    },
  );

  happens(
    'HTTP',
    'more event streams of one name than half of requests.maxWaiting, where callers log in',
    '429 for the next of this name; another name gets its stream',
    async () => {
      const [hers, his] = [uniqueName('share'), uniqueName('share')];
      await bench.ask(hers, { ...alice.headers, ...async, 'message-id': hers });
      await bench.ask(his, { ...bob.headers, ...async, 'message-id': his });
      for (let count = 0; count < 2; count += 1) {
        const stream = await begin(alice, `GET /requests/${hers}/events`);
        expect((await stream.answer()).status).to.equal(200);
      }
      const refused = await call(`${bench.url}/requests/${hers}/events`, { headers: alice.headers });
      expect(problemOf(refused, 429, 'TOO_MANY_WAITING').detail).to.equal(
        whole("2 event streams are open for 'alice'"),
      );
      const stream = await begin(bob, `GET /requests/${his}/events`);
      expect((await stream.answer()).status).to.equal(200);
    },
  );
});

describe('the open requests of one name', () => {
  const { bench, alice, bob } = sharers({ REPLYTO_REQUESTS__MAX_PENDING: '4' });
  const ask = (caller: Caller, id: string): Promise<HttpAnswer> =>
    bench.ask('open', { ...caller.headers, ...async, 'message-id': id });

  happens(
    'HTTP',
    'more open requests of one name than half of requests.maxPending, where callers log in',
    '429 for the next of this name until one has ended; another name is served',
    async () => {
      for (const id of ['a-1', 'a-2']) expect((await ask(alice, id)).status).to.equal(202);
      expect(problemOf(await ask(alice, 'a-3'), 429, 'TOO_MANY_PENDING').detail).to.equal(
        whole("2 requests are open for 'alice'"),
      );
      expect((await ask(bob, 'b-1')).status).to.equal(202);
      problemOf(await ask(bob, 'b-2'), 429, 'TOO_MANY_PENDING');
      for (const id of ['a-1', 'a-2']) {
        const cancelled = await call(`${bench.url}/requests/${id}`, {
          method: 'DELETE',
          headers: alice.headers,
        });
        expect(cancelled.status).to.equal(200);
      }
      expect((await ask(alice, 'a-3')).status).to.equal(202);
    },
  );
});

describe('the queues that one name reads', () => {
  const { bench, alice, bob, begin } = sharers({});

  happens(
    'HTTP',
    'a name that reads a hundred queues at the same time, half of the limit, where callers log in',
    '429 for the next queue of this name; another name reads its own',
    async function () {
      this.timeout(60_000);
      for (let number = 0; number < 100; number += 1) {
        await begin(alice, `GET /queues/nothing.${number}/messages`, ['Prefer: wait=50']);
      }
      await gauge(bench, bob, 'queues_read', 100);
      const read = (caller: Caller, queue: string): Promise<HttpAnswer> =>
        call(`${bench.url}/queues/${queue}/messages`, { headers: caller.headers });
      const refused = await read(alice, 'nothing.100');
      expect(problemOf(refused, 429, 'TOO_MANY_WAITING').detail).to.equal(
        "100 queues are being read for 'alice'; of 200 in all a name gets no more than it leaves to others",
      );
      await post(`${bench.url}/queues/his/messages`, 'something', bob.headers);
      expect((await read(bob, 'his')).text()).to.equal('something');
    },
  );
});
