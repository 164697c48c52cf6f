import { expect } from 'chai';
import type { GatewayContext } from '#gateway/context.js';
import type { LeaseReply } from '#messaging/lease-reply.js';
import { bareGateway } from '../../support/bare-gateway.js';
import { post } from '../../support/http.js';
import { openRawHttp, rawRequest } from '../../support/raw-http.js';

describe('a reply to a lease', () => {
  const start = bareGateway();
  let given: LeaseReply[];
  beforeEach(() => (given = []));

  const leasing = {
    reply: (_: unknown, reply: LeaseReply) => {
      given.push(reply);
      return Promise.resolve({ messageId: 'r', repeated: false });
    },
  } as unknown as GatewayContext['leasing'];

  const path = '/queues/q/messages/l/reply';

  it('is taken whatever is copied from its message: only what a reply has is read', async () => {
    const { url } = await start({ leasing });
    const copied = {
      'reply-to': '/remote-temp-queue/ID:host-1,a>',
      prefer: 'wait=for-ever',
      'request-timeout': 'never',
      'message-priority': '99',
      project: 'no/project',
      'correl-id': 'c'.repeat(9_000),
    };
    const answer = await post(`${url}${path}`, 'done', { ...copied, 'x-colour': 'red' });
    expect(answer.status, answer.text()).to.equal(202);
    expect(given).to.have.length(1);
    expect(given[0]).to.deep.include({ messageId: null, applicationHeaders: { 'x-colour': 'red' } });
  });

  it('is taken when such a header comes twice', async () => {
    const { port } = await start({ leasing });
    const service = await openRawHttp(port);
    service.write(rawRequest(`POST ${path}`, ['Reply-To: a', 'Reply-To: b'], 'done'));
    expect((await service.answer()).status).to.equal(202);
    service.destroy();
  });
});
