/** Three digits where that is not too many: 0.123, 4.56, 78.9, 1,234. */
export function numberText(value: number): string {
  if (value === 0) return '0';
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Milliseconds: two digits below 10 ms, none from 100 on. */
export function msText(ms: number): string {
  return ms.toLocaleString('en-US', { maximumFractionDigits: ms < 10 ? 1 : 0 });
}

export function percentText(share: number): string {
  return `${(share * 100).toLocaleString('en-US', { maximumFractionDigits: share > 0 && share < 0.1 ? 1 : 0 })} %`;
}
