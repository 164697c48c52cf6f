import { expect } from 'chai';
import { readResults, whyNotPublished } from '../../../bench/status/report/publishable.js';
import { documentationOf } from '../../../bench/status/report/publish.js';
import { reportFiles } from '../../../bench/status/report/report-files.js';
import type { Results } from '../../../bench/status/results.js';
import { delaysOf, inventResults } from '../../support/invented-results.js';

const holes = /NaN|undefined|Infinity|null|∞/u;

function pageOf(results: Results): string {
  return reportFiles(results)[0]!.contents;
}

/** The lines of the page with this text in them. */
function linesWith(text: string, results: Results): string[] {
  return pageOf(results)
    .split('\n')
    .filter((line) => line.includes(text));
}

describe('the report of the status benchmark', () => {
  it('has a table per number of clients, the spread of the repeats, and no holes', () => {
    const results = inventResults();
    for (const { name, contents } of reportFiles(results)) expect(contents, name).to.not.match(holes);
    const page = pageOf(results);
    for (const title of ['### 10 clients', '### 100 clients', '### 1,000 clients'])
      expect(page).to.contain(title);
    expect(page).to.contain('8 ways, measured side by side').and.to.contain('3 passes, 50 minutes');
    expect(page).to.contain('The figures are those at 100 clients.');
    expect(page).to.contain('no delay that was measured at both grew more than 3-fold');
    expect(page).to.not.contain('What was not as it should be');
    expect(linesWith('| SSE of the project |', results)[0]).to.contain('| 6 (5–7) |');
  });

  it('takes what is used when nobody does anything off the CPU times', () => {
    const [row = ''] = linesWith('| SSE of the project |', inventResults());
    // 30 events: 0.2 s of idling and 0.03 s of work; one tick is 0.3 s per 1,000.
    expect(row.split(' | ').slice(8, 10)).to.deep.equal(['1.0', '0.5']);
    const [unsubtracted = ''] = linesWith('| SSE of the project |', inventResults(undefined, { idle: [] }));
    expect(unsubtracted.split(' | ')[8]).to.equal('7.7');
    expect(pageOf(inventResults(undefined, { idle: [] }))).to.contain('was not measured: with few clients');
  });

  it('says of polls that could not be asked in full how many were, and holds them against none', () => {
    const results = inventResults(({ variant, clients }) =>
      variant.id === 'poll-100ms-etag' && clients > 10
        ? { questions: clients * 20, wasted: clients * 17, cpu: { ...busyClients, clients: 9.5 } }
        : {},
    );
    const [, row = ''] = linesWith('| poll every 100 ms, ETag |', results);
    expect(row).to.contain('| could ask 2,000 of 10,000 | – | – | – | – | – | – | – | 100 % |');
    const page = pageOf(results);
    expect(page).to.not.contain('Polling every 100 ms with ETag moves');
    expect(page).to.contain(
      'poll every 100 ms, ETag, 100 clients: could ask 2,000 of 10,000 questions; the process of the clients kept 0.950 of a core busy',
    );
    expect(page).to.contain('so the clients were at their limit, and what the servers could do is not known');
    expect(page).to.match(
      /- poll every 100 ms, ETag: holds up to 10 clients .*; with 100 no more: it could ask 2,000 of 10,000/u,
    );
    const bytes = reportFiles(results).find(({ name }) => name === 'bytes.svg')!.contents;
    expect(bytes).to.contain('could ask 20 % of its questions');
  });

  it('tells lost events, failures and repetitions wherever the variant is spoken of', () => {
    const results = inventResults(({ variant, clients, repeat }) =>
      variant.id === 'sse' && clients === 100 && repeat === 1
        ? { known: 290, seen: 280, repeated: 4, failures: { 'the stream ended': 7 } }
        : {},
    );
    const page = pageOf(results);
    expect(page).to.contain(
      'SSE of the project, 100 clients: 10 of 900 events had not come at the end; 4 events came more than once; got over: 7 × the stream ended.',
    );
    expect(page).to.contain(
      '| server-sent events, with a doubt | in this run 10 of 900 events had not come at the end;',
    );
    expect(linesWith('| SSE of the project |', results)[1]).to.contain('98 % (93 %–100 %), 10 lost |');
  });

  it('says which ways got slower, by half or by 99 % of their events, and where polls stop', () => {
    const results = inventResults(({ variant, clients }) => {
      if (clients < 1_000) return {};
      if (variant.id === 'websocket') return { delays: delaysOf(3_000, 900) };
      if (variant.id === 'poll-1s') return { delays: delaysOf(3_000, 2_500) };
      return variant.id === 'poll-5s' ? { cpu: { ...busyClients, gateway: 15.2, broker: 4.1 } } : {};
    });
    const page = pageOf(results);
    expect(page).to.contain('STOMP over WebSocket (6 ms / 7 ms, then 900 ms / 900 ms)');
    expect(page).to.contain('These kept their delay: topic at the broker; SSE of the project;');
    expect(page).to.contain('with 1,000 no more: 99 % of the events within 2,5');
    expect(page).to.match(
      /poll every 5 s: holds up to 100 clients .* with 1,000 no more: the servers kept 1\.90 cores busy, for SSE of the project 0\.450/u,
    );
    expect(page).to.match(/poll every 1 s, ETag: holds up to 1,000 clients/u);
  });

  it('compares CPU times only as far as the repeats agree', () => {
    const cheaper = inventResults(({ variant }) =>
      variant.id === 'poll-1s-etag' ? { cpu: { ...busyClients, gateway: 0.21, broker: 0.1 } } : {},
    );
    expect(pageOf(cheaper)).to.contain('and takes less CPU time: 0.03 CPU seconds');
    expect(pageOf(inventResults())).to.contain('CPU time does not differ by more than it varies');
  });

  it('says of absences what was measured', () => {
    const { away } = inventResults();
    const changed = away.map((one) => {
      const change = { poll: { missed: 20 }, topic: { missed: 25, caughtUpMs: null } }[
        one.variant.split('-')[0]!
      ];
      return { ...one, runs: one.runs.map((run) => ({ ...run, ...change })) };
    });
    const page = pageOf(inventResults(undefined, { away: changed }));
    expect(page).to.match(
      /The latest state was there, but not every event that led to it: poll every 100 ms \(80 % missed\)/u,
    );
    expect(page).to.contain('before the next event: topic at the broker (100 % missed)');
    expect(page).to.contain('5 clients of each variant left for 10 s');
    expect(page).to.match(/Every event was there after the return: SSE of the project.*long poll/u);
  });

  it('names what is missing, and does without it', () => {
    const why = 'Without PostgreSQL, not measured: query every 1 s.';
    const whole = inventResults();
    const results = inventResults(undefined, {
      measured: whole.measured.filter(({ variant }) => !variant.startsWith('database')),
      away: whole.away.filter(({ variant }) => !variant.startsWith('database')),
      leftOut: [{ variant: 'database-1s', clients: null, why }],
      failed: ['1/3, 10 clients, callback: no address'],
      missing: ['The broker is another one.'],
      databaseConnections: 0,
    });
    const page = pageOf(results);
    expect(page).to.not.match(holes);
    expect(page).to.contain('7 of 8 ways').and.to.contain(why).and.to.contain('- The broker is another one.');
    expect(page).to.contain('- Failed: 1/3, 10 clients, callback: no address.');
    expect(page).to.contain('| a query after LISTEN/NOTIFY | not measured in this run |');
  });

  it('is a page of absences where nothing else was measured', () => {
    const page = pageOf(inventResults(undefined, { measured: [] }));
    expect(page).to.not.match(holes);
    expect(page).to.not.contain('The figures are those at');
  });
});

describe('results that are to be published', () => {
  it('are whole', () => {
    const { measured } = inventResults();
    const refused: [Partial<Results>, string][] = [
      [{ size: 'smoke' }, 'a smoke run has no figures that are worth reading'],
      [{ passes: 2 }, 'the run was ended after 2 of 3 passes'],
      [{ failed: ['callback: no address'] }, '1 measurements failed, the first: callback: no address'],
      [{ planned: ['sse'] }, 'topic was not asked for (--only)'],
      [{ measured: measured.slice(1) }, 'topic has 0 of 3 measurements at 10 clients'],
      [{ away: [] }, 'topic has 0 of 3 measurements of clients that were away'],
    ];
    for (const [changes, why] of refused) {
      const results = inventResults(undefined, changes);
      expect(whyNotPublished(results)).to.equal(why);
      expect(() => documentationOf(results)).to.throw(`not published: ${why}`);
    }
    expect(whyNotPublished(inventResults())).to.equal(null);
  });

  it('may lack what the run says it left out', () => {
    const whole = inventResults();
    const leftOut = [{ variant: 'topic', clients: 1_000, why: 'No room.' }];
    const measured = whole.measured.filter(({ variant, clients }) => variant !== 'topic' || clients < 1_000);
    expect(whyNotPublished(inventResults(undefined, { measured }))).to.contain('topic has 0 of 3');
    expect(whyNotPublished(inventResults(undefined, { measured, leftOut }))).to.equal(null);
  });

  it('are results of this format', () => {
    expect(readResults(JSON.stringify(inventResults()), 'file').format).to.equal(2);
    expect(() => readResults('{"format":1}', 'old.json')).to.throw('old.json: its format is 1; 2 is allowed');
    expect(() => readResults('[]', 'list.json')).to.throw('list.json: its format is not given; 2 is allowed');
    expect(() => readResults('page', 'page.md')).to.throw('page.md: it is not JSON');
  });
});

const busyClients = { gateway: 1, broker: 0.5, database: null, clients: 0.5, publisher: 0.25 };
