import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const page = 'docs/proofs.md';

describe('the page about complaints', () => {
  const rows = readFileSync(page, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---') && !line.startsWith('| complaint'));

  it('has a test for each complaint', () => {
    expect(rows).to.have.lengthOf.at.least(8);
    for (const row of rows) expect(row).to.match(/\| \[[^\]]+\]\(\.\.\/test\/[^)]+\) \|$/u);
  });

  for (const row of rows) {
    const [, title = '', file = ''] = /\[([^\]]+)\]\(([^)]+)\) \|$/u.exec(row) ?? [];
    it(`names a test that is there: ${title}`, () => {
      const source = readFileSync(join('docs', file), 'utf8');
      // Of one `it`, or a part of the outcome of one `happens`; it may not be skipped.
      const titles = [...source.matchAll(/^\s*(?:it\(\s*)?['"`](.+)['"`],/gmu)].map(
        ([, found = '']) => found,
      );
      expect(titles.filter((found) => found.includes(title))).to.have.length(1);
      expect(source).to.not.match(/\b(?:it|describe)\.skip\(/u);
    });
  }
});
