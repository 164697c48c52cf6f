import type { Configuration } from '#schema/configuration.js';
import { settings } from '#schema/settings.js';
import type { Setting } from '#schema/settings.js';
import type { Origin } from './origin.js';
import { originInWords } from './origin.js';
import { hidden, redactedUrl, withoutLogins } from './secrets.js';

function valueAt(configuration: Configuration, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, step) => (value as Readonly<Record<string, unknown>>)[step],
    configuration,
  );
}

function shown(value: unknown, { kind, secret }: Setting): string {
  if (value === undefined) return '(none)';
  if (secret === 'whole') return hidden;
  if (kind === 'duration' && value === null) return 'never';
  if (typeof value !== 'string') return withoutLogins(JSON.stringify(value));
  const text = secret === 'url' ? redactedUrl(value) : withoutLogins(value);
  return text === '' ? "''" : text;
}

/**
 * Every key with its value and where that came from, one line each, in columns. Secrets are `***`.
 *
 * @param origins - as loaded; a key that is missing counts as a default.
 */
export function printConfiguration(
  configuration: Configuration,
  origins: ReadonlyMap<string, Origin>,
): string {
  const rows = settings.map((setting) => ({
    key: setting.key,
    value: shown(valueAt(configuration, setting.path), setting),
    origin: originInWords(origins.get(setting.key) ?? { kind: 'default' }),
  }));
  const keyWidth = Math.max(...rows.map(({ key }) => key.length));
  const originWidth = Math.max(...rows.map(({ origin }) => origin.length));
  // The value stands last, because a list of routes can be long.
  return rows
    .map(({ key, value, origin }) => `${key.padEnd(keyWidth)}  ${origin.padEnd(originWidth)}  ${value}\n`)
    .join('');
}
