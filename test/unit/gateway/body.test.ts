import { expect } from 'chai';
import { bareGateway } from '../../support/bare-gateway.js';
import { problemOf } from '../../support/http-bench.js';
import { openRawHttp, rawRequest } from '../../support/raw-http.js';

describe('a body that is refused before its end', () => {
  const start = bareGateway();

  for (const encoding of ['gzip', 'deflate', 'br', 'rot13']) {
    it(`because it is no ${encoding} is let go, and its connection goes on to the next call`, async () => {
      const { port } = await start();
      const connection = await openRawHttp(port);
      // More than Node keeps of a body that nobody reads.
      const headers = [`Content-Encoding: ${encoding}`, 'Content-Length: 1000000'];
      connection.write(rawRequest('POST /requests/x', headers));
      connection.write('x'.repeat(1_000));
      const [status, code] = encoding === 'rot13' ? [415, 'UNSUPPORTED_CONTENT'] : [400, 'BODY_UNREADABLE'];
      problemOf(await connection.answer(), status, code);
      connection.write(`${'x'.repeat(999_000)}${rawRequest('GET /livez', [])}`);
      expect((await connection.answer()).text()).to.equal('alive\n');
      connection.destroy();
    });
  }
});
