/** Longer names are no typing errors, and the comparison is quadratic. */
const longestCompared = 80;

function normalised(name: string): string {
  return name.toLowerCase().replace(/[-_ ]/gu, '');
}

/** Edits (insert, delete, replace, swap neighbours) that turn one text into the other. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (last[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      let least = Math.min(replaced, (last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1);
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) least = Math.min(least, (beforeLast[column - 2] ?? 0) + 1);
      current.push(least);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}

/**
 * The known name that was probably meant: the nearest by edit distance, if about a third of it or less
 * differs. Case, dashes, underscores and spaces do not count as differences.
 */
export function didYouMean(given: string, known: readonly string[]): string | undefined {
  if (given.length > longestCompared) return undefined;
  const wanted = normalised(given);
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const name of known) {
    const candidate = normalised(name);
    const limit = Math.max(1, Math.floor(Math.max(candidate.length, wanted.length) / 3));
    const distance = editDistance(wanted, candidate);
    if (distance <= limit && distance < candidate.length && distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}
