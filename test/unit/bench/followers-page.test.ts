import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { documentationOf, readResults } from '../../../bench/followers/publish.js';
import { createPlan } from '../../../bench/followers/plan.js';
import type { Results } from '../../../bench/followers/results.js';
import { skip } from '../../support/skip.js';

const delays = { count: 100, p50: 1.25, p99: 12.5, max: 40 };

function invent(changes: Partial<Results> = {}): Results {
  return {
    ...{
      format: 1,
      plan: createPlan('full', 20_000),
      startedAt: '2026-01-02T03:04:05.000Z',
      tookMs: 180_000,
    },
    machine: { processor: 'abacus', cores: 2, memoryGib: 8, system: 'Linux 6', load: 0.1 },
    ...{ openFiles: 20_000, parts: { replyto: '0.1.0' } },
    accepting: { requests: 2_000, plain: [900, 1_100], project: [800, 820] },
    settling: [false, true].map((project) => ({
      ...{ project, flooded: true, seconds: 15, calls: delays, failed: 0, numbered: 15_000 },
    })),
    active: {
      ...{ streams: 1_000, rate: 100, seconds: 20, events: 2_000, refused: 0 },
      ...{ expected: 2_000_000, heard: 2_000_000, delays, cpuGateway: 4, cpuClients: 6, memoryWith: 210 },
    },
    idle: {
      ...{
        streams: 10_000,
        held: 10_000,
        openedInMs: 3_000,
        memoryBefore: 100,
        memoryWith: 200,
        seconds: 10,
      },
      ...{ livezBefore: delays, livezWith: delays, cpuBefore: 0.1, cpuWith: 0.2 },
    },
    ...changes,
  };
}

function pageOf(results: Results): string {
  return documentationOf(results)[0]!.contents;
}

describe('the page about followers', () => {
  it('is made of the results alone', () => {
    const page = pageOf(invent());
    expect(page).to.not.match(/NaN|undefined|Infinity|null/u);
    expect(page).to.contain('All 10,000 were still there at the end');
    expect(page).to.contain('100 MiB before, 200 MiB with them, 10.2 KiB each');
    expect(page).to.contain('all 2,000,000 were heard');
    expect(page).to.contain('gateway 2.00 s per 1,000 events, that is 2.00 s per million that are heard');
    expect(page).to.contain('| without a project | 1,000 | 900–1,100 |');
    expect(page).to.contain(
      '| with a project, during a flood of status events | 1,000 | 6.67 | 1.3 | 13 | 40 | 0 |',
    );
    expect(page).to.contain('20,000 files open');
  });

  it('tells what was not held, heard or taken', () => {
    const { active, idle } = invent();
    const page = pageOf(
      invent({
        active: { ...active, heard: 1_999_000, refused: 1, delays: { ...delays, count: 0 } },
        idle: { ...idle, held: 9_999, cpuBefore: null },
        openFiles: null,
      }),
    );
    expect(page).to.contain('9,999 of 10,000 were still there');
    expect(page).to.contain('1,999,000 of 2,000,000 (> 99.9 %) were heard');
    expect(page).to.contain('1 of 2,000 events were not taken');
    expect(page).to.contain('nothing to measure').and.to.contain('tells no limit of open files');
  });

  it('is never made of a smoke run', () => {
    expect(() => documentationOf(invent({ plan: createPlan('smoke', null) }))).to.throw(
      'no figures that are worth reading',
    );
  });

  it('is what its results make it', function () {
    const path = 'docs/followers-benchmark/results.json';
    if (!existsSync(path)) return skip(this, 'no run has been published');
    for (const { name, contents } of documentationOf(readResults(readFileSync(path, 'utf8'), path))) {
      const hint = `npm run bench:followers -- --publish writes ${name}`;
      expect(readFileSync(name, 'utf8'), hint).to.equal(contents);
    }
  });
});
