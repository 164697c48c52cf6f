import { expect } from 'chai';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTokenFile } from '#app/access/token-file.js';
import { loadConfiguration } from '#app/configuration/load.js';
import type { Problem } from '#core/errors.js';
import { newCaller } from '../../../support/access.js';
import { thrownBy } from '../../../support/errors.js';
import { happens } from '../../../support/happens.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

describe('the file of tokens', () => {
  const folder = temporaryFolder();
  const { hash, token } = newCaller();

  function write(content: unknown): string {
    const file = join(folder(), 'tokens.yaml');
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  }
  function problemsOf(content: unknown): readonly Problem[] {
    const result = readTokenFile(write(content));
    return result.ok ? [] : result.problems;
  }
  /** Where each problem is, without the path of the file. */
  const placesOf = (content: unknown): string[] =>
    problemsOf(content).map(({ field }) => field.replace(join(folder(), 'tokens.yaml'), 'FILE'));

  it('gives each entry its rights, and none that it does not name', () => {
    const file = write(`- name: shop\n  token: ${hash}\n  queues: ['orders.*']\n`);
    expect(readTokenFile(file)).to.deep.equal({
      ok: true,
      value: [
        {
          name: 'shop',
          token: hash,
          queues: ['orders.*'],
          read: [],
          replyTo: [],
          projects: [],
          broker: false,
        },
      ],
    });
  });

  it('may let nobody in, but only in words', () => {
    expect(problemsOf([])).to.deep.equal([]);
    expect(placesOf('')).to.deep.equal(['FILE']);
    expect(placesOf('{}')).to.deep.equal(['FILE']);
  });

  it('tells all that is wrong at once, with the entry, and says what was meant', () => {
    const content = [
      { name: 'shop', token: hash, queus: ['a'] },
      { name: 'bank', token: newCaller().hash, queues: ['a', '#'], broker: 'yes' },
      { token: newCaller().hash },
      'text',
    ];
    expect(placesOf(content)).to.have.members([
      'FILE, entry 1 (shop), queus',
      'FILE, entry 2 (bank), queues[1]',
      'FILE, entry 2 (bank), broker',
      'FILE, entry 3, name',
      'FILE, entry 4',
    ]);
    expect(problemsOf(content).find(({ field }) => field.endsWith('queus'))?.allowed).to.contain("'queues'");
  });

  happens(
    'Surroundings',
    'a file of tokens with a plain token, a short hash or the same token twice',
    'refused at the start, naming file and entry, without token or hash',
    () => {
      const wrong = [
        [{ name: 'shop', token }],
        [{ name: 'shop', token: 'secret' }],
        [{ name: 'shop', token: hash.slice(0, -1) }],
        [{ name: 'shop', token: hash.replace('sha256', 'md5') }],
        [{ name: token, token: token }],
        [{ name: 'shop', token: hash, [token]: 1 }],
        [
          { name: 'shop', token: hash },
          { name: 'bank', token: hash.toUpperCase().replace('SHA', 'sha') },
        ],
      ];
      for (const content of wrong) {
        const problems = problemsOf(content);
        expect(problems, JSON.stringify(content)).to.have.lengthOf(1);
        const told = JSON.stringify(problems[0]?.value ?? '') + (problems[0]?.allowed ?? '');
        expect(told).not.to.contain(token).and.not.to.contain(hash.slice(8));
      }
    },
  );

  it('is checked with the configuration, and told with its other faults', () => {
    const file = write([{ name: 'shop', token: 'secret' }]);
    const load = (environment: Record<string, string>): unknown =>
      loadConfiguration({ environment, workingFolder: folder() });
    const { code, problems } = thrownBy(() => load({ AUTH_TOKENS_FILE: 'tokens.yaml', PORT: 'x' }));
    expect(code).to.equal('INVALID_CONFIGURATION');
    expect(problems.map(({ field }) => field)).to.deep.equal([
      'PORT',
      `AUTH_TOKENS_FILE: ${file}, entry 1 (shop), token`,
    ]);
    const missing = thrownBy(() => load({ AUTH_TOKENS_FILE: 'nowhere.yaml' }));
    expect(missing.problems[0]).to.deep.equal({
      field: `AUTH_TOKENS_FILE: ${join(folder(), 'nowhere.yaml')}`,
      allowed: 'a file of tokens; there is no such file',
    });
    writeFileSync(join(folder(), 'replyto.yaml'), 'authTokensFile: nowhere.yaml\n');
    expect(thrownBy(() => load({})).problems[0]?.field).to.match(
      /^authTokensFile \(.*replyto\.yaml\): .*nowhere/u,
    );
    mkdirSync(join(folder(), 'folder'));
    const noFile = thrownBy(() => load({ AUTH_TOKENS_FILE: 'folder' }));
    expect(noFile.problems[0]?.allowed).to.contain('not a regular file');
  });
});
