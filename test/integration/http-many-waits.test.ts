import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { createReplier } from '#app/library/create-replier.js';
import { connectBroker } from '#app/library/connect-broker.js';
import { silentLogger } from '#core/ports/logger.js';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { call } from '../support/http.js';
import { problemOf } from '../support/http-bench.js';
import type { RawHttp } from '../support/raw-http.js';
import { openRawHttp, rawRequest } from '../support/raw-http.js';
import type { ServedGateway } from '../support/served-gateway.js';
import { serveGateway } from '../support/served-gateway.js';
import { skip } from '../support/skip.js';
import { until } from '../support/until.js';

const mostWaiting = 10_000;
/** Waits that one connection may have. */
const perConnection = 10;
const connectionsForAll = mostWaiting / perConnection;

describe('twice as many callers as may wait', () => {
  let gateway: ServedGateway | undefined;
  const connections: RawHttp[] = [];
  after(async () => {
    for (const connection of connections.splice(0)) connection.destroy();
    await gateway?.remove();
  });

  happens(
    'HTTP',
    '20,000 callers that wait at the same time, twice as many as requests.maxWaiting',
    '10,000 wait and get their replies; the others get 429 with Retry-After, nothing of them stored or sent',
    async function () {
      this.timeout(120_000);
      const files = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }));
      if (files < 3 * connectionsForAll) {
        skip(this, `2,000 connections need more open files than ${files}, which is what ulimit -n gives`);
      }
      // Connections are opened long before their first call.
      const settings = { REPLYTO_REQUESTS__MAX_WAIT_MS: '10m', REPLYTO_HTTP__HEADERS_TIMEOUT_MS: '60s' };
      const served = (gateway = await serveGateway({ settings }));
      const port = Number(new URL(served.url).port);
      const queue = uniqueName('many');
      const patience = { withinMs: 60_000 };
      const wait = 'Prefer: wait=600';
      const ask = (id: string, prefer: string): string =>
        rawRequest(`POST /requests/${queue}`, [`Message-ID: ${id}`, prefer], JSON.stringify({ id }));

      async function open(count: number): Promise<RawHttp[]> {
        const opened: RawHttp[] = [];
        for (let index = 0; index < count; index += 1) opened.push(await openRawHttp(port));
        connections.push(...opened);
        return opened;
      }

      const waiting = await open(connectionsForAll);
      for (const [index, connection] of waiting.entries()) {
        const id = `${queue}-${index}`;
        connection.write(ask(id, 'Prefer: respond-async'));
        expect((await connection.answer()).status).to.equal(202);
        connection.write(rawRequest(`GET /requests/${id}/reply`, [wait]).repeat(perConnection));
      }
      await until(async () => (await served.metric('replyto_waits')) === mostWaiting, {
        what: 'all to wait',
        ...patience,
      });

      const refused = await open(connectionsForAll);
      for (const connection of refused) connection.write(ask(`${queue}-refused`, wait).repeat(perConnection));
      for (const connection of refused) {
        for (let count = 0; count < perConnection; count += 1) {
          const answer = await connection.answer();
          problemOf(answer, 429, 'TOO_MANY_WAITING');
          expect(answer.headers['retry-after']).to.match(/^\d+$/u);
        }
      }
      expect(await served.metric('replyto_waits')).to.equal(mostWaiting);

      const broker = await connectBroker({ url: served.brokerUrl, logger: silentLogger });
      const service = createReplier({ broker, queue, concurrency: 100, handler: ({ body }) => body });
      await service.start();
      for (const [index, connection] of waiting.entries()) {
        for (let count = 0; count < perConnection; count += 1) {
          const answer = await until(() => connection.answer(), { what: 'a reply', ...patience });
          expect([answer.status, answer.text()]).to.deep.equal([200, `{"id":"${queue}-${index}"}`]);
        }
      }
      expect(await served.metric('replyto_waits')).to.equal(0);
      expect(await served.metric('replyto_requests_accepted_total')).to.equal(connectionsForAll);
      problemOf(await call(`${served.url}/requests/${queue}-refused`), 404, 'REQUEST_NOT_FOUND');
      await service.stop(2_000);
      await broker.close();
    },
  );
});
