/** Reads the file of tokens. What is wrong names the file and the entry, and never shows a value: it may be a token. */
import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';
import type { AuthTokenEntry } from '#schema/auth-tokens.js';
import { authTokensSchema } from '#schema/auth-tokens.js';
import type { Parsed, Path } from '#schema/problems.js';
import { check, pathInWords } from '#schema/problems.js';
import { readTextFile } from '../configuration/read-file.js';
import { parseYaml } from '../configuration/yaml.js';

const maxBytes = 16 * 1024 * 1024;

/** @param path absolute */
export function readTokenFile(path: string): Parsed<readonly AuthTokenEntry[]> {
  const file = readTextFile(path, maxBytes);
  if (!file.ok)
    return { ok: false, problems: [toProblem(path, undefined, `a file of tokens; ${file.reason}`)] };
  const yaml = parseYaml(file.text, path);
  if (!yaml.ok) return yaml;
  const checked = check(authTokensSchema, yaml.value);
  if (!checked.ok) {
    const problems = checked.findings.map((finding) =>
      toProblem(placeInWords(path, finding.path, yaml.value), undefined, finding.allowed),
    );
    return { ok: false, problems };
  }
  const problems = repeatedTokens(path, checked.value);
  return problems.length === 0 ? checked : { ok: false, problems };
}

/** `tokens.yaml, entry 2 (shop), queues[0]` */
function placeInWords(file: string, path: Path, root: unknown): string {
  const [index, ...inner] = path;
  if (typeof index !== 'number') return file;
  const name: unknown = Array.isArray(root) ? (root[index] as { name?: unknown } | null)?.name : undefined;
  // A token that stands in the wrong place is longer.
  const shown = typeof name === 'string' && /^[\w.@ -]{1,30}$/u.test(name) ? ` (${name})` : '';
  return `${file}, entry ${index + 1}${shown}${inner.length === 0 ? '' : `, ${pathInWords(inner)}`}`;
}

/** Which of the two rights should count would be anybody's guess. */
function repeatedTokens(file: string, entries: readonly AuthTokenEntry[]): Problem[] {
  const first = new Map<string, number>();
  return entries.flatMap(({ token }, index) => {
    const hash = token.toLowerCase();
    const other = first.get(hash);
    if (other === undefined) {
      first.set(hash, index);
      return [];
    }
    const place = placeInWords(file, [index, 'token'], entries);
    return [toProblem(place, undefined, `another token than that of entry ${other + 1}`)];
  });
}
