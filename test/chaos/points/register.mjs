/** Imported before a gateway: see crash-point.ts. */
import { register } from 'node:module';

register('./hooks.mjs', import.meta.url);
