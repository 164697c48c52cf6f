import type { Problem } from './errors.js';
import { ReplytoError } from './errors.js';

/** @throws INVALID_ARGUMENT that names them all, in its message too, unless there is none */
export function refuseProblems(problems: readonly (Problem | undefined)[]): void {
  const found = problems.filter((problem) => problem !== undefined);
  if (found.length === 0) return;
  const sentences = found.map(
    (problem) => new ReplytoError('INVALID_ARGUMENT', { problems: [problem] }).message,
  );
  throw new ReplytoError('INVALID_ARGUMENT', { problems: found, detail: sentences.join('; ') });
}
