const unitsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `500ms`, `30s`, `5m`, `24h`, `7d`. */
export const durationPattern = /^(\d{1,12})(ms|s|m|h|d)$/u;

/** Milliseconds of a text such as `30s`; undefined when it is none. */
export function durationToMs(text: string): number | undefined {
  const [, count, unit] = durationPattern.exec(text) ?? [];
  if (count === undefined || unit === undefined) return undefined;
  return Number(count) * unitsMs[unit as keyof typeof unitsMs];
}

const largestFirst = ['d', 'h', 'm', 's'] as const;

/** The shortest text that means so many milliseconds: 86400000 is `1d`, 1500 is `1500ms`. */
export function durationInWords(ms: number): string {
  const unit = largestFirst.find((name) => ms > 0 && ms % unitsMs[name] === 0) ?? 'ms';
  return `${ms / unitsMs[unit]}${unit}`;
}
