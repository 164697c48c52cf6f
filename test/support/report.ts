import type { Context } from 'mocha';

/**
 * Figures travel in titles, as reasons of skips do (skip.ts): nothing else of a test survives the way from a worker to
 * the reporter, which takes them out again for the end of the run.
 */
const mark = ' [figure: ';

/** Tells a figure that a test found; `npm test` prints it at its end with the title of the suite. */
export function report({ test }: Context, figure: string): void {
  if (test !== undefined) test.title += `${mark}${test.parent?.title ?? ''}: ${figure}]`;
}

export function splitFigures(title: string): { readonly title: string; readonly figures: readonly string[] } {
  const [plain = '', ...marked] = title.split(mark);
  return { title: plain, figures: marked.map((text) => text.replace(/\]$/u, '')) };
}
