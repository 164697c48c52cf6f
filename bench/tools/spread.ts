/** A figure over all repeats, and the least and greatest of the single ones. */
export interface Spread {
  readonly value: number;
  readonly min: number;
  readonly max: number;
}

/** The mean, the least and the greatest. */
export function spread(values: readonly number[]): Spread {
  return { value: sumOf(values) / values.length, ...endsOf(values) };
}

/** The median, the least and the greatest. */
export function medianSpread(values: readonly number[]): Spread {
  return { value: medianOf(values), ...endsOf(values) };
}

/** Null where one of the repeats has none. */
export function unlessNull(
  values: readonly (number | null)[],
  toSpread: (values: readonly number[]) => Spread,
): Spread | null {
  const numbers = values.filter((value) => value !== null);
  return numbers.length === 0 || numbers.length < values.length ? null : toSpread(numbers);
}

/** The one in the middle, or the mean of the two there; 0 of none. */
export function medianOf(values: readonly number[]): number {
  const ordered = [...values].sort((one, other) => one - other);
  const middle = (ordered.length - 1) / 2;
  return sumOf(ordered.slice(Math.floor(middle), Math.ceil(middle) + 1)) / (middle % 1 === 0 ? 1 : 2);
}

export function spreadText({ value, min, max }: Spread, toText: (value: number) => string): string {
  const [low, high] = [toText(min), toText(max)];
  return low === high ? toText(value) : `${toText(value)} (${low}–${high})`;
}

function endsOf(values: readonly number[]): Pick<Spread, 'min' | 'max'> {
  return { min: Math.min(...values), max: Math.max(...values) };
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
