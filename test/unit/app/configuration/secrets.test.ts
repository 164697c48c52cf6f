import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { stringify } from 'yaml';
import type { ConfigurationSources } from '#app/configuration/load.js';
import { loadConfiguration } from '#app/configuration/load.js';
import { printConfiguration } from '#app/configuration/print.js';
import { redactedUrl } from '#app/configuration/secrets.js';
import { isReplytoError } from '#core/errors.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

/** Whatever the product would tell anybody about these sources. */
function told(sources: ConfigurationSources): string {
  try {
    const { configuration, origins } = loadConfiguration(sources);
    return printConfiguration(configuration, origins);
  } catch (thrown) {
    if (!isReplytoError(thrown) || thrown.code !== 'INVALID_CONFIGURATION') throw thrown;
    return [thrown.message, thrown.stack, JSON.stringify(thrown.problems), String(thrown.cause)].join('\n');
  }
}

const characters = Array.from('abcXYZ019@:/?#%&,()[]{}!* "\'\\=;$|');

/** Long enough not to occur by chance, with every character that addresses and YAML give a meaning to. */
const secretText = fc
  .string({ unit: fc.constantFrom(...characters), minLength: 4, maxLength: 12 })
  .map((text) => `Zq7${text}q7Z`);

/** The secret in a form, raw or as people encode it. */
const encodings = fc.constantFrom((text: string) => text, encodeURIComponent, encodeURI);

describe('secrets', () => {
  const folder = temporaryFolder();

  function expectHidden(text: string, secret: string): void {
    // The two ends are looked for too: a part of a password is as bad as the whole.
    for (const part of [secret, encodeURIComponent(secret), 'Zq7', 'q7Z']) expect(text).to.not.contain(part);
  }

  it('in addresses are never told, whether the address is good or bad', () => {
    const address = fc.constantFrom(
      (secret: string) => `stomp://user:${secret}@broker:61613`,
      (secret: string) => `stomp://user:${secret}@`,
      (secret: string) => `stomp://user:${secret}@broker:99999`,
      (secret: string) => `amqp://user:${secret}@broker`,
      (secret: string) => `user:${secret}@broker`,
      (secret: string) => `wss://broker/path?access_token=${secret}`,
      (secret: string) => `ws://user:${secret}@broker/path?x=${secret}`,
      (secret: string) => `failover:(stomp://a:${secret}@one:1,stomp://b:${secret}@two:2)?randomize=true`,
      (secret: string) => `failover:stomp://a:${secret}@one`,
      (secret: string) => `failover:(stomp://one)?${secret}=true`,
      (secret: string) => `postgres://user:${secret}@db/replyto`,
    );
    const name = fc.constantFrom('BROKER_URL', 'STORE_URL', 'REPLYTO_BROKER__URL');
    fc.assert(
      fc.property(address, secretText, encodings, name, (make, secret, encode, variable) => {
        const environment = { [variable]: make(encode(secret)) };
        expectHidden(told({ environment, workingFolder: folder() }), secret);
      }),
      { numRuns: 500 },
    );
  });

  it('in the file are never told, however it is written and misspelled', () => {
    const tree = fc.constantFrom(
      (secret: string) => ({ broker: { url: 'stomp://broker', login: 'x', passcode: secret } }),
      (secret: string) => ({ broker: { passcode: secret } }),
      (secret: string) => ({ broker: { pascode: secret } }),
      (secret: string) => ({ brokr: { passcode: secret } }),
      (secret: string) => ({ passcode: secret }),
      (secret: string) => ({ broker: `stomp://u:${secret}@b` }),
      (secret: string) => ({ broker: [secret] }),
      (secret: string) => ({ broker: { passcode: { value: secret } } }),
      (secret: string) => ({ broker: { passcode: [secret] } }),
      (secret: string) => ({ broker: { url: { passcode: secret } } }),
      (secret: string) => ({ broker: { passcode: `${secret}\n` } }),
      (secret: string) => ({ http: { host: { passcode: secret } } }),
      (secret: string) => ({ routes: { passcode: secret } }),
      (secret: string) => ({ routes: [{ path: '/a', queue: 'a', passcode: secret }] }),
      (secret: string) => [secret],
      (secret: string) => secret,
    );
    const damage = fc.constantFrom(
      (text: string) => text,
      (text: string) => text.slice(0, -3),
      (text: string) => `${text}"`,
      (text: string) => `\t${text}`,
    );
    fc.assert(
      fc.property(tree, secretText, damage, (make, secret, harm) => {
        writeFileSync(join(folder(), 'replyto.yaml'), harm(stringify(make(secret))));
        expectHidden(told({ environment: {}, workingFolder: folder() }), secret);
      }),
      { numRuns: 500 },
    );
  });

  it('in variables are never told, also under a misspelled name and in broken JSON', () => {
    const variable = fc.constantFrom(
      (secret: string) => ({ BROKER_PASSCODE: secret }),
      (secret: string) => ({ BROKER_URL: 'stomp://u:p@b', REPLYTO_BROKER__PASSCODE: secret }),
      (secret: string) => ({ BROKER_PASSCODE: secret, REPLYTO_BROKER__PASSCODE: secret }),
      (secret: string) => ({ REPLYTO_BROKER__PASCODE: secret }),
      (secret: string) => ({ REPLYTO_BROKER: JSON.stringify({ passcode: secret, port: 'x' }) }),
      (secret: string) => ({ REPLYTO_BROKER: `{"passcode":"${secret}"` }),
      (secret: string) => ({ REPLYTO_BROKER: JSON.stringify(secret) }),
      (secret: string) => ({ REPLYTO_TOKEN: secret }),
    );
    fc.assert(
      fc.property(variable, secretText, (make, secret) => {
        expectHidden(told({ environment: make(secret), workingFolder: folder() }), secret);
      }),
      { numRuns: 300 },
    );
  });

  it('in a password file are never told, also when it has too many lines', () => {
    for (const content of ['Zq7secretq7Z\n', 'Zq7secretq7Z\nsecond line\n', '\u0000Zq7secretq7Z']) {
      writeFileSync(join(folder(), 'passcode'), content);
      const environment = { BROKER_PASSCODE_FILE: 'passcode', BROKER_URL: 'stomp://user@broker' };
      expectHidden(told({ environment, workingFolder: folder() }), 'Zq7secretq7Z');
    }
  });

  it('leave of an address what helps to find it', () => {
    expect(redactedUrl('stomp://u:p@broker:61613')).to.equal('stomp://***@broker:61613');
    expect(redactedUrl('stomp://[::1]:61613')).to.equal('stomp://[::1]:61613');
    expect(redactedUrl('stomp://user:password')).to.equal('stomp://user:***');
    expect(redactedUrl('failover:(stomp://u:p@a:1,stomp://b)?randomize=true')).to.equal(
      'failover:(stomp://***@a:1,stomp://b)?randomize=true',
    );
    expect(redactedUrl('wss://broker/ws?token=x')).to.equal('wss://broker/ws?***');
    // Where the password ends nobody can say.
    expect(redactedUrl('wss://broker/ws?token=a@b')).to.equal('wss://***');
    expect(redactedUrl('stomp://u:a?b@broker')).to.equal('stomp://***');
    expect(redactedUrl('embedded:')).to.equal('embedded:');
    expect(redactedUrl('amqp://broker')).to.equal('amqp://broker');
  });
});
