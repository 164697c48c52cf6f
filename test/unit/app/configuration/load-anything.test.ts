import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { environmentNames } from '#app/configuration/environment.js';
import type { ConfigurationSources } from '#app/configuration/load.js';
import { loadConfiguration } from '#app/configuration/load.js';
import { printConfiguration } from '#app/configuration/print.js';
import { isReplytoError } from '#core/errors.js';
import { settings } from '#schema/settings.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

/** True when the sources gave a configuration that can be printed, false when they were refused as documented. */
function isAccepted(sources: ConfigurationSources): boolean {
  try {
    const { configuration, origins } = loadConfiguration(sources);
    printConfiguration(configuration, origins);
    return true;
  } catch (thrown) {
    const isDocumented = isReplytoError(thrown) && thrown.code === 'INVALID_CONFIGURATION';
    if (!isDocumented || thrown.problems.length === 0) throw thrown;
    for (const { field, allowed } of thrown.problems) expect([field, allowed]).to.not.include('');
    return false;
  }
}

describe('sources of any content', () => {
  const folder = temporaryFolder();

  it('are either accepted or refused with INVALID_CONFIGURATION: files of keys we know', () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom(0, 1, -1, '5m', 'never', true, null, [], {}));
    const keyed = fc.dictionary(
      fc.constantFrom(...settings.map(({ key }) => key), 'x.y', '__proto__.a'),
      value,
    );
    fc.assert(
      fc.property(keyed, (values) => {
        const tree: Record<string, unknown> = {};
        for (const [key, given] of Object.entries(values)) {
          const [first = '', second] = key.split('.');
          if (second === undefined) tree[first] = given;
          else tree[first] = { ...(tree[first] as object), [second]: given };
        }
        writeFileSync(join(folder(), 'replyto.yaml'), stringify(tree));
        isAccepted({ environment: {}, workingFolder: folder() });
      }),
      { numRuns: 300 },
    );
  });

  it('are either accepted or refused with INVALID_CONFIGURATION: files of any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.uint8Array()), (text) => {
        writeFileSync(join(folder(), 'replyto.yaml'), text);
        isAccepted({ environment: {}, workingFolder: folder() });
      }),
      { numRuns: 200 },
    );
  });

  it('are either accepted or refused with INVALID_CONFIGURATION: variables and flags', () => {
    const names = [
      ...settings.flatMap(environmentNames),
      'REPLYTO_BROKER',
      'REPLYTO_HTTP',
      'REPLYTO_CONFIG',
      'REPLYTO_X',
    ];
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.constantFrom('0', 'true', '[]', '{}', 'null', 'failover:(', 'stomp://%'),
    );
    const flags = fc.dictionary(
      fc.constantFrom('host', 'port', 'brokerUrl', 'dataDir', 'prefix', 'config'),
      text,
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), text), flags, (environment, given) => {
        isAccepted({ environment, flags: given, workingFolder: folder() });
      }),
      { numRuns: 300 },
    );
  });

  it('may hold keys that JavaScript gives a meaning to', () => {
    writeFileSync(
      join(folder(), 'replyto.yaml'),
      '__proto__: { insecure: true }\nconstructor: 1\nhttp: { __proto__: { port: 1 } }\n',
    );
    expect(isAccepted({ environment: {}, workingFolder: folder() })).to.equal(false);
    expect(({} as { insecure?: boolean }).insecure).to.equal(undefined);
  });
});
