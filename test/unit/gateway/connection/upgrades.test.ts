import { expect } from 'chai';
import { createDeferred } from '#core/deferred.js';
import type { RequestRecord } from '#core/request.js';
import type { GatewayContext } from '#gateway/context.js';
import { bareGateway } from '../../../support/bare-gateway.js';
import { call } from '../../../support/http.js';
import type { RawHttp } from '../../../support/raw-http.js';
import { openRawHttp, rawRequest } from '../../../support/raw-http.js';
import { until, within } from '../../../support/until.js';

const headers = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'];
const offer = rawRequest('GET /livez', headers);
const offerWithBody = rawRequest('POST /livez', headers, '{}');
const plain = rawRequest('GET /livez', []);
const unknownExpectation = rawRequest('GET /livez', ['Expect: a-miracle']);

describe('an offer of another protocol', () => {
  const start = bareGateway();
  const connections: RawHttp[] = [];
  afterEach(() => {
    for (const connection of connections.splice(0)) connection.destroy();
  });

  async function open(port: number): Promise<RawHttp> {
    const connection = await openRawHttp(port);
    connections.push(connection);
    return connection;
  }

  async function statuses(connection: RawHttp, count: number): Promise<number[]> {
    const found: number[] = [];
    while (found.length < count) found.push((await connection.answer()).status);
    return found;
  }

  for (const [title, calls, expected] of [
    ['alone', [offer], [200]],
    ['before a plain call', [offer, plain], [200, 200]],
    ['behind a plain call', [plain, offer], [200, 200]],
    ['before another', [offer, offer], [200, 200]],
    ['before another and a plain call', [offer, offer, plain], [200, 200, 200]],
    ['between plain calls', [plain, offer, plain], [200, 200, 200]],
    ['with a body before another', [offerWithBody, offer, plain], [405, 200, 200]],
    ['behind an expectation that is not met', [unknownExpectation, offer, plain], [417, 200, 200]],
    ['a hundred times', Array.from({ length: 100 }, () => offer), Array.from({ length: 100 }, () => 200)],
  ] as const) {
    it(`${title} is answered in its turn, and so is what comes later on its connection`, async () => {
      const { port } = await start();
      const connection = await open(port);
      connection.write(calls.join(''));
      expect(await statuses(connection, calls.length)).to.deep.equal(expected);
      connection.write(plain);
      connection.write(offer);
      expect(await statuses(connection, 2)).to.deep.equal([200, 200]);
      expect(connection.rest()).to.equal('');
    });

    it(`${title} is answered in its turn when it comes in pieces`, async () => {
      const { port, url } = await start();
      const connection = await open(port);
      const bytes = calls.slice(0, 3).join('');
      for (const piece of bytes.match(/.{1,50}/gsu) ?? []) {
        connection.write(piece);
        // What came later is answered: this has been read.
        expect((await call(`${url}/livez`)).status).to.equal(200);
      }
      expect(await statuses(connection, Math.min(calls.length, 3))).to.deep.equal(expected.slice(0, 3));
      connection.write(plain);
      expect(await statuses(connection, 1)).to.deep.equal([200]);
      expect(connection.rest()).to.equal('');
    });
  }

  it('is not heard behind the last answer of a gateway that is stopped', async () => {
    const heard: (string | undefined)[] = [];
    const found = createDeferred<RequestRecord | null>();
    const { gateway, port, url } = await start({
      store: { find: () => found.promise } as unknown as GatewayContext['store'],
      accessLog: ({ url: path }) => void heard.push(path),
    });
    const connection = await open(port);
    connection.write(rawRequest('GET /requests/first', []) + rawRequest('GET /behind-it', headers));
    await until(() => heard.length === 1, { what: 'the first call to be heard' });
    await call(`${url}/livez`);
    const stopped = gateway.stop(3_600_000);
    found.resolve(null);
    expect(await statuses(connection, 1)).to.deep.equal([404]);
    await within(stopped, { what: 'the gateway to stop' });
    await connection.gone();
    expect(heard).to.deep.equal(['/requests/first', '/livez']);
  });

  it('ends no more than its connection when the client is gone before its answer', async () => {
    const { port, url } = await start();
    for (const calls of [offer, offer + offer, plain + offer, offer + offer + plain]) {
      const connection = await open(port);
      connection.write(calls);
      connection.reset();
    }
    expect((await call(`${url}/livez`)).status).to.equal(200);
  });
});
