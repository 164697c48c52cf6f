import { expect } from 'chai';
import { pino } from 'pino';
import { createAccessLog } from '#app/access-log.js';
import type { RequestRecord, StoredReply } from '#core/request.js';
import type { GatewayContext } from '#gateway/context.js';
import { bareGateway } from '../../support/bare-gateway.js';
import { call, post } from '../../support/http.js';
import { until } from '../../support/until.js';

interface Line {
  readonly req: { readonly method: string; readonly url: string };
  readonly res: { readonly statusCode: number; readonly requestId?: string; readonly code?: string };
  readonly responseTime: number;
}

describe('the access log', () => {
  const start = bareGateway();

  /** Makes a call; resolves with its line. */
  async function lineOf(
    work: (url: string) => Promise<unknown>,
    overrides: Partial<GatewayContext> = {},
  ): Promise<Line> {
    const lines: string[] = [];
    const accessLog = createAccessLog(pino({ level: 'debug' }, { write: (line) => void lines.push(line) }));
    const { url } = await start({ ...overrides, accessLog });
    await work(url);
    await until(() => lines.length > 0, { what: 'a line' });
    expect(lines).to.have.lengthOf(1);
    return JSON.parse(lines[0]!) as Line;
  }

  it('has method, path, status, duration, the id of the request and the code of the problem', async () => {
    const line = await lineOf((url) =>
      post(`${url}/requests/x`, '{}', { 'message-id': 'mine', 'content-encoding': 'x' }),
    );
    expect(line.req).to.deep.equal({ method: 'POST', url: '/requests/x' });
    expect(line.res).to.deep.equal({ statusCode: 415, requestId: 'mine', code: 'UNSUPPORTED_CONTENT' });
    expect(line.responseTime).to.be.a('number');
  });

  it('names the request, not its reply, and has no code where there is no problem', async () => {
    const reply = {
      requestId: 'asked',
      messageId: 'answered',
      time: 1,
      contentType: null,
      body: Buffer.from(''),
    };
    const answer = {
      record: { id: 'asked', queue: 'q' } as RequestRecord,
      reply: { ...reply, applicationHeaders: {}, fault: null } as unknown as StoredReply,
    };
    const requestor = { follow: () => Promise.resolve(answer) } as unknown as GatewayContext['requestor'];
    const line = await lineOf((url) => call(`${url}/requests/asked/reply`), { requestor });
    expect(line.res).to.deep.equal({ statusCode: 200, requestId: 'asked' });
  });

  it('has neither where there is no request', async () => {
    const line = await lineOf((url) => call(`${url}/version`));
    expect(line.res).to.deep.equal({ statusCode: 200 });
  });

  it('never has headers or bodies', async () => {
    const headers = { authorization: 'Bearer secret', 'x-secret': 'secret', 'content-encoding': 'x' };
    const line = await lineOf((url) => post(`${url}/requests/x`, '"secret"', headers));
    expect(JSON.stringify(line)).not.to.include('secret');
  });

  it('is not there at another level, and leaves out what machines ask', async () => {
    expect(createAccessLog(pino({ level: 'info' }))).to.equal(undefined);
    const line = await lineOf(async (url) => {
      for (const path of ['/livez', '/readyz', '/metrics', '/version']) await call(`${url}${path}`);
    });
    expect(line.req.url).to.equal('/version');
  });
});
