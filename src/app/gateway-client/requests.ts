/** `replyto status`, `cancel` and `list`: requests that a gateway keeps. */
import { ReplytoError } from '#core/errors.js';
import type { CommandContext } from '../command-context.js';
import { jsonPretty } from '../message-text.js';
import type { AnswerForm } from './answer-text.js';
import { comeBackText, printAnswer, readDocument } from './answer-text.js';
import { columnsText, fetchAnswer, printDocument } from './documents.js';
import type { CommonOptions, DocumentForm } from './documents.js';
import { createGatewayClient, errorOf } from './gateway-client.js';
import type { HttpAnswer } from './http-call.js';

export interface StatusOptions extends CommonOptions {
  readonly output: DocumentForm;
  /** Whole seconds to wait for a change, or for the reply. */
  readonly wait?: number | undefined;
  /** Print the reply instead of the status. */
  readonly reply?: boolean | undefined;
}

/** @throws REQUEST_NOT_FOUND; with `reply` also why there is none; GATEWAY_UNAVAILABLE */
export async function showStatus(
  context: CommandContext,
  id: string,
  options: StatusOptions,
): Promise<number> {
  const { wait = 0, reply = false } = options;
  const path = `/requests/${encodeURIComponent(id)}`;
  const call = {
    method: 'GET',
    headers: wait === 0 ? {} : { prefer: `wait=${wait}` },
    waitMs: wait * 1_000,
  } as const;
  if (reply)
    return showReply(context, { id, form: options.output === 'json' ? 'json' : 'body' }, () =>
      createGatewayClient(context.environment, options.url).call({ ...call, path: `${path}/reply` }),
    );
  await printDocument(context, await fetchAnswer(context, options, { ...call, path }), options.output);
  return 0;
}

async function showReply(
  { stdout, stderr, program }: CommandContext,
  { id, form }: { readonly id: string; readonly form: AnswerForm },
  fetch: () => Promise<HttpAnswer>,
): Promise<number> {
  const answer = await fetch();
  const error = errorOf(answer);
  if (answer.status === 202) await stderr.write(comeBackText(program, id));
  else if (answer.status === 204) await stderr.write('The request expects no reply; it was sent.\n');
  else if (error === undefined || form === 'json') await printAnswer(stdout, answer, form);
  if (error !== undefined) throw error;
  if (answer.status === 202) throw new ReplytoError('NO_REPLY_YET', { requestId: id });
  return 0;
}

/** @throws REQUEST_ENDED when it ended otherwise, REQUEST_NOT_FOUND, GATEWAY_UNAVAILABLE */
export async function cancelRequest(
  context: CommandContext,
  id: string,
  options: CommonOptions & { readonly output: DocumentForm },
): Promise<number> {
  const path = `/requests/${encodeURIComponent(id)}`;
  await printDocument(
    context,
    await fetchAnswer(context, options, { method: 'DELETE', path }),
    options.output,
  );
  return 0;
}

export interface ListOptions extends CommonOptions {
  readonly output: DocumentForm;
  readonly status?: string | undefined;
  readonly queue?: string | undefined;
  readonly project?: string | undefined;
  /** Id of a request to several queues: only its children. */
  readonly parent?: string | undefined;
  /** Id of a request: only those accepted before it. */
  readonly before?: string | undefined;
  readonly limit?: number | undefined;
}

/** @throws INVALID_REQUEST, GATEWAY_UNAVAILABLE */
export async function listRequests(context: CommandContext, options: ListOptions): Promise<number> {
  const { status, queue, project, parent, before, limit, output } = options;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ status, queue, project, parent, before, limit })) {
    if (value !== undefined) query.set(name, String(value));
  }
  const path = query.size === 0 ? '/requests' : `/requests?${query.toString()}`;
  const answer = await fetchAnswer(context, options, { method: 'GET', path });
  const { requests = [] } = readDocument(answer) as { readonly requests?: readonly Row[] };
  const next = answer.headers['link'] === undefined ? undefined : requests.at(-1)?.id;
  if (output === 'json') {
    await context.stdout.write(jsonPretty({ requests, next: next ?? null }));
    return 0;
  }
  await context.stdout.write(tableText(requests));
  if (requests.length === 0) await context.stderr.write('no requests\n');
  if (next !== undefined) await context.stderr.write(`more with --before ${next}\n`);
  return 0;
}

interface Row {
  readonly id: string;
  readonly status: string;
  readonly queue: string;
  readonly createdAt: string;
  readonly progress: { readonly percent: number | null } | null;
}

function tableText(requests: readonly Row[]): string {
  return columnsText(
    ['ID', 'STATUS', 'PROGRESS', 'CREATED', 'QUEUE'],
    requests.map(({ id, status, queue, createdAt, progress }) => [
      id,
      status,
      progress?.percent === undefined || progress.percent === null ? '-' : `${progress.percent} %`,
      createdAt,
      queue,
    ]),
  );
}
