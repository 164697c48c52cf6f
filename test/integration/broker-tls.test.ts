import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Certificate } from '../support/certificates.js';
import { makeCertificate, noCertificates } from '../support/certificates.js';
import { failureOf } from '../support/errors.js';
import { startGateway } from '../support/gateway.js';
import { call } from '../support/http.js';
import { skip } from '../support/skip.js';
import type { StartedBroker } from '../support/started-broker.js';
import { startBroker } from '../support/started-broker.js';
import type { TemporaryFolder } from '../support/temporary-folder.js';
import { makeTemporaryFolder } from '../support/temporary-folder.js';
import type { TlsEndpoint } from '../support/tls-endpoint.js';
import { openTlsEndpoint } from '../support/tls-endpoint.js';
import { until } from '../support/until.js';

describe('a gateway and a broker that asks for certificates', () => {
  let folder: TemporaryFolder;
  let broker: StartedBroker;
  let endpoint: TlsEndpoint | null = null;
  let client: Certificate | null = null;
  let settings: Record<string, string> = {};

  before(async function () {
    folder = await makeTemporaryFolder();
    broker = await startBroker();
    client = makeCertificate(folder.path, 'client', 'a-phrase');
    if (client === null) skip(this, noCertificates);
    endpoint = await openTlsEndpoint(broker.url, {
      requestCert: true,
      rejectUnauthorized: true,
      ca: client.cert,
    });
    const [ca, phrase] = [join(folder.path, 'ca.pem'), join(folder.path, 'phrase')];
    await writeFile(ca, endpoint?.ca ?? '');
    await writeFile(phrase, 'a-phrase\n');
    settings = {
      BROKER_URL: endpoint?.url ?? '',
      REPLYTO_BROKER__TLS_CA_FILE: ca,
      REPLYTO_BROKER__TLS_CERT_FILE: client.certFile,
      REPLYTO_BROKER__TLS_KEY_FILE: client.keyFile,
      REPLYTO_BROKER__TLS_PASSPHRASE_FILE: phrase,
    };
  });
  after(async () => {
    await endpoint?.close();
    await broker.stop();
    await folder.remove();
  });

  it('come together by the files of broker.tls…', async () => {
    const gateway = await startGateway({ settings, connectUrl: broker.url });
    try {
      await until(async () => (await call(`${gateway.url}/readyz?verbose`)).text().includes('[+] broker'), {
        what: 'the broker to be up',
      });
    } finally {
      await gateway.stop();
    }
  });

  it('stay apart without them, and the gateway takes requests all the same', async () => {
    const gateway = await startGateway({
      settings: { ...settings, REPLYTO_BROKER__TLS_CA_FILE: '' },
      connectUrl: broker.url,
    });
    try {
      expect((await call(`${gateway.url}/readyz?verbose`)).text()).to.contain('[-] broker');
    } finally {
      await gateway.stop();
    }
  });

  it('do not even try with a key that cannot be read', async () => {
    const wrong = { ...settings, REPLYTO_BROKER__TLS_PASSPHRASE_FILE: '' };
    const error = await failureOf(startGateway({ settings: wrong }));
    expect(error.code).to.equal('INVALID_CONFIGURATION');
    expect(error.problems.map(({ field }) => field)).to.deep.equal(['REPLYTO_BROKER__TLS_KEY_FILE']);
  });
});
