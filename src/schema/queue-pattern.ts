import { z } from 'zod';
import { queueNameProblem } from '#core/destination.js';

export const queuePatternAllowed =
  "a queue name in which * stands for any run of characters, such as 'orders.*'";

export function isQueuePattern(text: string): boolean {
  // What remains without the wildcards must be a name; `*` alone needs something to remain.
  return queueNameProblem('pattern', text.replaceAll('*', 'x')) === undefined;
}

export const queuePatternSchema = z
  .string({ error: queuePatternAllowed })
  .refine(isQueuePattern, { error: queuePatternAllowed });

/** Whether the pattern means the name. Upper and lower case differ, as they do on brokers. */
function matches(pattern: string, name: string): boolean {
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return name === pattern;
  if (name.length < head.length + tail.length || !name.startsWith(head) || !name.endsWith(tail)) return false;
  const end = name.length - tail.length;
  let from = head.length;
  // The leftmost place is the best one for each part, so there is nothing to backtrack.
  for (const part of rest) {
    const at = name.indexOf(part, from);
    if (at === -1 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}

/** Whether any of the patterns means the queue; no pattern means none. */
export function isQueueAllowed(patterns: readonly string[], queue: string): boolean {
  return patterns.some((pattern) => matches(pattern, queue));
}
