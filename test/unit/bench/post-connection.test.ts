import { expect } from 'chai';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { openPostConnection } from '../../../bench/requests/load/post-connection.js';
import type { PostConnection } from '../../../bench/requests/load/post-connection.js';
import { until } from '../../support/until.js';

/** Each call is answered by the next of these, in pieces. */
type Answer = (socket: Socket) => void;

function inPieces(text: string): Answer {
  return (socket) => {
    socket.setNoDelay(true);
    for (const [index, piece] of text.match(/[^]/gu)!.entries()) setTimeout(() => socket.write(piece), index);
  };
}

const ok = 'HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello';

describe('a connection that posts', () => {
  let server: Server;
  let connection: PostConnection;
  let connected: number;
  let calls: string[];
  let answers: Answer[];

  beforeEach(async () => {
    [connected, calls, answers] = [0, [], []];
    server = createServer((socket) => {
      connected += 1;
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        calls.push(bytes.toString('latin1'));
        answers.shift()?.(socket);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    connection = openPostConnection({ port: (server.address() as AddressInfo).port, path: '/requests/q' });
  });
  afterEach(async () => {
    connection.close();
    await new Promise((resolve) => server.close(resolve));
  });

  it('writes a whole call, and reads an answer however it comes, one after the other', async () => {
    answers = [inPieces(ok), (socket) => socket.write(ok.replace('hello', 'HELLO'))];
    expect(await connection.post('{"a":1}')).to.equal('hello');
    expect(await connection.post('{}')).to.equal('HELLO');
    expect(connected).to.equal(1);
    expect(calls[0]).to.match(/^POST \/requests\/q HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\n/u);
    expect(calls[0]).to.contain('\r\nContent-Length: 7\r\n\r\n{"a":1}');
  });

  it('tells another status, an answer without a length and a closed connection, and goes on', async () => {
    answers = [
      (socket) => socket.write('HTTP/1.1 503 No\r\ncontent-length: 2\r\n\r\nno'),
      (socket) => socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'),
      (socket) => socket.destroy(),
      (socket) => socket.write(ok),
    ];
    const words: string[] = [];
    for (let call = 0; call < 3; call += 1) {
      await connection.post('{}').catch((error: unknown) => words.push((error as Error).message));
    }
    expect(words[0]).to.equal('status 503');
    expect(words[1]).to.equal('an answer without Content-Length');
    expect(words[2]).to.match(/the connection was closed|ECONNRESET/u);
    expect(await connection.post('{}')).to.equal('hello');
    expect(connected).to.equal(3);
  });

  it('ends the call that is under way when it is closed', async () => {
    const call = connection.post('{}');
    await until(() => calls.length === 1, { what: 'the call' });
    connection.close();
    const words = await call.catch((error: unknown) => (error as Error).message);
    expect(words).to.equal('closed');
  });
});
