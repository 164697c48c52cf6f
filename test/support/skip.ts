/**
 * Skips with a reason. The reason travels in the title, because nothing else of a test survives the way
 * from a worker to the reporter; the reporter takes it out again.
 */
const mark = ' [skipped: ';

export function withSkipReason(title: string, reason: string): string {
  return `${title}${mark}${reason}]`;
}

export function splitSkipReason(title: string): { readonly title: string; readonly reason: string | null } {
  const at = title.indexOf(mark);
  if (at < 0) return { title, reason: null };
  return { title: title.slice(0, at), reason: title.slice(at + mark.length, -1) };
}

/** Skips the running test; from a `beforeEach` hook its test, from a `before` hook every test of the suite. */
export function skip(context: Mocha.Context, reason: string): never {
  const runnable = context.test;
  if (runnable?.title.startsWith('"before all"') === true) {
    runnable.parent?.eachTest((test) => (test.title = withSkipReason(test.title, reason)));
  } else {
    const test = context.currentTest ?? runnable;
    if (test !== undefined) test.title = withSkipReason(test.title, reason);
  }
  return context.skip();
}
