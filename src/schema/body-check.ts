import type { Problem } from '#core/errors.js';

/** Says what is wrong with a parsed JSON body by the JSON Schema of a route; empty when it is as it should be. */
export type BodyCheck = (body: unknown) => readonly Problem[];
