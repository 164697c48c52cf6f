import { ReplytoError } from '#core/errors.js';
import type { SubjectState } from '#core/ports/event-log.js';
import type { RequestState } from '#core/request.js';
import { readDocument } from '../gateway-client/answer-text.js';
import type { GatewayClient } from '../gateway-client/gateway-client.js';
import { errorOf } from '../gateway-client/gateway-client.js';

/** What a name on the command line stands for. */
export type Target =
  | {
      readonly what: 'request';
      readonly id: string;
      readonly status: RequestState;
      /** Epoch milliseconds. */
      readonly createdAt: number;
    }
  | {
      readonly what: 'project';
      readonly project: string;
      /** Number of its newest event; 0 when there never was one. */
      readonly last: number;
      /** The latest of its subjects, each as it was at `last` or later. */
      readonly subjects: readonly SeenSubject[];
      /** Whether the project has no others. */
      readonly areAll: boolean;
    };

/** A subject as the gateway lists it: what is not known is absent. */
export type SeenSubject = Pick<
  SubjectState,
  'subject' | 'kind' | 'sequence' | 'time' | 'startedAt' | 'isRequest' | 'isOver'
> & {
  readonly percent?: number;
  readonly text?: string;
  readonly status?: RequestState;
};

export interface TargetOptions {
  readonly client: Pick<GatewayClient, 'call'>;
  /** Absent: a request when there is one with this id, else a project. */
  readonly what?: Target['what'] | undefined;
  readonly signal: AbortSignal;
}

/** The most that the gateway lists at once. */
const subjectsListed = 500;

/** @throws REQUEST_NOT_FOUND when it has to be a request, NOT_PERMITTED, INVALID_REQUEST, GATEWAY_UNAVAILABLE, WAIT_ABORTED */
export async function findTarget(name: string, { client, what, signal }: TargetOptions): Promise<Target> {
  if (what !== 'project') {
    const answer = await client.call({ method: 'GET', path: requestPath(name), signal });
    const error = errorOf(answer);
    // What cannot be the id of a request can be a project.
    const isNone = error?.code === 'REQUEST_NOT_FOUND' || error?.code === 'INVALID_REQUEST';
    if (error === undefined) {
      const { status, createdAt } = readDocument(answer) as {
        readonly status: RequestState;
        readonly createdAt: string;
      };
      return { what: 'request', id: name, status, createdAt: Date.parse(createdAt) };
    }
    if (!isNone || what === 'request') throw error;
  }
  const listed = await listSubjects(name, { client, signal });
  return { what: 'project', project: name, ...listed };
}

/**
 * The subjects of a project, newest activity first. `before`: only those whose newest event has a smaller number; absent: all.
 *
 * @throws NOT_PERMITTED, INVALID_REQUEST, GATEWAY_UNAVAILABLE, WAIT_ABORTED
 */
export async function listSubjects(
  project: string,
  { client, signal, before }: Omit<TargetOptions, 'what'> & { readonly before?: number },
): Promise<Pick<Extract<Target, { readonly what: 'project' }>, 'last' | 'subjects' | 'areAll'>> {
  const range = before === undefined ? '' : `&before=${before}`;
  const path = `${projectPath(project)}/subjects?limit=${subjectsListed}${range}`;
  const answer = await client.call({ method: 'GET', path, signal });
  const error = errorOf(answer);
  if (error !== undefined) throw error;
  const { last, subjects } = readDocument(answer) as {
    readonly last: number;
    readonly subjects: readonly SeenSubject[];
  };
  return { last, subjects, areAll: subjects.length < subjectsListed };
}

/** How a request ended: nothing when it went well. @throws REPLY_FAULT, REQUEST_EXPIRED, REQUEST_CANCELLED and what calls throw */
export async function throwUnlessWell(id: string, { client, signal }: TargetOptions): Promise<void> {
  const target = await findTarget(id, { client, what: 'request', signal });
  if (target.what === 'request' && (target.status === 'replied' || target.status === 'completed')) return;
  const answer = await client.call({ method: 'GET', path: `${requestPath(id)}/reply`, signal });
  const error = errorOf(answer);
  if (error !== undefined) throw error;
  if (answer.status === 202) throw new ReplytoError('NO_REPLY_YET', { requestId: id });
}

export function requestPath(id: string): string {
  return `/requests/${encodeURIComponent(id)}`;
}

export function projectPath(project: string): string {
  return `/status/${encodeURIComponent(project)}`;
}
