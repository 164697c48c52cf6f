import type { Results } from '../results.js';
import type { Picture } from './pictures.js';
export function pageOf(
  results: Results,
  _options: { readonly pictures: readonly Picture[]; readonly folder: string },
): string {
  return results.startedAt;
}
