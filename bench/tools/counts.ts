/** How often what happened, over all of them. */
export function addCounts(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [what, count] of all.flatMap((one) => Object.entries(one))) {
    sums[what] = (sums[what] ?? 0) + count;
  }
  return sums;
}
