/** To be imported before scripts of the dashboard: gives them in Node the words that the gateway makes for browsers. */
import { register } from 'node:module';
import { loadAssets } from '#dashboard/assets.js';

const vocabulary = loadAssets().get('vocabulary.js')?.bytes ?? Buffer.alloc(0);
const toDataUrl = (script: string): string => `data:text/javascript,${encodeURIComponent(script)}`;

register(
  toDataUrl(`export async function resolve(specifier, context, next) {
    if (specifier !== './vocabulary.js') return next(specifier, context);
    return { url: ${JSON.stringify(toDataUrl(vocabulary.toString()))}, format: 'module', shortCircuit: true };
  }`),
);
