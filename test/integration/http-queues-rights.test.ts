import { expect } from 'chai';
import { allRights, newCaller } from '../support/access.js';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import type { HttpAnswer } from '../support/http.js';
import { call } from '../support/http.js';
import { faultOf, problemOf } from '../support/http-bench.js';
import { lockedBench } from '../support/locked-bench.js';

describe('who may read a queue over HTTP', () => {
  const [worker, other, caller] = [newCaller(), newCaller(), newCaller()];
  const bench = lockedBench(() => [
    { name: 'worker', token: worker.hash, read: ['work.*'] },
    { name: 'other', token: other.hash, read: ['work.*'] },
    { name: 'caller', token: caller.hash, ...allRights, read: [] },
  ]);
  const read = (queue: string, headers: Record<string, string>): Promise<HttpAnswer> =>
    call(`${bench.url}/queues/${queue}/messages`, { headers: { prefer: 'wait=10', ...headers } });

  happens(
    'HTTP',
    'a read of a queue that the name has no right to read',
    '403 `NOT_PERMITTED`, naming the queue; no message is taken',
    async () => {
      const queue = uniqueName('work');
      await bench.ask(queue, { ...caller.headers, prefer: 'respond-async', 'message-id': queue });
      const fault = faultOf(await read(queue, caller.headers), 403, 'NOT_PERMITTED');
      expect(fault).to.include({ field: 'queue', value: queue });
      problemOf(await read(queue, {}), 401, 'NOT_AUTHENTICATED');
      const taken = await read(queue, worker.headers);
      expect(taken.headers).to.include({ 'message-id': queue, attempt: '1' });
    },
  );

  happens(
    'HTTP',
    'a lease that another name holds',
    '404, as if there were none; its holder keeps it',
    async () => {
      const queue = uniqueName('work');
      await bench.ask(queue, { ...caller.headers, prefer: 'respond-async', 'message-id': queue });
      const lease = (await read(queue, worker.headers)).headers['lease'] ?? '';
      const url = `${bench.url}/queues/${queue}/messages/${lease}`;
      const acts = [
        ['DELETE', url],
        ['POST', `${url}/renew`],
        ['POST', `${url}/release`],
        ['POST', `${url}/reply`],
      ] as const;
      for (const [method, address] of acts) {
        const answer = await call(address, { method, headers: other.headers });
        problemOf(answer, 404, 'LEASE_NOT_FOUND');
      }
      const replied = await call(`${url}/reply`, { method: 'POST', body: 'done', headers: worker.headers });
      expect(replied.status, replied.text()).to.equal(202);
      const answer = await call(`${bench.url}/requests/${queue}/reply`, {
        headers: { ...caller.headers, prefer: 'wait=10' },
      });
      expect(answer.text()).to.equal('done');
    },
  );

  it('may be sent to by who may ask it, and by nobody else', async () => {
    const queue = uniqueName('work');
    const send = (headers: Record<string, string>): Promise<HttpAnswer> =>
      call(`${bench.url}/queues/${queue}/messages`, { method: 'POST', body: '{}', headers });
    problemOf(await send(worker.headers), 403, 'NOT_PERMITTED');
    expect((await send({ ...caller.headers, 'message-id': queue })).status).to.equal(202);
    expect((await read(queue, worker.headers)).headers['message-id']).to.equal(queue);
  });
});
