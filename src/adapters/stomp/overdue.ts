export interface Expected {
  /** Now, and the instants below: monotonic milliseconds. */
  readonly now: number;
  /** When anything came last. */
  readonly heardAt: number;
  /** When the oldest frame was written whose receipt has not come; undefined when none is awaited. */
  readonly oldestAt: number | undefined;
  /** How often something is to come in any case; 0 = that was not agreed on. */
  readonly beatMs: number;
}

/** Classic leaves out a beat when it has sent anything since the one before. */
const beatsLeftOut = 1;

/** Since when a connection is owed a receipt, or a heart-beat that was due; undefined while it is owed nothing. */
export function owedSince({ now, heardAt, oldestAt, beatMs }: Expected): number | undefined {
  const beatDueAt = beatMs === 0 ? Infinity : heardAt + (1 + beatsLeftOut) * beatMs;
  const since = Math.min(oldestAt ?? Infinity, beatDueAt <= now ? beatDueAt : Infinity);
  return since === Infinity ? undefined : since;
}

/**
 * Milliseconds for which a broker has said nothing on any of these connections although it owes something on one of
 * them; 0 while it owes nothing.
 */
export function overdueMs(
  connections: readonly { readonly heardAt: number; readonly owedSince: number | undefined }[],
  now: number,
): number {
  const owed = connections.map((connection) => connection.owedSince).filter((since) => since !== undefined);
  if (owed.length === 0) return 0;
  const heardAt = Math.max(...connections.map((connection) => connection.heardAt));
  return Math.max(0, now - Math.max(heardAt, Math.min(...owed)));
}
