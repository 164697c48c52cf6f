import type { FuzzInput } from './input.js';

const mostTrials = 500;

/** The fewest bytes of an input that still fail, found by leaving parts out; all of them when turns matter. */
export async function minimized(
  input: FuzzInput,
  fails: (input: FuzzInput) => Promise<boolean>,
): Promise<Buffer> {
  const whole = Buffer.concat(input.turns.flat());
  const inOneTurn = (bytes: Buffer): FuzzInput => ({ ...input, turns: [[bytes]] });
  if (!(await fails(inOneTurn(whole)))) return whole;
  let least = whole;
  let trials = 0;
  for (let part = Math.ceil(whole.length / 2); part >= 1; part = part === 1 ? 0 : Math.ceil(part / 2)) {
    for (let at = 0; at < least.length && trials < mostTrials;) {
      const smaller = Buffer.concat([least.subarray(0, at), least.subarray(at + part)]);
      trials += 1;
      if (await fails(inOneTurn(smaller))) least = smaller;
      else at += part;
    }
  }
  return least;
}
