import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { StompBrokerOptions } from '#adapters/stomp/broker.js';
import { createStompBroker } from '#adapters/stomp/broker.js';
import { checkTlsMaterial } from '#adapters/stomp/tls-material.js';
import { connectBroker } from '#app/library/connect-broker.js';
import { systemClock } from '#app/system-clock.js';
import { silentLogger } from '#core/ports/logger.js';
import { failureOf, thrownBy } from '../../../support/errors.js';
import { textOf } from '../../../support/recording.js';
import { skip } from '../../../support/skip.js';
import { makeTemporaryFolder } from '../../../support/temporary-folder.js';

interface Pair {
  readonly key: Buffer;
  readonly cert: Buffer;
}

describe('TLS material', () => {
  let [one, other]: Pair[] = [];
  let lockedKey: Buffer | undefined;

  before(async function () {
    const folder = await makeTemporaryFolder();
    const run = (...parameters: string[]): void =>
      void execFileSync('openssl', parameters, { cwd: folder.path, stdio: 'ignore' });
    const read = (name: string): Buffer => readFileSync(join(folder.path, name));
    try {
      [one, other] = ['one', 'other'].map((name) => {
        run(
          ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
          ...['-days', '2', '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.pem`],
        );
        return { key: read(`${name}.key`), cert: read(`${name}.pem`) };
      });
      run('ec', '-in', 'one.key', '-aes256', '-passout', 'pass:open', '-out', 'locked.key');
      lockedKey = read('locked.key');
    } catch {
      skip(this, 'openssl is not installed, so no certificate can be made');
    } finally {
      await folder.remove();
    }
  });

  it('that can be read is taken', () => {
    checkTlsMaterial({});
    checkTlsMaterial({ ca: one!.cert });
    checkTlsMaterial({ ...one, ca: [one!.cert, other!.cert.toString()] });
    checkTlsMaterial({ cert: one!.cert, key: lockedKey, passphrase: 'open' });
    checkTlsMaterial({ cert: [one!.cert], key: [{ pem: lockedKey!, passphrase: 'open' }] });
    checkTlsMaterial({ minVersion: 'TLSv1.3', rejectUnauthorized: false });
  });

  const garbage = 'garbage';
  const bad: readonly [what: string, field: string, tls: () => NonNullable<StompBrokerOptions['tls']>][] = [
    ['a certificate that is none', 'tls.cert', () => ({ ...one, cert: garbage })],
    ['a key that is none', 'tls.key', () => ({ ...one, key: garbage })],
    ['a path instead of a key', 'tls.key', () => ({ ...one, key: '/etc/ssl/private/client.key' })],
    ['an authority that is none', 'tls.ca', () => ({ ca: garbage })],
    ['one authority of several that is none', 'tls.ca', () => ({ ca: [one!.cert, Buffer.from(garbage)] })],
    ['half an authority', 'tls.ca', () => ({ ca: one!.cert.subarray(0, 200) })],
    ['a list of the revoked that is none', 'tls.crl', () => ({ crl: garbage })],
    ['a PKCS #12 archive that is none', 'tls.pfx', () => ({ pfx: Buffer.from(garbage) })],
    ['the key of another certificate', 'tls', () => ({ key: other!.key, cert: one!.cert })],
    ['a locked key without its passphrase', 'tls.key', () => ({ cert: one!.cert, key: lockedKey })],
    ['a wrong passphrase', 'tls.key', () => ({ cert: one!.cert, key: lockedKey, passphrase: 'shut' })],
    ['a version that does not exist', 'tls', () => ({ minVersion: 'TLSv9' as 'TLSv1.3' })],
  ];
  for (const [what, field, tls] of bad) {
    it(`${what} is refused with INVALID_ARGUMENT for ${field}, and none of it is shown`, () => {
      const error = thrownBy(() => checkTlsMaterial(tls()));
      expect(error).to.include({ code: 'INVALID_ARGUMENT', retryable: false });
      expect(error.problems.map((problem) => problem.field)).to.deep.equal([field]);
      const shown = textOf(error);
      for (const secret of [garbage, 'PRIVATE KEY-----\n', 'shut']) expect(shown).to.not.contain(secret);
    });
  }

  it('that cannot be read is told to whoever connects, and ends nothing', async () => {
    const tls = { cert: garbage, key: garbage };
    for (const url of ['stomps://127.0.0.1:1', 'wss://127.0.0.1:1', 'stomp://127.0.0.1:1']) {
      const create = (): unknown => createStompBroker({ url, tls, clock: systemClock, logger: silentLogger });
      expect(thrownBy(create).message).to.match(/^tls\.cert: a certificate in PEM/u);
      expect((await failureOf(connectBroker({ url, tls }))).code).to.equal('INVALID_ARGUMENT');
    }
  });
});
