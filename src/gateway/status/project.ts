import type { Request, Response } from 'express';
import { ReplytoError } from '#core/errors.js';
import { projectNameProblem } from '#schema/project-name.js';
import type { Principal } from '../principal.js';
import { principalOf, refuseUnless } from '../principal.js';

export type ProjectRequest = Request<{ project: string }>;

/** The project in the path, which the caller may use. @throws INVALID_REQUEST, NOT_PERMITTED */
export function readProject({ params: { project } }: ProjectRequest, response: Response): string {
  const problem = projectNameProblem('project', project);
  if (problem !== undefined) throw new ReplytoError('INVALID_REQUEST', { problems: [problem] });
  refuseForeignProject(principalOf(response), 'project', project);
  return project;
}

/** @throws NOT_PERMITTED */
export function refuseForeignProject(principal: Principal, field: string, project: string): void {
  const right = 'use this project';
  refuseUnless(principal.mayUseProject(project), principal, { field, value: project, right });
}
