import { randomFillSync } from 'node:crypto';

/** One call of the system gives bytes for some hundred ids: each call costs more than its bytes. */
const pool = Buffer.allocUnsafeSlow(8 * 1024);
let used = pool.length;

/** So many bytes, at most 1,024, from the generator of the system; none is given out twice. */
export function nextRandomBytes(count: number): Buffer {
  if (used + count > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += count;
  return Buffer.from(pool.subarray(used - count, used));
}
