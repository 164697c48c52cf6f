import { expect } from 'chai';
import { createDeferred } from '#core/deferred.js';
import { silentLogger } from '#core/ports/logger.js';
import type { RequestRecord, StoredReply } from '#core/request.js';
import type { GatewayContext } from '#gateway/context.js';
import type { Gateway } from '#gateway/gateway.js';
import { bareGateway } from '../../../support/bare-gateway.js';
import { passTime } from '../../../support/event-loop.js';
import { configurationOf } from '../../../support/gateway-context.js';
import { call } from '../../../support/http.js';
import { problemOf } from '../../../support/http-bench.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import type { RawHttp } from '../../../support/raw-http.js';
import { openRawHttp, rawRequest } from '../../../support/raw-http.js';
import { until, within } from '../../../support/until.js';

/** More than the system takes off the hands of a process for a client that reads nothing. */
const large = Buffer.alloc(24 * 1024 * 1024, 'x');

/** A deadline that no test sees: whoever waits for it is waited for in vain. */
const longMs = 3_600_000;

describe('a gateway that is stopped', () => {
  const start = bareGateway();
  const connections: RawHttp[] = [];
  afterEach(() => {
    for (const connection of connections.splice(0)) connection.destroy();
  });

  async function open(port: number, bytes: string): Promise<RawHttp> {
    const connection = await openRawHttp(port);
    connections.push(connection);
    connection.write(bytes);
    // What came later is answered: this has been read.
    expect((await call(`http://127.0.0.1:${port}/livez`)).status).to.equal(200);
    return connection;
  }

  /** The context of one request, `asked`, whose reply is there. */
  function replied(body: Buffer): Partial<GatewayContext> {
    const reply = { requestId: 'asked', messageId: 'answered', time: 1, contentType: 'text/plain', body };
    return {
      requestor: {
        follow: () =>
          Promise.resolve({
            record: { id: 'asked', queue: 'q' } as RequestRecord,
            reply: { ...reply, applicationHeaders: {}, fault: null } as unknown as StoredReply,
          }),
      } as unknown as GatewayContext['requestor'],
    };
  }

  it('lets a client that reads slowly have its whole answer', async () => {
    const { gateway, port } = await start(replied(large));
    const connection = await open(port, '');
    connection.pause();
    connection.write(rawRequest('GET /requests/asked/reply', []));
    await call(`http://127.0.0.1:${port}/livez`);
    const stopped = gateway.stop(longMs);
    connection.resume();
    const answer = await connection.answer();
    expect(answer.body.byteLength).to.equal(large.byteLength);
    await within(stopped, { what: 'the gateway to stop' });
    await connection.gone();
  });

  it('refuses a call whose body has not come, and waits for none of it', async () => {
    const { gateway, port } = await start();
    const half = await open(port, rawRequest('POST /requests/x', [], 'x'.repeat(100)).slice(0, -97));
    const stopped = gateway.stop(longMs);
    const answer = await half.answer();
    problemOf(answer, 503, 'SHUTTING_DOWN');
    expect(answer.headers).to.include({ connection: 'close', 'retry-after': '5' });
    await within(stopped, { what: 'the gateway to stop' });
    await half.gone();
  });

  it('stores and sends nothing of a call whose body comes after all', async () => {
    const asked: unknown[] = [];
    const heard: (string | undefined)[] = [];
    const failed: object[] = [];
    const found = createDeferred<RequestRecord | null>();
    const { gateway, port } = await start({
      requestor: { request: (request: unknown) => asked.push(request) } as never,
      store: { find: () => found.promise } as unknown as GatewayContext['store'],
      accessLog: ({ url }) => void heard.push(url),
      logger: { ...silentLogger, error: (facts: object) => failed.push(facts) },
    });
    // Keeps the connection open until the body is there.
    const first = rawRequest('GET /requests/first', []);
    const second = rawRequest('POST /requests/x', [], 'x'.repeat(100));
    const connection = await open(port, `${first}${second.slice(0, -97)}`);
    const other = await open(port, first);
    const stopped = gateway.stop(longMs);
    connection.write(second.slice(-97));
    other.write(rawRequest('GET /after-it', []));
    await until(() => heard.includes('/after-it'), { what: 'all of the body to be read' });
    found.resolve(null);
    problemOf(await connection.answer(), 404, 'REQUEST_NOT_FOUND');
    problemOf(await connection.answer(), 503, 'SHUTTING_DOWN');
    await within(stopped, { what: 'the gateway to stop' });
    expect(asked).to.deep.equal([]);
    expect(failed).to.deep.equal([]);
  });

  it('answers what came whole before it refuses what did not, on one connection', async () => {
    const found = createDeferred<RequestRecord | null>();
    const store = { find: () => found.promise } as unknown as GatewayContext['store'];
    const { gateway, port } = await start({ store });
    const first = rawRequest('GET /requests/first', []);
    const second = rawRequest('POST /requests/x', [], 'x'.repeat(100)).slice(0, -97);
    const connection = await open(port, `${first}${second}`);
    const stopped = gateway.stop(longMs);
    found.resolve(null);
    problemOf(await connection.answer(), 404, 'REQUEST_NOT_FOUND');
    problemOf(await connection.answer(), 503, 'SHUTTING_DOWN');
    await within(stopped, { what: 'the gateway to stop' });
    await connection.gone();
  });

  for (const [title, bytes] of [
    ['on which nothing came', ''],
    ['with half a head', 'GET /liv'],
    ['with headers that do not end', 'POST /requests/x HTTP/1.1\r\nHost: x\r\n'],
  ] as const) {
    it(`ends a connection ${title} at once`, async () => {
      const { gateway, port } = await start();
      const connection = await open(port, bytes);
      await within(gateway.stop(longMs), { what: 'the gateway to stop' });
      await connection.gone();
    });
  }

  it('ends a connection that is kept for the rest of a body that was too large', async () => {
    const { gateway, port } = await start();
    const connection = await open(port, rawRequest('POST /requests/x', ['Content-Length: 50000000']));
    problemOf(await connection.answer(), 413, 'BODY_TOO_LARGE');
    await within(gateway.stop(longMs), { what: 'the gateway to stop' });
    await connection.gone();
  });

  it('ends a connection that was answered before its body came', async () => {
    const { gateway, port } = await start();
    const headers = ['Content-Length: 100', 'Time: tomorrow'];
    const connection = await open(port, rawRequest('POST /requests/x', headers));
    problemOf(await connection.answer(), 400, 'INVALID_REQUEST');
    await within(gateway.stop(longMs), { what: 'the gateway to stop' });
    await connection.gone();
    expect(connection.rest()).to.equal('');
  });

  it('ends a connection that was answered and is kept open by its client', async () => {
    const { gateway, port } = await start();
    const connection = await open(port, rawRequest('GET /livez', []));
    expect((await connection.answer()).status).to.equal(200);
    await within(gateway.stop(longMs), { what: 'the gateway to stop' });
    await connection.gone();
  });

  async function stopsAtHalfOf(clock: ManualClock, gateway: Gateway): Promise<void> {
    let isStopped = false;
    const stopped = gateway.stop(1_000).then(() => (isStopped = true));
    await passTime(clock, 499);
    expect(isStopped).to.equal(false);
    clock.advance(1);
    await within(stopped, { what: 'the gateway to stop' });
  }

  it('leaves half of its deadline to what is stopped after it, although a call is never answered', async () => {
    const store = { find: () => createDeferred().promise } as unknown as GatewayContext['store'];
    const clock = createManualClock();
    const { gateway, port } = await start({ store, clock });
    const connection = await open(port, rawRequest('GET /requests/x', []));
    await stopsAtHalfOf(clock, gateway);
    await connection.gone();
  });

  it('leaves half of its deadline although a client reads nothing of its answer', async () => {
    const clock = createManualClock();
    const { gateway, port } = await start({ ...replied(large), clock });
    const connection = await open(port, '');
    connection.pause();
    connection.write(rawRequest('GET /requests/asked/reply', []));
    await call(`http://127.0.0.1:${port}/livez`);
    await stopsAtHalfOf(clock, gateway);
  });

  it('takes no further connection, and leaves the port to others', async () => {
    const { gateway, port, url } = await start();
    await gateway.stop(1_000);
    const refused = await call(`${url}/livez`).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(Error);
    const { port: again } = await start({
      configuration: configurationOf({ PORT: String(port) }),
    });
    expect(again).to.equal(port);
  });
});
