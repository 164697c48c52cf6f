/**
 * What of a value may be seen, in the print of the configuration and in its problems. In doubt a value
 * is hidden: a misspelled key may hold a password, and so may a whole group that is written as text.
 */
import type { Path } from '#schema/problems.js';
import { valueInWords } from '#schema/problems.js';
import { settings } from '#schema/settings.js';

export const hidden = '***';

function kindInWords(value: unknown): string {
  if (Array.isArray(value)) return '(a list)';
  return value === null ? 'null' : `(${typeof value === 'object' ? 'an object' : typeof value})`;
}

/** One address without login, password, parameters and fragment. */
function redactedAddress(address: string): string {
  const scheme = /^[a-z]+:\/\//iu.exec(address)?.[0] ?? '';
  const rest = address.slice(scheme.length);
  const at = rest.lastIndexOf('@');
  const parameters = rest.search(/[?#]/u);
  // A raw ? or # inside of a password: nothing says where the password ends.
  if (at !== -1 && parameters !== -1 && parameters < at) return `${scheme}${hidden}`;
  const shown = parameters === -1 ? rest : `${rest.slice(0, parameters + 1)}${hidden}`;
  if (at !== -1) return `${scheme}${hidden}@${shown.slice(at + 1)}`;
  // `user:password` without a host reads as a host with a port that is no number.
  return `${scheme}${shown.replace(/^([^[/?#:]*):(?!\d*(?:[/?#]|$))[^/?#]*/u, `$1:${hidden}`)}`;
}

/** A broker's or store's URL as it may be shown; also when it is no URL at all. */
export function redactedUrl(url: string): string {
  const { list, query } =
    /^failover:\((?<list>[^()?#]*)\)(?<query>\?randomize=\w+)?$/u.exec(url)?.groups ?? {};
  if (list !== undefined) {
    const parts = list.split(',').map((part) => part.trim());
    if (parts.every((part) => URL.canParse(part))) {
      return `failover:(${parts.map(redactedAddress).join(',')})${query ?? ''}`;
    }
  }
  if (!url.startsWith('failover:')) return redactedAddress(url);
  return url.includes('@') || url.includes('?') ? `failover:${hidden}` : url;
}

/** Any text without what stands between `//` and `@`, where addresses have login and password. */
export function withoutLogins(text: string): string {
  return text.replace(/\/\/\S*@/gu, `//${hidden}@`);
}

/** The value at a path as text that anybody may read; undefined when not even that is safe to tell. */
export function visibleValue(path: Path, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const steps = path.map(String);
  const setting = settings.find((known) => known.path.every((step, index) => step === steps[index]));
  // No setting: a group as a whole, or a key nobody knows.
  if (setting === undefined) return kindInWords(value);
  if (setting.secret === 'whole') return hidden;
  if (setting.secret === 'url') return typeof value === 'string' ? redactedUrl(value) : kindInWords(value);
  // A value of many parts is judged part by part; as a whole it may hold anything.
  if (typeof value === 'object') return kindInWords(value);
  return withoutLogins(String(valueInWords(value)));
}
