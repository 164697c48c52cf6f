import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { documentationOf } from '../../chaos/report/publish.js';
import type { PlayedRow, Results } from '../../chaos/results.js';
import { newResults, readResults, withRow } from '../../chaos/results.js';
import { rows } from '../../chaos/rows/rows.js';
import { sizes } from '../../chaos/sizes.js';
import { skip } from '../../support/skip.js';

const order = rows.map(({ name }) => name);

function played(row: string, changes: Partial<PlayedRow> = {}): PlayedRow {
  return {
    ...{ row, seed: 7, size: sizes.full, done: ['one', 'two'], lost: [], problems: [], tookMs: 30_000 },
    counts: {
      ...{ accepted: 2_001, answered: 2_001, lost: 0, answeredTwice: 3, forwardedAgain: 3, runTwice: 0 },
      ...{ redelivered: 12, late: 0, unmatched: 0, longestStallMs: 1_234, slowestAnswerMs: 5_678 },
    },
    ...changes,
  };
}

function invent(outcomes: readonly PlayedRow[] = order.map((row) => played(row))): Results {
  const about = {
    startedAt: '2026-01-02T03:04:05.000Z',
    machine: { processor: 'abacus', cores: 2, memoryGib: 8, system: 'Linux 6', load: 0.1 },
    parts: { replyto: '0.1.0' },
  };
  return outcomes.reduce((results, outcome) => withRow(results, outcome, order), newResults(about));
}

function pageOf(results: Results): string {
  return documentationOf(results)[0]!.contents;
}

describe('the page of the crash table', () => {
  it('is made of the results alone', () => {
    const page = pageOf(invent());
    expect(page).to.not.match(/NaN|undefined|Infinity|null/u);
    expect(page).to.contain(
      `| sent-classic-sqlite | gateway | send and receipt | Classic, SQLite | 2 | 7 | 2,001 | 2,001 | 0 | 3 * | 0 | 12 | 0 | 0 | 1,234 ms | 5,678 ms |`,
    );
    expect(page).to.contain(`killed or stopped ${order.length * 2} times`);
    expect(page).to.match(/^Nothing: [\d,]+ requests were accepted/mu);
    expect(page).to.not.contain('did not hold');
    for (const { shows } of rows) expect(page.split(shows)).to.have.length(2);
  });

  it('tells what was lost, answered twice, or not killed', () => {
    const { counts } = played('sent-classic-sqlite');
    const bad = played('sent-classic-sqlite', {
      counts: { ...counts, answered: 1_999, lost: 2, answeredTwice: 4 },
      problems: ['2 lost', '1 answered twice'],
    });
    const page = pageOf(withRow(invent(), bad, order));
    expect(page).to.contain('**2 requests**: ').and.to.contain('| 2,001 | 1,999 | 2 | 4 | 0 |');
    expect(page).to.contain('**sent-classic-sqlite did not hold**: 2 lost; 1 answered twice');
  });

  it('keeps rows in the order of the table, each once, and drops what was left out before', () => {
    const [first = '', second = ''] = order;
    let results = withRow(invent([]), { row: first, why: 'no Java' }, order);
    results = withRow(results, played(second), order);
    results = withRow(results, played(first), order);
    results = withRow(results, played(second, { seed: 8 }), order);
    expect(results.rows.map(({ row, seed }) => [row, seed])).to.deep.equal([
      [first, 7],
      [second, 8],
    ]);
    expect(results.leftOut).to.deep.equal([]);
  });

  it('is not made of a part of the rows, or of a short run', () => {
    const [first = '', ...others] = order;
    expect(() => documentationOf(invent(others.map((row) => played(row))))).to.throw(
      `not published: the row ${first} was not played`,
    );
    const short = invent(order.map((row) => played(row, { size: sizes.short })));
    expect(() => documentationOf(short)).to.throw(`not published: the row ${first} had 300 requests`);
  });

  it('is what its results make it', function () {
    const path = 'docs/crash-table/results.json';
    if (!existsSync(path)) return skip(this, 'no run has been published');
    for (const { name, contents } of documentationOf(readResults(readFileSync(path, 'utf8'), path))) {
      expect(readFileSync(name, 'utf8'), `npm run chaos -- --publish writes ${name}`).to.equal(contents);
    }
  });
});
