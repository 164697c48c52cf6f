import { z } from 'zod';
import { queueNameProblem } from '#core/destination.js';
import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';

const allowed =
  '1-248 bytes that may stand in the name of a topic: no control characters, no outer spaces, none of / \\ * > # , ? % " and no ::, and not . or ..';

/** Whatever reads a URL takes these for steps, and not for a name. */
const stepsOfPath: ReadonlySet<string> = new Set(['.', '..']);

function isProjectName(name: string): boolean {
  if (stepsOfPath.has(name)) return false;
  // Outer spaces would hide inside of the topic's name.
  return name !== '' && name === name.trim() && queueNameProblem('project', `status.${name}`) === undefined;
}

/** Says what is wrong with the name of a project, or nothing: its events go to the topic `status.{project}`. */
export function projectNameProblem(field: string, name: string): Problem | undefined {
  return isProjectName(name) ? undefined : toProblem(field, name, allowed);
}

export const projectNameSchema = z.string({ error: allowed }).refine(isProjectName, { error: allowed });
