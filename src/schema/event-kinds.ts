import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';
import type { StatusEventKind } from '#core/status-event.js';
import { statusEventKinds } from '#core/status-event.js';
import { choiceInWords } from './allowed-in-words.js';

/** Kinds of events, with commas between them, or what is wrong with them. */
export function parseEventKinds(field: string, given: string): StatusEventKind[] | Problem {
  const kinds = given.split(',').map((name) => statusEventKinds.find((kind) => kind === name.trim()));
  const known = kinds.filter((kind) => kind !== undefined);
  if (known.length === kinds.length) return [...new Set(known)];
  return toProblem(field, given, `${choiceInWords(statusEventKinds)}, or several of them with commas`);
}
