import { expect } from 'chai';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { call } from '../support/http.js';
import { faultOf, httpBench, problemOf } from '../support/http-bench.js';
import { openRawHttp, rawRequest } from '../support/raw-http.js';
import { until } from '../support/until.js';

/** Headers and all that follows them, of a call that would be stored if it were taken. */
type Shape = readonly [headers: string, body: string];

const noChunks = '0\r\n\r\n';
const fiveBytes = '5\r\nhello\r\n';

/** In a chunked body. */
function chunked(...bodies: readonly string[]): Shape[] {
  return bodies.map((body): Shape => ['Transfer-Encoding: chunked', body]);
}

describe('calls whose end is not sure', () => {
  const bench = httpBench();

  /**
   * Each shape gets one problem as its only answer, and the end of the connection. The call that stands behind each is
   * what an attacker would have taken for one of its own: it is neither answered nor stored.
   */
  async function areRefused(shapes: readonly Shape[], status: number, version = '1.1'): Promise<void> {
    const queue = uniqueName('framing');
    const received = await bench.listen(queue);
    const smuggled = rawRequest(`POST /requests/${queue}`, ['Prefer: respond-async'], '{}');
    for (const [headers, body] of shapes) {
      const head = `POST /requests/${queue} HTTP/${version}\r\nHost: x\r\nPrefer: respond-async\r\n`;
      const connection = await openRawHttp(bench.port);
      connection.write(Buffer.from(`${head}${headers}\r\n\r\n${body}${smuggled}`, 'latin1'));
      const answer = await connection.answer();
      const shown = JSON.stringify([headers, body.slice(0, 100)]);
      expect(answer.status, `${shown} ${answer.text()}`).to.equal(status);
      const { field } = faultOf(answer, status, 'INVALID_REQUEST');
      expect(field, shown).to.be.oneOf(['HTTP', 'Transfer-Encoding', 'headers']);
      expect(answer.headers['connection'], shown).to.equal('close');
      await connection.gone();
      expect(connection.rest(), shown).to.equal('');
    }
    await bench.expectNothingHappened(queue, received);
  }

  happens(
    'HTTP',
    'both Transfer-Encoding and Content-Length, in either order and whatever they say',
    '400, the connection closed; neither the call nor what stands behind it is stored or sent',
    () =>
      areRefused(
        [
          ['Transfer-Encoding: chunked\r\nContent-Length: 5', noChunks],
          ['Content-Length: 5\r\nTransfer-Encoding: chunked', noChunks],
          ['Content-Length: 0\r\nTransfer-Encoding: chunked', noChunks],
          ['Transfer-Encoding: identity\r\nContent-Length: 5', 'hello'],
          ['Transfer-Encoding: xchunked\r\nContent-Length: 5', 'hello'],
          ['Transfer-Encoding:\r\nContent-Length: 5', 'hello'],
          ...chunked(`${fiveBytes}0\r\nContent-Length: 50\r\n\r\n`),
        ],
        400,
      ),
  );

  happens(
    'HTTP',
    'a Transfer-Encoding that is hidden, repeated, empty or not the last',
    '400, the connection closed; neither the call nor what stands behind it is stored or sent',
    () =>
      areRefused(
        [
          'Transfer-Encoding: chunked, chunked',
          'Transfer-Encoding: chunked, identity',
          'Transfer-Encoding: chunked,',
          'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
          'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
          'Transfer-Encoding:',
          'Transfer-Encoding: ,chunked',
          'Transfer-Encoding : chunked',
          'Transfer-Encoding\t: chunked',
          'Transfer-Encoding: \u000bchunked',
          'Transfer-Encoding: \u000cchunked',
          'Transfer-Encoding: chunked\u0000',
          'Transfer-Encoding: chunked\u007f',
          'Transfer-Encoding:\r\n chunked',
          ' Transfer-Encoding: chunked',
          'X-A: a\nTransfer-Encoding: chunked',
          'X-A: a\rTransfer-Encoding: chunked',
          'X-A: a\r\n\rTransfer-Encoding: chunked',
          '\u0000Transfer-Encoding: chunked',
          'Transfer-Encoding\u00a0: chunked',
        ].map((header): Shape => [header, noChunks]),
        400,
      ),
  );

  happens(
    'HTTP',
    'a transfer coding other than chunked, also before it',
    '501 that names chunked, the connection closed, nothing stored or sent',
    () =>
      areRefused(
        [
          'Transfer-Encoding: gzip, chunked',
          'Transfer-Encoding: identity',
          'Transfer-Encoding: identity\r\nTransfer-Encoding: chunked',
          'Transfer-Encoding: xchunked',
          'Transfer-Encoding: "chunked"',
          'Transfer-Encoding: chunked;q=1',
          'Transfer-Encoding: chunked\u00a0',
        ].map((header): Shape => [header, noChunks]),
        501,
      ),
  );

  happens(
    'HTTP',
    'a Transfer-Encoding in HTTP/1.0, which has none',
    '400, the connection closed, nothing stored or sent',
    () => areRefused(chunked(`${fiveBytes}${noChunks}`), 400, '1.0'),
  );

  happens(
    'HTTP',
    'a Content-Length that is no plain number, or is given twice, be it equal or not',
    '400, the connection closed; neither the call nor what stands behind it is stored or sent',
    () =>
      areRefused(
        [
          ...['+5', '-5', '-0', '0x5', '0o5', '1 0', '1_0', '', '5.0', '5e0', 'five', '5;a', '5, 5', '5, 6'],
          ...['99999999999999999999', '18446744073709551621', '5\r\nContent-Length: 5'],
          ...['5\r\nContent-Length: 6', '\r\n 5', '\u000b5', '5\u0000'],
        ].map((value): Shape => [`Content-Length: ${value}`, 'hello']),
        400,
      ),
  );

  happens(
    'HTTP',
    'chunks with a size, an extension or a line end that could be read in two ways',
    '400, the connection closed; neither the call nor what stands behind it is stored or sent',
    () =>
      areRefused(
        chunked(
          ...['0x5', '+5', '-5', '0_5', ' 5', '5 ', '', '10000000000000005', '5;', '5;a\nb', '5;a\rb'].map(
            (size) => `${size}\r\nhello\r\n${noChunks}`,
          ),
          ...[`5;a\u0000b\r\nhello\r\n${noChunks}`, `5;${'a'.repeat(20_000)}\r\nhello\r\n${noChunks}`],
          ...[`5\nhello\r\n${noChunks}`, `5\rhello\r\n${noChunks}`, `5\r\nhello\n${noChunks}`],
          ...[`5\r\nhello${noChunks}`, `5\r\nhello12\r\n${noChunks}`, `${fiveBytes}0\n\n`],
          ...[`${fiveBytes}0\r\n\n`, `${fiveBytes}0\r\nTransfer-Encoding: chunked\r\n\r\n`],
        ),
        400,
      ),
  );

  happens(
    'HTTP',
    'trailers beyond the limit of headers',
    '431 with the limit, the connection closed, nothing stored or sent',
    () =>
      areRefused(
        chunked(
          `${fiveBytes}0\r\nX-Trailer: ${'a'.repeat(40_000)}\r\n\r\n`,
          `${fiveBytes}0\r\n${'X-Trailer: a\r\n'.repeat(5_000)}\r\n`,
        ),
        431,
      ),
  );

  happens(
    'HTTP',
    'trailers that name another Host, Message-ID or Reply-To',
    'the request is sent as its headers say; trailers change nothing',
    async () => {
      const queue = uniqueName('trailers');
      const received = await bench.listen(queue);
      const headers = ['Transfer-Encoding: chunked', `Message-ID: ${queue}`, 'Prefer: respond-async'];
      bench.expected(queue);
      const trailers = 'Host: other\r\nMessage-ID: other\r\nReply-To: other\r\nX-Late: 1\r\n';
      const connection = await openRawHttp(bench.port);
      connection.write(`${rawRequest(`POST /requests/${queue}`, headers)}${fiveBytes}0\r\n${trailers}\r\n`);
      expect((await connection.answer()).status).to.equal(202);
      connection.destroy();
      await until(() => received.length === 1, { what: 'the message' });
      expect(received[0]).to.deep.include({ messageId: queue, applicationHeaders: {} });
      expect(await bench.status(queue)).to.include({ replyTo: null });
    },
  );

  happens(
    'HTTP',
    'chunk extensions, sizes with leading zeros or upper case, Transfer-Encoding in another case',
    'taken as what they are; the body is that of the chunks',
    async () => {
      const queue = uniqueName('chunks');
      const received = await bench.listen(queue);
      const bodies = [`5;a=b;c="d"\r\nhello\r\n${noChunks}`, `0005\r\nhello\r\n000${noChunks}`];
      bodies.push(`A\r\nhellohello\r\n${noChunks}`);
      for (const [index, body] of bodies.entries()) {
        bench.expected(`${queue}-${index}`);
        const headers = [`Message-ID: ${queue}-${index}`, 'Prefer: respond-async'];
        const connection = await openRawHttp(bench.port);
        connection.write(
          `${rawRequest(`POST /requests/${queue}`, [...headers, 'Transfer-Encoding: ChUnKeD'])}${body}`,
        );
        expect((await connection.answer()).status).to.equal(202);
        connection.write(rawRequest('GET /livez', []));
        expect((await connection.answer()).text()).to.equal('alive\n');
        connection.destroy();
      }
      await until(() => received.length === 3, { what: 'the messages' });
      const texts = received.map(({ body }) => Buffer.from(body).toString());
      expect(texts).to.have.members(['hello', 'hello', 'hellohello']);
    },
  );

  happens(
    'HTTP',
    'a GET with a body',
    'the body is passed over and the next call of the connection answered',
    async () => {
      const connection = await openRawHttp(bench.port);
      connection.write(rawRequest('GET /livez', [], 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'));
      connection.write(rawRequest('GET /readyz', []));
      expect((await connection.answer()).text()).to.equal('alive\n');
      expect((await connection.answer()).text()).to.equal('ready\n');
      connection.destroy();
    },
  );

  happens(
    'HTTP',
    'lines that end with LF or CR alone, white space where none belongs, names that are no token',
    '400, the connection closed, nothing stored or sent',
    async () => {
      const queue = uniqueName('lines');
      const received = await bench.listen(queue);
      const target = `/requests/${queue}`;
      const line = `POST ${target} HTTP/1.1`;
      const end = 'Host: x\r\nContent-Length: 2\r\n\r\n{}';
      for (const bytes of [
        `${line}\n${end}`,
        `${line}\r\nHost: x\nContent-Length: 2\r\n\r\n{}`,
        `${line}\r\nHost: x\r\nContent-Length: 2\r\n\n{}`,
        `${line}\rHost: x\rContent-Length: 2\r\r{}`,
        `${line} \r\n${end}`,
        ` ${line}\r\n${end}`,
        `POST\t${target}\tHTTP/1.1\r\n${end}`,
        `POST ${target} x HTTP/1.1\r\n${end}`,
        `POST HTTP/1.1\r\n${end}`,
        `post ${target} HTTP/1.1\r\n${end}`,
        `${line}\r\n X-A: 1\r\n${end}`,
        `${line}\r\n: 1\r\n${end}`,
        `${line}\r\nX-A\r\n${end}`,
        `${line}\r\nX[A]: 1\r\n${end}`,
        `${line}\r\nX-\u00e4: 1\r\n${end}`,
        `${line}\r\nX-A: a\u0000b\r\n${end}`,
        `${line}\r\nX-A: a\u001bb\r\n${end}`,
        `${line}\r\nX-A: a\r\n b\r\n${end}`,
      ]) {
        const connection = await openRawHttp(bench.port);
        connection.write(Buffer.from(bytes, 'latin1'));
        const answer = await connection.answer();
        expect(answer.status, JSON.stringify(bytes)).to.equal(400);
        expect(faultOf(answer, 400, 'INVALID_REQUEST').field).to.equal('HTTP');
        await connection.gone();
        expect(connection.rest()).to.equal('');
      }
      await bench.expectNothingHappened(queue, received);
    },
  );

  happens(
    'HTTP',
    'HTTP/0.9, HTTP/2.0 in the form of HTTP/1.1',
    '505 that names what is spoken here, the connection closed',
    async () => {
      for (const [version, bytes] of [
        ['0.9', 'GET /livez\r\n\r\n'],
        ['2.0', 'GET /livez HTTP/2.0\r\nHost: x\r\n\r\n'],
      ] as const) {
        const connection = await openRawHttp(bench.port);
        connection.write(bytes);
        expect(faultOf(await connection.answer(), 505, 'INVALID_REQUEST')).to.deep.equal({
          field: 'HTTP version',
          value: version,
          allowed: 'HTTP/1.1 or HTTP/1.0',
        });
        await connection.gone();
      }
    },
  );

  happens(
    'HTTP',
    'the preface of HTTP/2, a TLS handshake, bytes without sense, a version that is none',
    '400, the connection closed, the next caller served',
    async () => {
      for (const bytes of [
        'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
        `\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003${'\u0000'.repeat(60)}`,
        '\u0000\u0001\u0002\u00ff\u00fe\r\n\r\n',
        ...['HTTP/1', 'HTTP/01.1', 'HTTP/ 1.1', 'HTTP/1.2', 'HTTP/9.9', 'http/1.1', 'HTCPCP/1.0'].map(
          (version) => `GET /livez ${version}\r\nHost: x\r\n\r\n`,
        ),
      ]) {
        const connection = await openRawHttp(bench.port);
        connection.write(Buffer.from(bytes, 'latin1'));
        problemOf(await connection.answer(), 400, 'INVALID_REQUEST');
        await connection.gone();
        expect(connection.rest()).to.equal('');
      }
      expect((await call(`${bench.url}/livez`)).status).to.equal(200);
    },
  );
});
