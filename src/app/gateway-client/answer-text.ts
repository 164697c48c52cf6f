import { ReplytoError } from '#core/errors.js';
import type { Output } from '../command-context.js';
import { bodyFields, bodyText, jsonPretty } from '../message-text.js';
import type { HttpAnswer } from './http-call.js';

/** `body`: what the service sent, as it is. `json`: one object with status, headers as fields, and body. */
export type AnswerForm = 'body' | 'json';

/** Headers that become fields, and the names of these. */
const fields: Readonly<Record<string, string>> = {
  'message-id': 'messageId',
  'correl-id': 'correlId',
  time: 'time',
  'content-type': 'contentType',
  late: 'late',
  location: 'location',
  'idempotent-replayed': 'idempotentReplayed',
};

/** A reply, a status document or a problem, in the form that was asked for. */
export async function printAnswer(output: Output, answer: HttpAnswer, form: AnswerForm): Promise<void> {
  const { body } = answer;
  if (form === 'json') await output.write(jsonPretty(toObject(answer)));
  else if (answer.status === 202) await output.write(statusText(answer));
  else await output.write(bodyText(body, output.isTerminal));
}

function toObject({ status, headers, body }: HttpAnswer): Record<string, unknown> {
  const given: Record<string, unknown> = { status };
  for (const [header, field] of Object.entries(fields)) {
    const value = headers[header];
    if (value !== undefined) given[field] = toValue(field, value);
  }
  given['headers'] = Object.fromEntries(Object.entries(headers).filter(([name]) => isApplications(name)));
  return { ...given, ...bodyFields(body, headers['content-type'] ?? null) };
}

/** Those that a service set; `x-` headers of HTTP itself come from the gateway. */
function isApplications(name: string): boolean {
  return name.startsWith('x-') && !gatewaysOwn.has(name);
}

const gatewaysOwn: ReadonlySet<string> = new Set([
  'x-content-type-options',
  'x-dns-prefetch-control',
  'x-download-options',
  'x-frame-options',
  'x-permitted-cross-domain-policies',
  'x-powered-by',
  'x-xss-protection',
  'x-accel-buffering',
]);

function toValue(field: string, value: string): unknown {
  if (field === 'time') return Number(value);
  return field === 'late' || field === 'idempotentReplayed' ? value === 'true' : value;
}

/** The status document, spread over lines. */
export function statusText(answer: HttpAnswer): string {
  return jsonPretty(readDocument(answer));
}

/** The JSON object of an answer. @throws GATEWAY_UNAVAILABLE when it is none, so that no gateway sent it */
export function readDocument({ body }: HttpAnswer): Readonly<Record<string, unknown>> {
  try {
    const document: unknown = JSON.parse(body.toString('utf8'));
    if (typeof document === 'object' && document !== null) return document as Record<string, unknown>;
  } catch {
    // As good as a document that is none.
  }
  const detail = 'the answer is no JSON document: is a replyto gateway at that address?';
  throw new ReplytoError('GATEWAY_UNAVAILABLE', { detail });
}

/** How to hear of a request again; of one that expects no reply there is only its status. */
export function comeBackText(program: string, id: string, expectsReply = true): string {
  const status = `  ${program} status ${id}`;
  const lines = expectsReply
    ? ['The request goes on. Come back with:', status, `${status} --reply --wait 60`]
    : ['No reply is expected. What becomes of it:', status];
  return `${lines.join('\n')}\n`;
}
