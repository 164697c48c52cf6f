import { withSkipReason } from '../../support/skip.js';

/** Declares a case of a contract; its title is what an implementation names to skip it. */
export type Case = (title: string, body: () => Promise<void>) => void;

/** Cases that an implementation cannot pass, and why. */
export interface SkippedCases {
  readonly reason: string;
  readonly tests: readonly string[];
}

/**
 * Declares cases by `declare`, without those that are skipped.
 *
 * @throws Error when a skipped title is no case: it would hide that the case was renamed or is gone.
 */
export function declareCases(skipped: readonly SkippedCases[], declare: (test: Case) => void): void {
  const reasons = new Map(skipped.flatMap(({ reason, tests }) => tests.map((title) => [title, reason])));
  const titles = new Set<string>();
  declare((title, body) => {
    if (titles.has(title)) throw new Error(`two cases are called '${title}'`);
    titles.add(title);
    const reason = reasons.get(title);
    if (reason === undefined) it(title, body);
    else it.skip(withSkipReason(title, reason), body);
  });
  for (const title of reasons.keys()) {
    if (!titles.has(title)) throw new Error(`no case is called '${title}', so it cannot be skipped`);
  }
}
