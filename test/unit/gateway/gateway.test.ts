import { expect } from 'chai';
import { errorKinds } from '#core/error-kinds.js';
import { ReplytoError } from '#core/errors.js';
import type { GatewayContext } from '#gateway/context.js';
import { createGateway } from '#gateway/gateway.js';
import { bareGateway } from '../../support/bare-gateway.js';
import { configurationOf, contextOf } from '../../support/gateway-context.js';
import { failureOf } from '../../support/errors.js';
import { call, post } from '../../support/http.js';
import { problemOf } from '../../support/http-bench.js';
import { within } from '../../support/until.js';

describe('the gateway', () => {
  const start = bareGateway();

  it('that is stopping refuses new work and says when to come back, and is not ready', async () => {
    const { url } = await start({ isStopping: () => true });
    const asked = await post(`${url}/requests/x`, '{}');
    problemOf(asked, 503, 'SHUTTING_DOWN');
    expect(asked.headers['retry-after']).to.equal('5');
    expect((await call(`${url}/readyz`)).status).to.equal(503);
    expect((await call(`${url}/readyz?verbose`)).text()).to.equal('[-] running: stopping\n');
    expect((await call(`${url}/livez`)).status).to.equal(200);
  });

  it('without the role gateway answers operators, and tells all others where to call', async () => {
    const configuration = { ...configurationOf(), roles: ['relay', 'correlator'] as const };
    const { url } = await start({ configuration });
    for (const path of [
      '/livez',
      '/readyz',
      '/readyz?verbose',
      '/metrics',
      '/version',
      '/problems',
      '/problems/INTERNAL',
    ]) {
      expect((await call(`${url}${path}`)).status, path).to.equal(200);
    }
    const calls = [
      post(`${url}/requests/x`, '{}'),
      post(`${url}/a/b/c`, '{}'),
      ...['/', '/requests', '/requests/x', '/status/p', '/docs', '/openapi.json', '/dashboard/status'].map(
        (path) => call(`${url}${path}`),
      ),
    ];
    for (const answer of await Promise.all(calls)) {
      expect(problemOf(answer, 421, 'NOT_A_GATEWAY').detail).to.equal(
        'this process has the roles relay, correlator; calls are for those with the role gateway',
      );
      expect(answer.headers).not.to.have.property('retry-after');
    }
    problemOf(await post(`${url}/readyz`, ''), 405, 'METHOD_NOT_ALLOWED');
  });

  it('hides what failed inside of it, and logs it', async () => {
    const logged: object[] = [];
    const logger = { ...contextOf().logger, error: (facts: object) => logged.push(facts) };
    const { url } = await start({ logger });
    const answer = await call(`${url}/requests/x`);
    const problem = problemOf(answer, 500, 'INTERNAL');
    expect(problem).not.to.have.any.keys('detail', 'problems');
    expect(answer.text()).not.to.include('there is no store here');
    expect(logged).to.have.lengthOf(1);
    expect(String((logged[0] as { err: unknown }).err)).to.include('there is no store here');
  });

  for (const { code, isLogged } of [
    { code: 'BROKER_UNAVAILABLE', isLogged: false },
    { code: 'RECEIPT_TIMEOUT', isLogged: false },
    { code: 'SHUTTING_DOWN', isLogged: false },
    { code: 'SEND_REFUSED', isLogged: true },
    { code: 'STORE_UNAVAILABLE', isLogged: true },
  ] as const) {
    it(`${isLogged ? 'logs' : 'does not log'} a call that fails by ${code}`, async () => {
      const logged: string[] = [];
      const logger = { ...contextOf().logger, error: (_facts: object, said: string) => logged.push(said) };
      const receive = (): Promise<never> => Promise.reject(new ReplytoError(code));
      const leasing = { receive } as unknown as GatewayContext['leasing'];
      const { url } = await start({ logger, leasing });
      problemOf(await call(`${url}/queues/q/messages`), errorKinds[code].httpStatus, code);
      expect(logged).to.deep.equal(isLogged ? ['a call failed'] : []);
    });
  }

  it('says which port is taken', async () => {
    const { port } = await start();
    const other = createGateway(
      contextOf({ configuration: configurationOf({ PORT: String(port) }) }),
      new Map(),
    );
    const failure = await failureOf(other.start());
    expect(failure.code).to.equal('PORT_TAKEN');
    expect(failure.message).to.include(String(port));
    await other.stop(100);
  });

  it('stops without having been started', async () => {
    const gateway = createGateway(contextOf(), new Map());
    await within(gateway.stop(1_000), { what: 'the gateway to stop' });
  });
});
