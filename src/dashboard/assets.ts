/** The files of the pages, in memory: what is not listed here cannot be reached, whatever a path says. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isFinal, requestStates } from '#core/request.js';
import { statusEventKinds } from '#core/status-event.js';
import { kindsOfStates } from '#core/told-state.js';

export interface Asset {
  readonly type: string;
  readonly bytes: Buffer;
  readonly etag: string;
}

/** Names under which the scripts import packages, and the files that a browser gets for them. */
export const packageFiles: Readonly<Record<string, string>> = {
  preact: 'preact.js',
  'preact/hooks': 'preact-hooks.js',
  htm: 'htm.js',
  'htm/preact': 'htm-preact.js',
};

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Words of the API that the scripts have to know. */
const vocabulary = [
  `export const requestStates = ${JSON.stringify(requestStates)};`,
  `export const finalStates = ${JSON.stringify(requestStates.filter(isFinal))};`,
  `export const kindsOfStates = ${JSON.stringify(kindsOfStates)};`,
  `export const eventKinds = ${JSON.stringify(statusEventKinds)};`,
  '',
].join('\n');

/** By name. @throws Error when one cannot be read */
export function loadAssets(): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>([['vocabulary.js', toAsset('.js', Buffer.from(vocabulary))]]);
  const folder = new URL('./browser/', import.meta.url);
  for (const name of readdirSync(folder)) {
    const extension = extname(name);
    if (extension in types) assets.set(name, toAsset(extension, readFileSync(new URL(name, folder))));
  }
  for (const [specifier, name] of Object.entries(packageFiles)) {
    const path = fileURLToPath(import.meta.resolve(specifier));
    assets.set(name, toAsset('.js', withoutSourceMap(readFileSync(path, 'utf8'))));
  }
  return assets;
}

export function toAsset(extension: string, bytes: Buffer): Asset {
  return { type: types[extension] ?? 'text/html; charset=utf-8', bytes, etag: etagOf(bytes) };
}

function etagOf(bytes: Buffer): string {
  return `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
}

/** The maps of the packages are not served, and developer tools would report each as missing. */
function withoutSourceMap(script: string): Buffer {
  return Buffer.from(script.replace(/\n\/\/# sourceMappingURL=\S+\s*$/u, '\n'));
}
