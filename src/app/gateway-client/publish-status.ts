/** `replyto publish-status`: one status event to a project. */
import { ReplytoError, isReplytoError, toProblem } from '#core/errors.js';
import type { StatusEventKind } from '#core/status-event.js';
import type { CommandContext } from '../command-context.js';
import { readGivenBody } from '../given-body.js';
import { jsonPretty } from '../message-text.js';
import { readDocument } from './answer-text.js';
import { createGatewayClient, errorOf, refuseEmpty } from './gateway-client.js';
import type { HttpAnswer } from './http-call.js';
import { isSurelyUnsent } from './http-call.js';
import { newId } from '../new-id.js';

export interface PublishStatusOptions {
  readonly project: string;
  readonly subject: string;
  readonly kind: StatusEventKind;
  readonly percent?: number | undefined;
  readonly text?: string | undefined;
  /** JSON; `@file` and `@-` as `readGivenBody` says. Absent or empty: none, whatever is piped in. */
  readonly data?: string | undefined;
  /** Absent: a new UUID v7, so that it can be repeated when the connection breaks. */
  readonly id?: string | undefined;
  readonly output: 'text' | 'json';
  /** Address of the gateway, before REPLYTO_URL. */
  readonly url?: string | undefined;
}

/** After these nobody knows whether the event was stored; others say that it was not. */
const leavesOpen: ReadonlySet<string> = new Set(['GATEWAY_UNAVAILABLE', 'INTERNAL']);

/** @throws SCHEMA_MISMATCH, INVALID_REQUEST, NOT_PERMITTED, GATEWAY_UNAVAILABLE, INVALID_ARGUMENT */
export async function publishStatus(context: CommandContext, options: PublishStatusOptions): Promise<number> {
  const { project, subject, kind, percent, text, id = newId(), output } = options;
  const client = createGatewayClient(context.environment, options.url);
  const data = await readData(context, options.data);
  // JSON leaves out what is undefined.
  const event = { id, subject, kind, percent, text, data };
  refuseEmpty('project', project);
  let answer: HttpAnswer;
  try {
    answer = await client.call({
      method: 'POST',
      path: `/status/${encodeURIComponent(project)}`,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(event)),
    });
    // A proxy may have lost the answer, and not the event; and the gateway may have failed behind the event.
    if (answer.status >= 500) throwErrorOf(answer);
  } catch (error) {
    if (isReplytoError(error) && leavesOpen.has(error.code) && !isSurelyUnsent(error.cause)) {
      await context.stderr.write(
        `the event may have been stored; repeat it with --id ${id}: it is not told twice\n`,
      );
    }
    throw error;
  }
  const stored = readStored(answer, id);
  await context.stdout.write(output === 'json' ? jsonPretty(stored) : `${id}\n`);
  return 0;
}

function throwErrorOf(answer: HttpAnswer): void {
  const error = errorOf(answer);
  if (error !== undefined) throw error;
}

/** What the gateway says of an event that it has. @throws the error of the answer; GATEWAY_UNAVAILABLE when it says no such thing */
function readStored(answer: HttpAnswer, id: string): Readonly<Record<string, unknown>> {
  throwErrorOf(answer);
  const stored = readDocument(answer);
  if (answer.status === 202 && stored['id'] === id) return stored;
  const detail = `the answer, with status ${answer.status}, does not say that the event was stored: is a replyto gateway at that address?`;
  throw new ReplytoError('GATEWAY_UNAVAILABLE', { detail });
}

async function readData(context: CommandContext, data: string | undefined): Promise<unknown> {
  if (data === undefined || data === '') return undefined;
  const { body } = await readGivenBody(context, { data });
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    const problems = [toProblem('--data', data, `JSON, such as '{"rows":400}'`)];
    throw new ReplytoError('INVALID_ARGUMENT', { problems });
  }
}
