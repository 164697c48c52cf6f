/**
 * What `npm test` prints at its end, as text: which brokers took part, what was measured, what was skipped and why, what
 * failed, the counts. Failures stand last, since often only the end of a long log is kept.
 */
import type { ProvisionedBroker, UnavailableBroker } from './brokers.js';
import type { TestResult } from './test-results.js';

interface TestedBroker {
  /** The label that titles carry; see brokers.ts. */
  readonly label: string;
  readonly state: ProvisionedBroker | UnavailableBroker;
}

export interface RunOutcome {
  readonly results: readonly TestResult[];
  readonly brokers: readonly TestedBroker[];
  /** Failures of the run itself, in words: each counts as one failed. */
  readonly problems: readonly string[];
}

export interface RunCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export function countsOf({ results, problems }: Pick<RunOutcome, 'results' | 'problems'>): RunCounts {
  const count = (outcome: TestResult['outcome']): number =>
    results.filter((result) => result.outcome === outcome).length;
  return {
    passed: count('passed'),
    failed: count('failed') + problems.length,
    skipped: count('skipped'),
  };
}

/** The last line of every run; CI reads it. */
function plainLine({ passed, failed, skipped }: RunCounts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** The closing block with {@link plainLine} as its last line. */
export function summaryOf(outcome: RunOutcome): string {
  const lines = ['Brokers'];
  for (const broker of outcome.brokers) lines.push(`  ${describeBroker(broker, outcome.results)}`);
  const figures = outcome.results.flatMap((result) => result.figures);
  if (figures.length > 0) lines.push('', 'Figures', ...figures.map((figure) => `  ${figure}`));
  const skipped = outcome.results.filter((result) => result.outcome === 'skipped');
  if (skipped.length > 0) lines.push('', 'Skipped', ...groupByReason(skipped));
  const failures = failuresOf(outcome);
  if (failures.length > 0) lines.push('', 'Failed', ...failures);
  return [...lines, '', plainLine(countsOf(outcome))].join('\n');
}

function failuresOf({ results, problems }: RunOutcome): string[] {
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  return [
    ...failed.flatMap(({ file, fullTitle, failure }) => [
      `  FAILED: ${fullTitle} (${file})`,
      ...(failure ?? 'no reason given')
        .split('\n')
        .slice(0, 12)
        .map((line) => `    ${line}`),
    ]),
    ...problems.map((problem) => `  FAILED: ${problem}`),
  ];
}

/** The cases that ran on a broker: those whose titles carry its label. */
export function casesOn(label: string, results: readonly TestResult[]): readonly TestResult[] {
  return results.filter(({ fullTitle }) => fullTitle.includes(`[${label}]`));
}

function describeBroker({ label, state }: TestedBroker, results: readonly TestResult[]): string {
  const cases = casesOn(label, results);
  const skipped = cases.filter(({ outcome }) => outcome === 'skipped').length;
  const counts = `${cases.length - skipped} cases ran, ${skipped} skipped`;
  return 'unavailable' in state
    ? `${label}: NOT TESTED (${state.unavailable}); ${counts}`
    : `${label} ${state.version}, ${state.how}: ${counts}`;
}

function groupByReason(skipped: readonly TestResult[]): string[] {
  const byReason = new Map<string, string[]>();
  for (const { fullTitle, skipReason } of skipped) {
    const reason = skipReason ?? 'no reason given';
    byReason.set(reason, [...(byReason.get(reason) ?? []), fullTitle]);
  }
  return [...byReason].flatMap(([reason, titles]) => [
    `  ${reason}:`,
    ...titles.map((title) => `    - ${title}`),
  ]);
}
