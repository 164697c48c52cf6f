import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { trackConnections } from '#gateway/connection/connections.js';
import { paceCalls } from '#gateway/connection/pipelining.js';
import type { RawHttp } from '../../../support/raw-http.js';
import { openRawHttp, rawRequest } from '../../../support/raw-http.js';
import { until } from '../../../support/until.js';

describe('calls that come in one read', () => {
  let server: Server | undefined;
  const connections: RawHttp[] = [];
  afterEach(() => {
    for (const connection of connections.splice(0)) connection.destroy();
    server?.close();
  });

  async function serve(listener: Parameters<typeof paceCalls>[2]): Promise<() => Promise<RawHttp>> {
    const listening = createServer();
    server = listening;
    paceCalls(listening, trackConnections(listening), listener);
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    return async () => {
      const connection = await openRawHttp((listening.address() as AddressInfo).port);
      connections.push(connection);
      return connection;
    };
  }

  const calls = (count: number): string => rawRequest('GET /', []).repeat(count);

  it('are begun ten at a time, and others have their turn in between', async () => {
    let begun = 0;
    const seen: number[] = [];
    const look = (): void => {
      seen.push(begun);
      if (begun < 50) setImmediate(look);
    };
    const open = await serve((_request, response) => {
      if (begun === 0) process.nextTick(look);
      begun += 1;
      response.end();
    });
    const connection = await open();
    connection.write(calls(50));
    for (let count = 0; count < 50; count += 1) expect((await connection.answer()).status).to.equal(200);
    const steps = seen.map((count, index) => count - (seen[index - 1] ?? 0));
    expect(Math.max(...steps)).to.equal(10);
    expect(seen.at(-1)).to.equal(50);
  });

  it('are not begun behind an answer that is the last of its connection', async () => {
    const paths: (string | undefined)[] = [];
    const open = await serve(({ url }, response) => {
      paths.push(url);
      if (url === '/last') response.setHeader('Connection', 'close');
      setImmediate(() => response.end());
    });
    const connection = await open();
    const path = (name: string): string => rawRequest(`GET /${name}`, []);
    connection.write(`${path('first')}${path('last')}${path('behind')}${path('behind').repeat(20)}`);
    await connection.answer();
    expect((await connection.answer()).headers['connection']).to.equal('close');
    await connection.gone();
    expect(paths).to.deep.equal(['/first', '/last']);
  });

  it('are not begun when their caller is gone by then', async () => {
    let begun = 0;
    const held: (() => void)[] = [];
    const open = await serve((request, response) => {
      begun += 1;
      held.push(() => response.end());
      request.socket.destroy();
    });
    const connection = await open();
    connection.write(calls(50));
    await connection.closed();
    await until(() => begun > 0, { what: 'the first call' });
    const other = await open();
    other.write(calls(1));
    await other.closed();
    // One of each connection.
    expect(begun).to.equal(2);
    for (const end of held) end();
  });

  it('are served in their order when some of them have to wait', async () => {
    const open = await serve(({ url }, response) => {
      const answer = (): void => void response.end(url);
      if (url === '/0') setImmediate(() => setImmediate(answer));
      else answer();
    });
    const connection = await open();
    connection.write(Array.from({ length: 30 }, (_, number) => rawRequest(`GET /${number}`, [])).join(''));
    for (let number = 0; number < 30; number += 1) {
      expect((await connection.answer()).text()).to.equal(`/${number}`);
    }
  });
});
