/** Three digits where that is not too many: 0.123, 4.56, 78.9, 1,234. */
export function numberText(value: number): string {
  if (value === 0) return '0';
  return digitsText(value, digitsOf(value));
}

/** No digit that is finer than the step in which the value was measured. */
export function steppedText(value: number, step: number): string {
  const digits = Math.max(0, Math.ceil(-Math.log10(step)));
  return digitsText(value, Math.min(digits, digitsOf(value)));
}

/** Milliseconds: two digits below 10 ms, none from 100 on. */
export function msText(ms: number): string {
  return ms.toLocaleString('en-US', { maximumFractionDigits: ms < 10 ? 1 : 0 });
}

/** Never 0 % or 100 % of what is not. */
export function percentText(share: number): string {
  if (share > 0 && share < 0.0005) return '< 0.1 %';
  if (share >= 0.9995 && share < 1) return '> 99.9 %';
  const digits = (share > 0 && share < 0.1) || (share > 0.99 && share < 1) ? 1 : 0;
  return `${(share * 100).toLocaleString('en-US', { maximumFractionDigits: digits })} %`;
}

export function countText(count: number): string {
  return count.toLocaleString('en-US');
}

function digitsOf(value: number): number {
  if (value >= 100) return 0;
  if (value >= 10) return 1;
  return value >= 1 ? 2 : 3;
}

function digitsText(value: number, digits: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
