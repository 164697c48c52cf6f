import { expect } from 'chai';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/free-port.js';
import { happens } from '../support/happens.js';
import { call, post } from '../support/http.js';
import { processes } from '../support/process.js';
import { productFreeEnvironment } from '../support/cli.js';
import { skip } from '../support/skip.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const mostFiles = 256;

describe('a gateway with few open files', function () {
  this.timeout(90_000);
  const { start } = processes();
  const folder = temporaryFolder();

  happens(
    'Surroundings',
    'more connections than the process may have files open (EMFILE)',
    'those beyond the limit are not let in and nothing ends; when others go, calls are served again, and nothing is lost',
    async function () {
      if (process.platform === 'win32') return skip(this, 'Windows has no ulimit');
      const port = await freePort();
      const node = [process.execPath, '--conditions=replyto-source', '--import', import.meta.resolve('tsx')];
      // The hard limit too: Node raises the soft one to it.
      const gateway = start(
        'sh',
        ['-c', `ulimit -n ${mostFiles} && exec "$@"`, 'sh', ...node, main, 'serve'],
        {
          cwd: folder(),
          env: { ...productFreeEnvironment(), PORT: String(port), BROKER_PORT: '0', DATA_DIR: folder() },
        },
      );
      await gateway.line(/receiving replies/u);
      const url = `http://127.0.0.1:${port}`;
      const asked = await post(`${url}/requests/q`, '{}', {
        prefer: 'respond-async',
        'message-id': 'before',
      });
      expect(asked.status).to.equal(202);

      const sockets: Socket[] = [];
      let refused = 0;
      try {
        for (let count = 0; count < 3 * mostFiles; count += 1) {
          const socket = connect(port, '127.0.0.1');
          socket.on('error', () => undefined).on('close', () => (refused += 1));
          sockets.push(socket);
        }
        await until(() => refused > mostFiles || gateway.hasExited(), {
          what: 'connections beyond the limit to be ended',
        });
        expect(gateway.hasExited(), gateway.output()).to.equal(false);
      } finally {
        for (const socket of sockets) socket.destroy();
      }
      const again = await until(
        () => post(`${url}/requests/q`, '{}', { prefer: 'respond-async', 'message-id': 'after' }),
        { what: 'a call to be served' },
      );
      expect(again.status).to.equal(202);
      for (const id of ['before', 'after'])
        expect((await call(`${url}/requests/${id}`)).status, id).to.equal(200);
      expect((await call(`${url}/readyz`)).status).to.equal(200);
    },
  );
});
