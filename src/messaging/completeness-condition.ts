/** When a request to several queues ends, and by what. */
import type { GatheredChild, Gathering } from '#core/ports/gatherings.js';
import { isFinal } from '#core/request.js';

/** `expect`: enough replies; `stall`: none for so long; `total`: its time is over; `none-left`: no other one can come. */
export type EndCause = 'expect' | 'stall' | 'total' | 'none-left';

export type Judgement =
  { readonly ends: EndCause } | { readonly ends: null; readonly expiresAt: number | null };

/** Its first reply came while it was open; a Fault is a reply. */
export function hasReplied({ status }: Pick<GatheredChild, 'status'>): boolean {
  return status === 'replied' || status === 'faulted';
}

/** @param now of the store, as all instants here */
export function judge(
  { expect, stallMs, totalAt, children }: Omit<Gathering, 'record' | 'news'>,
  now: number,
): Judgement {
  const replied = children.filter(hasReplied);
  if (replied.length >= expect) return { ends: 'expect' };
  if (children.every(({ status }) => isFinal(status))) return { ends: 'none-left' };
  if (totalAt !== null && totalAt <= now) return { ends: 'total' };
  const stallAt = stallsAt(replied, stallMs);
  if (stallAt !== null && stallAt <= now) return { ends: 'stall' };
  return { ends: null, expiresAt: earlier(totalAt, stallAt) };
}

/** Before there is a reply nothing has stalled. */
function stallsAt(replied: readonly GatheredChild[], stallMs: number | null): number | null {
  if (stallMs === null || replied.length === 0) return null;
  return Math.max(...replied.map(({ repliedAt }) => repliedAt ?? 0)) + stallMs;
}

function earlier(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}
