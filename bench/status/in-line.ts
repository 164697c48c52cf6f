/** Runs what it is given one after the other, in the order in which it was given. */
export type Line = <T>(act: () => Promise<T>) => Promise<T>;

/** A PostgreSQL connection takes one query at a time. */
export function createLine(): Line {
  let last: Promise<unknown> = Promise.resolve();
  return (act) => {
    const next = last.then(act, act);
    // A failure is told to the one who asked; the next in line goes on.
    last = next.catch(() => undefined);
    return next;
  };
}
