import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect } from 'chai';
import type { GatewayContext } from '#gateway/context.js';
import type { BareGateway } from '../support/bare-gateway.js';
import { bareGateway } from '../support/bare-gateway.js';
import { makeCertificate, noCertificates } from '../support/certificates.js';
import { happens } from '../support/happens.js';
import { call } from '../support/http.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import type { RawHttp } from '../support/raw-http.js';
import { openRawHttp, rawRequest } from '../support/raw-http.js';
import { skip } from '../support/skip.js';
import { makeTemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const mebibyte = 1_048_576;

describe('answers that nobody reads', () => {
  const start = bareGateway();
  const connections: { destroy(): void }[] = [];
  let clock: ManualClock;
  let begun: ServerResponse[];
  let mostUnread: number;
  beforeEach(() => {
    clock = createManualClock();
    begun = [];
    mostUnread = 0;
  });
  afterEach(() => {
    for (const connection of connections.splice(0)) connection.destroy();
  });

  /** A gateway whose /metrics are so long. */
  async function serve(bytes: number, tls: GatewayContext['tls'] = null): Promise<BareGateway> {
    const text = 'x'.repeat(bytes);
    return start({
      clock,
      tls,
      metrics: () => Promise.resolve({ contentType: 'text/plain', text }),
      accessLog(_request, response) {
        begun.push(response);
        response.on('prefinish', look);
        look();
      },
    });
  }

  function look(): void {
    const unread = begun.reduce((bytes, response) => bytes + response.writableLength, 0);
    mostUnread = Math.max(mostUnread, unread);
  }

  async function unread(port: number, count: number): Promise<RawHttp> {
    const connection = await openRawHttp(port);
    connections.push(connection);
    connection.pause();
    connection.write(rawRequest('GET /metrics', []).repeat(count));
    return connection;
  }

  happens(
    'HTTP',
    '99 calls on one connection with answers of 1 MiB, of which nothing is read',
    'a few of them are begun, and the connection is closed when nothing was read for five to ten minutes; the next caller is served',
    async () => {
      const { port, url } = await serve(mebibyte);
      const connection = await unread(port, 99);
      await until(() => begun.length > 1, { what: 'calls to be begun' });
      const gone = connection.gone().then(() => true);
      await until(
        () => {
          clock.advance(300_000);
          return Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 20, false))]);
        },
        { what: 'the connection to be closed' },
      );
      expect(begun.length).to.be.lessThan(60);
      expect(mostUnread / mebibyte)
        .to.be.greaterThan(1)
        .and.lessThan(14);
      expect((await call(`${url}/livez`)).status).to.equal(200);
    },
  );

  it('are all given, in their order, to who reads them later', async () => {
    const { port } = await serve(mebibyte);
    const connection = await unread(port, 99);
    await until(() => begun.length > 1, { what: 'calls to be begun' });
    connection.resume();
    for (let count = 0; count < 99; count += 1) {
      const { status, body } = await connection.answer();
      expect([status, body.length]).to.deep.equal([200, mebibyte]);
    }
    expect(begun).to.have.lengthOf(99);
    expect(mostUnread / mebibyte).to.be.lessThan(14);
  });

  /** Reads a little every five minutes until all is written. */
  async function readSlowly(socket: Socket, bytes: number): Promise<void> {
    connections.push(socket);
    let body = 0;
    socket.on('data', (chunk: Buffer) => (body += chunk.length));
    socket.pause();
    socket.write(rawRequest('GET /metrics', []));
    await until(() => begun[0]?.writableEnded, { what: 'the answer' });
    const isWritten = (): boolean => begun[0]?.writableFinished === true;
    while (!isWritten()) {
      // The system takes more in pieces of its own size, so less may be too little.
      const enough = body + 4 * mebibyte;
      socket.resume();
      await until(() => body >= enough || isWritten(), { what: 'more of it' });
      socket.pause();
      clock.advance(300_000);
    }
    expect(clock.now()).to.be.at.least(90_000);
    socket.resume();
    await until(() => body > bytes, { what: 'all of it' });
  }

  happens(
    'HTTP',
    'a caller that reads one long answer slowly, for many minutes',
    'it gets all of it: what it reads counts, however little that is of the whole',
    async () => {
      const { port } = await serve(32 * mebibyte);
      await readSlowly(connect(port, '127.0.0.1'), 32 * mebibyte);
    },
  );

  it('are taken slowly over TLS too', async function () {
    const folder = await makeTemporaryFolder();
    try {
      const made = makeCertificate(folder.path, 'server');
      if (made === null) skip(this, noCertificates);
      const { port } = await serve(32 * mebibyte, {
        cert: made.cert,
        key: made.key,
      });
      await readSlowly(connectTls({ port, host: '127.0.0.1', ca: made.cert }), 32 * mebibyte);
    } finally {
      await folder.remove();
    }
  });
});
