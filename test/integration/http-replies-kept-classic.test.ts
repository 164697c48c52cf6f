import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { describeOn } from '../support/brokers.js';
import { countAtClassic } from '../support/browse-queue.js';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { httpBench } from '../support/http-bench.js';
import { call } from '../support/http.js';
import { openStranger } from '../support/stranger.js';
import { until } from '../support/until.js';

const each = 30;

describeOn('classic', 'replies that nobody waits for any more', (classic) => {
  const bench = httpBench(() => Promise.resolve({ brokerUrl: classic().url }));

  happens(
    'Messages',
    'replies come late, twice, as a second other one and to requests that nobody knows, all mixed',
    'none is lost: late ones are read with their request, second ones beside the first, unknown ones are kept to be matched; the same one again changes nothing; and none stays unacknowledged at the broker',
    async function () {
      this.timeout(120_000);
      const queue = uniqueName('strange');
      const ids = (kind: string): string[] => Array.from({ length: each }, () => `${kind}-${randomUUID()}`);
      const [late, twice, second, unknown] = [ids('late'), ids('twice'), ids('second'), ids('unknown')];
      for (const id of [...twice, ...second]) {
        await bench.ask(queue, { 'message-id': id, prefer: 'respond-async' });
      }
      for (const id of late) {
        await bench.ask(queue, { 'message-id': id, prefer: 'respond-async', 'request-timeout': '1' });
      }
      for (const id of late) await bench.reaches(id, 'expired');

      const replies = `${bench.gateway.prefix}.replies`;
      const service = await openStranger(classic().url);
      const send = (id: string, name: string): Promise<void> =>
        service.send(replies, { 'Message-ID': `${id}-${name}`, 'correlation-id': id }, name);
      for (let index = 0; index < each; index += 1) {
        await send(late[index]!, 'first');
        await send(twice[index]!, 'first');
        await send(unknown[index]!, 'first');
        await send(second[index]!, 'first');
        await send(twice[index]!, 'first');
        await send(second[index]!, 'other');
      }
      service.destroy();
      await until(async () => (await countAtClassic(classic().url, replies)) === 0, {
        what: 'all replies to be acknowledged',
      });

      for (const [kept, expected] of [
        [late, { status: 'expired', late: true, replies: 1 }],
        [twice, { status: 'replied', replies: 1 }],
        [second, { status: 'replied', replies: 2 }],
      ] as const) {
        for (const id of kept) {
          expect(await bench.status(id)).to.include(expected);
          const reply = await call(`${bench.url}/requests/${id}/reply`);
          expect([reply.status, reply.text()]).to.deep.equal([200, 'first']);
        }
      }
      for (const id of second) {
        expect((await call(`${bench.url}/requests/${id}/reply?n=2`)).text()).to.equal('other');
      }
      expect(await bench.metric('replies_late_total')).to.equal(each);
      expect(await bench.metric('replies_repeated_total')).to.equal(each);
      expect(await bench.metric('replies_duplicate_total')).to.equal(each);
      expect(await bench.metric('replies_unmatched_total')).to.equal(each);
      const letters = await call(`${bench.url}/unmatched-replies?limit=100`);
      const correlations = unknown.filter((id) => letters.text().includes(id));
      expect(correlations).to.have.length(each);
    },
  );
});
