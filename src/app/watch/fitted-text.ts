/** Text in columns of a terminal, where a character may take two of them, or none. */
import stringWidth from 'string-width';
import { harmless } from '../message-text.js';

const graphemes = new Intl.Segmenter();

/** What came from elsewhere, on one line and without anything that a terminal would obey. */
export function oneLine(text: string): string {
  return harmless(text.replaceAll(/\s+/gu, ' ').trim());
}

export function widthOf(text: string): number {
  return stringWidth(text);
}

/** Exactly `width` columns: filled with blanks, or cut between characters with `…` at the end. */
export function fitted(text: string, width: number): string {
  if (width <= 0) return '';
  const whole = widthOf(text);
  if (whole <= width) return text + ' '.repeat(width - whole);
  let kept = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    const next = used + widthOf(segment);
    if (next > width - 1) break;
    kept += segment;
    used = next;
  }
  return `${kept}…${' '.repeat(width - 1 - used)}`;
}
