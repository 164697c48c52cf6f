import { expect } from 'chai';
import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { happens } from '../support/happens.js';
import { call, post } from '../support/http.js';
import type { ServedGateway } from '../support/served-gateway.js';
import { serveGateway } from '../support/served-gateway.js';
import { until } from '../support/until.js';

describe('a gateway whose files are taken away', function () {
  this.timeout(90_000);
  let gateway: ServedGateway;

  beforeEach(async () => {
    gateway = await serveGateway();
  });
  afterEach(() => gateway.remove());

  const ask = async (id: string): Promise<number> =>
    (await post(`${gateway.url}/requests/q`, '{}', { prefer: 'respond-async', 'message-id': id })).status;
  const store = (): string => join(gateway.folder, 'replyto.db');
  const checks = async (): Promise<string> => (await call(`${gateway.url}/readyz?verbose`)).text();

  async function expectRefused(what: RegExp): Promise<void> {
    expect(await ask('after')).to.equal(503);
    const told = await until(async () => /^\[-\] store: .*$/mu.exec(await checks()), {
      what: 'readyz to tell',
    });
    expect(told[0]).to.match(what);
    expect((await call(`${gateway.url}/readyz`)).status).to.equal(503);
  }

  happens(
    'Surroundings',
    'the file of the store is removed under the process',
    '503 for new requests and readyz, which name the file: what went into it would be gone with the next start; what is known can still be read, and a restart begins anew',
    async () => {
      expect(await ask('before')).to.equal(202);
      rmSync(store());
      await expectRefused(/replyto\.db was removed while it was in use/u);
      expect((await call(`${gateway.url}/requests/before`)).status).to.equal(200);
      await gateway.restart();
      expect((await call(`${gateway.url}/requests/before`)).status).to.equal(404);
      expect(await ask('anew')).to.equal(202);
    },
  );

  happens(
    'Surroundings',
    'the file of the store is replaced under the process, and then put back',
    '503 while another file has its place; all goes on when it is back, and nothing is lost',
    async () => {
      expect(await ask('before')).to.equal(202);
      renameSync(store(), `${store()}.away`);
      copyFileSync(`${store()}.away`, store());
      await expectRefused(/replyto\.db was replaced while it was in use/u);
      renameSync(`${store()}.away`, store());
      await until(async () => (await ask('again')) === 202, { what: 'a request to be taken' });
      await gateway.kill();
      await gateway.restart();
      for (const id of ['before', 'again']) {
        expect((await call(`${gateway.url}/requests/${id}`)).status, id).to.equal(200);
      }
    },
  );
});
