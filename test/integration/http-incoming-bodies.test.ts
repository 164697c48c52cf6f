import { expect } from 'chai';
import { allRights, newCaller } from '../support/access.js';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { httpBench, problemOf } from '../support/http-bench.js';
import { lockedBench } from '../support/locked-bench.js';
import type { RawHttp } from '../support/raw-http.js';
import { openRawHttp, rawRequest } from '../support/raw-http.js';
import { until } from '../support/until.js';

const limits = { REPLYTO_HTTP__MAX_BODY_BYTES: '100000', REPLYTO_HTTP__MAX_INCOMING_BYTES: '400000' };
const almost = 'x'.repeat(99_999);

describe('bodies that are coming', () => {
  const connections: RawHttp[] = [];
  afterEach(() => {
    for (const connection of connections.splice(0)) connection.destroy();
  });

  /** Sends a body but for its last byte. */
  async function begin(port: number, headers: readonly string[] = []): Promise<RawHttp> {
    const connection = await openRawHttp(port);
    connections.push(connection);
    const length = ['Prefer: respond-async', 'Content-Length: 100000'];
    connection.write(rawRequest(`POST /requests/${uniqueName('bodies')}`, [...headers, ...length]) + almost);
    return connection;
  }

  describe('of anybody', () => {
    const bench = httpBench(() => ({ settings: limits }));

    happens(
      'HTTP',
      'more bytes of bodies that are coming at the same time than http.maxIncomingBytes',
      '429 with Retry-After for one of them, nothing of it stored or sent; the others are taken, and then the next is',
      async () => {
        const begun: RawHttp[] = [];
        for (let count = 0; count < 5; count += 1) begun.push(await begin(bench.port));
        const refused = await until(() => begun.find((each) => each.rest() !== ''), { what: 'a refusal' });
        const answer = await refused.answer();
        expect(problemOf(answer, 429, 'TOO_MANY_WAITING').detail).to.match(
          /^\d+ bytes of bodies are coming; the limit is 400000$/u,
        );
        expect(answer.headers['retry-after']).to.match(/^\d+$/u);
        for (const connection of begun.filter((each) => each !== refused)) {
          connection.write('x');
          expect((await connection.answer()).status).to.equal(202);
        }
        refused.write(
          `x${rawRequest(`POST /requests/${uniqueName('bodies')}`, ['Prefer: respond-async'], almost)}`,
        );
        expect((await refused.answer()).status).to.equal(202);
      },
    );
  });

  describe('that somebody else ends', () => {
    const bench = httpBench(() => ({ settings: limits }));
    const chunked = ['Prefer: respond-async', 'Transfer-Encoding: chunked'];
    const chunk = `15f90\r\n${'x'.repeat(90_000)}\r\n`;
    const ends: Readonly<Record<string, (connection: RawHttp) => void>> = {
      'a chunk that is none': (connection) => connection.write('no chunk\r\n'),
      'an end of the connection in its midst': (connection) => connection.end(),
    };
    for (const [what, end] of Object.entries(ends)) {
      it(`give their room back: ${what}`, async () => {
        for (let count = 0; count < 6; count += 1) {
          const connection = await openRawHttp(bench.port);
          connections.push(connection);
          connection.write(rawRequest(`POST /requests/${uniqueName('bodies')}`, chunked) + chunk);
          end(connection);
          expect((await connection.answer()).status).to.equal(400);
          await connection.closed();
        }
        const good = await begin(bench.port);
        good.write('x');
        expect((await good.answer()).status).to.equal(202);
      });
    }
  });

  describe('of a name', () => {
    const [alice, bob] = [newCaller(), newCaller()];
    const bench = lockedBench(
      () => [
        { name: 'alice', token: alice.hash, ...allRights },
        { name: 'bob', token: bob.hash, ...allRights },
      ],
      limits,
    );

    it('take half of the room at most', async () => {
      const of = (caller: typeof alice): string[] => [`Authorization: ${caller.headers.authorization}`];
      const begun: RawHttp[] = [];
      for (let count = 0; count < 3; count += 1) begun.push(await begin(bench.port, of(alice)));
      const refused = await until(() => begun.find((each) => each.rest() !== ''), { what: 'a refusal' });
      expect(problemOf(await refused.answer(), 429, 'TOO_MANY_WAITING').detail).to.match(
        /^\d+ bytes of bodies are coming for 'alice'; of 400000 in all a name gets no more than it leaves to others$/u,
      );
      const other = await begin(bench.port, of(bob));
      other.write('x');
      expect((await other.answer()).status).to.equal(202);
    });
  });
});
