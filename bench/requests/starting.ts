/** What the starts of all parts of a way share. */

/** This version of the product, or this run, does not have what the way needs: a sentence says what. */
export class NotMeasurable extends Error {}

export interface StartOptions {
  readonly signal: AbortSignal;
  /** Flags of Node for the subject, such as those of its profiler. */
  readonly subjectFlags?: readonly string[];
}

/** Ends something that was started. */
export type End = () => Promise<unknown>;

/** Without addresses of databases, which are others each time. */
export function inOneLine(words: string): string {
  return words
    .trim()
    .split(/\s*\n\s*/u)
    .join(' ')
    .replaceAll(/postgres:\/\/[^\s']*/gu, 'postgres://…');
}
