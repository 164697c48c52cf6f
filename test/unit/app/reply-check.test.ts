import { expect } from 'chai';
import { createReplyCheck } from '#app/reply-check.js';
import type { RequestStore } from '#core/ports/request-store.js';
import type { IncomingReply, RequestRecord } from '#core/request.js';
import { createRouteTable } from '#gateway/route-table.js';
import type { BodyCheck } from '#schema/body-check.js';
import { configurationOf } from '../../support/gateway-context.js';

describe('the check of replies by the schema of their route', () => {
  const configuration = {
    ...configurationOf(),
    routes: [{ path: '/prices', queue: 'prices', schema: { reply: 'price.json' } }],
  } as unknown as ReturnType<typeof configurationOf>;
  const onlySeven: BodyCheck = (body) => (body === 7 ? [] : [{ field: 'body', allowed: '7' }]);
  const asked: string[] = [];
  const store = {
    find: (id: string) => {
      asked.push(id);
      const queue = id === 'ours' ? 'prices' : 'others';
      return Promise.resolve(id.startsWith('ours') ? ({ id, queue } as RequestRecord) : null);
    },
  } as RequestStore;
  const check = createReplyCheck(
    createRouteTable(configuration.routes),
    { configuration, bodyChecks: new Map([['price.json', onlySeven]]) } as never,
    store,
  );
  const reply = (correlationIds: readonly string[], body: string | Uint8Array): IncomingReply =>
    ({ correlationIds, fault: null, body: Buffer.from(body) }) as unknown as IncomingReply;

  beforeEach(() => void asked.splice(0));

  it('is that of the first correlation id that is known, as the reply will settle that', async () => {
    expect(await check(reply(['ID:of-the-broker', 'ours'], '8'))).to.equal(
      'it breaks the JSON Schema of the route: body: 7',
    );
    expect(await check(reply(['ID:of-the-broker', 'ours'], '7'))).to.equal(null);
    expect(asked).to.deep.equal(['ID:of-the-broker', 'ours', 'ID:of-the-broker', 'ours']);
  });

  it('says nothing of replies to other queues, of unknown requests and of faults', async () => {
    expect(await check(reply(['ours-too'], '8'))).to.equal(null);
    expect(await check(reply(['unknown'], '8'))).to.equal(null);
    expect(await check({ ...reply(['ours'], '8'), fault: { code: 'NO', message: 'never' } })).to.equal(null);
  });

  it('reads JSON as strictly as that of requests', async () => {
    for (const body of ['', '{', '['.repeat(300) + ']'.repeat(300), new Uint8Array([0x22, 0xff, 0x22])]) {
      expect(await check(reply(['ours'], body))).to.match(/^it breaks the JSON Schema of the route: body: /u);
    }
  });
});
