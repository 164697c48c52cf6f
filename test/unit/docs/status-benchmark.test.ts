import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { documentationOf } from '../../../bench/status/report/publish.js';
import type { Results } from '../../../bench/status/results.js';

describe('the page about the ways of status', () => {
  it('is what its results make it, pictures included', () => {
    const results = JSON.parse(readFileSync('docs/status-benchmark/results.json', 'utf8')) as Results;
    for (const { name, contents } of documentationOf(results)) {
      expect(readFileSync(name, 'utf8'), `npm run bench:status -- --publish writes ${name}`).to.equal(
        contents,
      );
    }
  });

  it('is never made of a smoke run', () => {
    const results = JSON.parse(readFileSync('docs/status-benchmark/results.json', 'utf8')) as Results;
    expect(() => documentationOf({ ...results, size: 'smoke' })).to.throw(
      'no figures that are worth reading',
    );
  });
});
