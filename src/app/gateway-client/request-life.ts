/** `replyto trace` and `replyto why`: what happened to a request, and what it waits for. */
import type { RequestTraceDocument, RequestWhyDocument } from '#schema/request-life.js';
import type { CommandContext } from '../command-context.js';
import { harmless, jsonPretty } from '../message-text.js';
import { readDocument } from './answer-text.js';
import type { CommonOptions, DocumentForm } from './documents.js';
import { columnsText, fetchAnswer } from './documents.js';
import { refuseEmpty } from './gateway-client.js';

export interface LifeOptions extends CommonOptions {
  readonly output: DocumentForm;
}

/** @throws REQUEST_NOT_FOUND, GATEWAY_UNAVAILABLE */
export async function showTrace(context: CommandContext, id: string, options: LifeOptions): Promise<number> {
  const document = await fetchLife(context, id, 'trace', options);
  const { stdout } = context;
  if (options.output === 'json') {
    await stdout.write(jsonPretty(document));
    return 0;
  }
  const { entries = [], leftOut = 0 } = document as Partial<RequestTraceDocument>;
  await stdout.write(
    columnsText(
      ['TIME', '+MS', 'WHAT', 'INSTANCE', 'SAYS'],
      entries.map(({ at, afterMs, what, instance, says }) => [
        at,
        `+${afterMs}`,
        what,
        instance ?? '-',
        says,
      ]),
    ),
  );
  if (leftOut > 0) {
    await context.stderr.write(
      `${leftOut} events in the middle are left out; the events of the request have them\n`,
    );
  }
  return 0;
}

/** @throws REQUEST_NOT_FOUND, GATEWAY_UNAVAILABLE */
export async function showWhy(context: CommandContext, id: string, options: LifeOptions): Promise<number> {
  const document = await fetchLife(context, id, 'why', options);
  const { stdout } = context;
  await stdout.write(
    options.output === 'json' ? jsonPretty(document) : whyText(document as unknown as RequestWhyDocument),
  );
  return 0;
}

async function fetchLife(
  context: CommandContext,
  id: string,
  what: 'trace' | 'why',
  options: LifeOptions,
): Promise<Readonly<Record<string, unknown>>> {
  refuseEmpty('id', id);
  const path = `/requests/${encodeURIComponent(id)}/${what}`;
  return readDocument(await fetchAnswer(context, options, { method: 'GET', path }));
}

/** One fact a line, with its name before it where it is the first of its kind. */
function whyText(why: RequestWhyDocument): string {
  const { status, waitsFor, says, since, queue, findings, whatToDo } = why;
  const lines: [name: string, text: string][] = [
    ['status', status],
    [waitsFor === 'nothing' ? 'waits for nothing' : `waits for ${waitsFor}`, says],
    ...(since === null ? [] : [['since', since] as [string, string]]),
    ['queue', queueText(queue)],
    ...findings.map(({ says: found, at }): [string, string] => [
      'known',
      at === null ? found : `${found} (${at})`,
    ]),
    ...whatToDo.map((sentence): [string, string] => ['what to do', sentence]),
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  let before = '';
  return lines
    .map(([name, text]) => {
      const shown = name === before ? '' : name;
      before = name;
      return `${shown.padEnd(width)}  ${harmless(text.replaceAll(/[\t\r\n]+/gu, ' '))}\n`;
    })
    .join('');
}

function queueText({
  name,
  depth,
  isAtLeast,
  inFlight,
  consumers,
  message,
  unknown,
}: RequestWhyDocument['queue']): string {
  const facts = [
    depth === null ? undefined : `${count(depth, 'message')}${isAtLeast ? ' or more' : ''}`,
    inFlight === null ? undefined : `${inFlight} with consumers`,
    consumers === null ? undefined : count(consumers, 'consumer'),
    message === null ? undefined : places[message],
    unknown === null ? undefined : `not all is known: ${unknown}`,
  ].filter((fact) => fact !== undefined);
  return `${name}: ${facts.join(', ')}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

const places = {
  waiting: 'this one waits in it',
  held: 'a consumer holds this one',
  there: 'this one is there',
  gone: 'this one is not there any more',
} as const;
