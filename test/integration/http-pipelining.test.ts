import { expect } from 'chai';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { call } from '../support/http.js';
import { httpBench, problemOf } from '../support/http-bench.js';
import type { RawHttp } from '../support/raw-http.js';
import { openRawHttp, rawRequest } from '../support/raw-http.js';
import { until } from '../support/until.js';

describe('calls that are pipelined on one connection', () => {
  const bench = httpBench();
  const connections: RawHttp[] = [];
  afterEach(() => {
    for (const connection of connections.splice(0)) connection.destroy();
  });

  async function pipelined(...calls: readonly string[]): Promise<RawHttp> {
    const connection = await openRawHttp(bench.port);
    connections.push(connection);
    connection.write(calls.join(''));
    return connection;
  }

  async function openRequest(): Promise<string> {
    const id = uniqueName('pipelined');
    await bench.ask(id, { 'message-id': id, prefer: 'respond-async' });
    await bench.reaches(id, 'sent');
    return id;
  }

  function waits(count: number): Promise<unknown> {
    return until(async () => (await bench.metric('waits')) === count, { what: `${count} to wait` });
  }

  const times = (count: number, bytes: string): string[] => Array.from({ length: count }, () => bytes);
  const poll = (id: string, seconds: number): string =>
    rawRequest(`GET /requests/${id}`, [`Prefer: wait=${seconds}`]);
  const events = (id: string): string => rawRequest(`GET /requests/${id}/events`, []);

  happens(
    'HTTP',
    'a caller that hangs up while several of its calls wait on one connection',
    'all of its waits end; its requests go on',
    async () => {
      const id = await openRequest();
      const ask = rawRequest(`POST /requests/${uniqueName('pipelined')}`, ['Prefer: wait=50'], '{}');
      const connection = await pipelined(poll(id, 50), poll(id, 50), ask, ask);
      await waits(4);
      connection.destroy();
      await waits(0);
    },
  );

  it('end their event streams when the client hangs up', async () => {
    const id = await openRequest();
    const connection = await pipelined(...times(5, events(id)));
    await waits(1);
    connection.destroy();
    await waits(0);
    const other = await pipelined(events(id));
    expect((await other.answer()).status).to.equal(200);
  });

  it('begin an event stream when it is its turn', async () => {
    const id = await openRequest();
    const connection = await pipelined(rawRequest('GET /livez', []), poll(id, 1), events(id));
    expect((await connection.answer()).text()).to.equal('alive\n');
    expect((await connection.answer()).json()).to.include({ id });
    const stream = await connection.answer();
    expect(stream.headers['content-type']).to.equal('text/event-stream; charset=utf-8');
    await waits(1);
  });

  happens(
    'HTTP',
    'more than ten calls that wait on one connection',
    '429 for the next one, in its turn; the others wait on, the connection goes on',
    async () => {
      const id = await openRequest();
      const connection = await pipelined(...times(11, poll(id, 1)), rawRequest('GET /livez', []));
      for (const answer of await Promise.all(times(10, '').map(() => connection.answer()))) {
        expect(answer.status).to.equal(200);
      }
      const refused = problemOf(await connection.answer(), 429, 'TOO_MANY_WAITING');
      expect(refused.detail).to.equal('10 calls of this connection wait already; the limit is 10');
      expect((await connection.answer()).text()).to.equal('alive\n');
      connection.write(poll(id, 1));
      expect((await connection.answer()).status).to.equal(200);
    },
  );

  happens(
    'HTTP',
    'more than 100 calls on one connection without an answer, 2,000 of them in one read',
    'the first 100 are served in their order, the next gets 429 and the connection is closed; nothing of the others is stored or sent',
    async () => {
      const queue = uniqueName('pipelined');
      const received = await bench.listen(queue);
      const ask = (number: number): string =>
        rawRequest(
          `POST /requests/${queue}`,
          [`Message-ID: ${queue}-${number}`, 'Prefer: respond-async'],
          '{}',
        );
      const connection = await pipelined(...Array.from({ length: 2_000 }, (_, index) => ask(index)));
      for (let number = 0; number < 100; number += 1) {
        const answer = await connection.answer();
        expect(answer.status, answer.text()).to.equal(202);
        expect(answer.headers['message-id']).to.equal(`${queue}-${number}`);
      }
      const refused = await connection.answer();
      expect(problemOf(refused, 429, 'TOO_MANY_WAITING').detail).to.match(/the limit is 100$/u);
      expect(refused.headers['connection']).to.equal('close');
      await connection.gone();
      expect(connection.rest()).to.equal('');
      await until(() => received.length >= 100, { what: 'the messages' });
      const listed = await call(`${bench.url}/requests?queue=${queue}&limit=500`);
      expect(listed.json<{ requests: unknown[] }>().requests).to.have.lengthOf(100);
    },
  );

  happens(
    'HTTP',
    'calls that are pipelined without an end and whose answers nobody reads',
    'the connection is closed, what is kept of it is bounded, the next caller served',
    async () => {
      const connection = await openRawHttp(bench.port);
      connections.push(connection);
      connection.pause();
      const many = rawRequest('GET /openapi.json', []).repeat(2_000);
      for (let round = 0; round < 100; round += 1) connection.write(many);
      expect((await call(`${bench.url}/livez`)).status).to.equal(200);
      connection.resume();
      await connection.gone();
      expect((await call(`${bench.url}/livez`)).status).to.equal(200);
    },
  );
});
