import { readFileSync } from 'node:fs';

/** From package.json, which stands two folders up from the source and from the built file alike. */
function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed
    ? String(parsed.version)
    : '0.0.0';
}

export const productVersion: string = readVersion();
