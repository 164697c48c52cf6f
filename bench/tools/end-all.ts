import { within } from '../../test/support/until.js';

const endWithinMs = 45_000;

/** One after the other, each within its time, whatever became of those before. @throws the first failure */
export async function endAll(ends: readonly (() => Promise<unknown>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const end of ends) {
    await within(end(), { what: 'the end of a part', withinMs: endWithinMs }).catch((error: unknown) =>
      failures.push(error),
    );
  }
  if (failures.length > 0) throw failures[0];
}
