/** `PATCH /dead-letters/{id}`: another body, content type or header, checked as those of a posted request are. */
import type { Express, Response } from 'express';
import { isForwardableHeader } from '#core/application-header.js';
import type { Problem } from '#core/errors.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import { headerProblem } from '#core/header-text.js';
import type { KeptLetter, SentAgain } from '#core/ports/dead-letters.js';
import type { LetterEdit } from '#messaging/dead-letter-office.js';
import { letterProblem } from '#messaging/dead-letter-office.js';
import { bodyProblems } from '#schema/body-check.js';
import type { LetterEditDocument } from '#schema/letter.js';
import { parseLetterEdit } from '#schema/letter.js';
import { sendJson } from '../answers.js';
import { readBody, tooLarge } from '../body.js';
import type { GatewayContext } from '../context.js';
import { checkDestination } from '../destination-check.js';
import { readQuery } from '../parameters.js';
import { principalOf, refuseUnless } from '../principal.js';
import { applicationHeaderProblem, mayTravel, togetherProblem } from '../travelling-headers.js';
import { deadLetterShelf, readLetter } from './known-letter.js';
import type { LetterRequest } from './known-letter.js';
import { etagOf, toLetterDocument } from './letter-documents.js';

/** Of JSON around a body: what it escapes, or base64. */
const jsonShare = 2;
const jsonBytes = 65_536;

export function addLetterEdit(app: Express, context: GatewayContext): void {
  const { office, own, routes, bodyChecks, configuration } = context;
  const { maxBodyBytes } = configuration.http;

  app.patch(`${deadLetterShelf.path}/:id`, async (request: LetterRequest, response: Response) => {
    readQuery(request, []);
    const letter = await readLetter(context, request, response, deadLetterShelf);
    if (letter.again === null) throw letterProblem('incomplete', letter.number);
    checkRights(response, letter.again);
    const json = await readBody(request, response, { maxBytes: jsonShare * maxBodyBytes + jsonBytes });
    // Refused while its body was coming, because the gateway stops.
    if (response.headersSent) return;
    const parsed = parseLetterEdit(json);
    if (!parsed.ok) throw new ReplytoError('SCHEMA_MISMATCH', { problems: parsed.problems });
    const edit = readEdit(letter.again, parsed.value);
    checkBody(letter, edit.body);
    const edited = await office.edit(letter, edit);
    response.setHeader('ETag', etagOf(edited));
    response.setHeader('Cache-Control', 'no-store');
    sendJson(response, 200, toLetterDocument(edited));
  });

  /** Another message in its place is as good as a message of one's own. */
  function checkRights(response: Response, { destination: { kind, name } }: SentAgain): void {
    const principal = principalOf(response);
    const right = 'send to this queue, and so not edit what goes there';
    // What goes to the product's own queues is about requests and projects that may be somebody else's.
    const mayEdit = principal.mayAsk(name) && (principal.name === null || !own.isReserved(name));
    refuseUnless(mayEdit, principal, { field: 'queue', value: name, right });
    if (kind === 'queue' && !own.isReserved(name)) {
      checkDestination(own, 'queue', name, configuration.allow.queues);
    }
  }

  function checkBody({ again }: KeptLetter, body: Uint8Array | undefined): void {
    if (body === undefined || again === null) return;
    if (body.byteLength > maxBodyBytes) throw tooLarge(maxBodyBytes, String(body.byteLength));
    // A reply that goes to a queue with a route is no request of that route.
    if (again.message.correlationId !== null) return;
    const file = routes.forQueue(again.destination.name)?.schema?.request;
    const check = file === undefined ? undefined : bodyChecks.get(file);
    const problems = check === undefined ? [] : bodyProblems(check, body);
    if (problems.length > 0) throw new ReplytoError('SCHEMA_MISMATCH', { problems });
  }

  function readEdit({ message, destination }: SentAgain, given: LetterEditDocument): LetterEdit {
    const { contentType, headers, body, bodyBase64 } = given;
    const forwarded = routes.forQueue(destination.name)?.forwardHeaders ?? [];
    const known = new Set([...Object.keys(message.applicationHeaders), ...forwarded]);
    const { applicationHeaders, problems } = mergedHeaders(message.applicationHeaders, headers, known);
    const typeProblem = typeof contentType === 'string' ? headerProblem('x', contentType) : undefined;
    if (typeProblem !== undefined) problems.push({ ...typeProblem, field: 'contentType' });
    const type = contentType === undefined ? message.contentType : contentType;
    const together = togetherProblem(applicationHeaders, type ?? undefined, message.properties);
    if (problems.length === 0 && together !== undefined) problems.push(together);
    if (problems.length > 0) throw new ReplytoError('INVALID_REQUEST', { problems });
    const bytes = bodyBase64 === undefined ? body : Buffer.from(bodyBase64, 'base64');
    return {
      ...(contentType === undefined ? {} : { contentType }),
      ...(headers === undefined ? {} : { applicationHeaders }),
      ...(bytes === undefined ? {} : { body: Buffer.from(bytes) }),
    };
  }
}

type Headers = Readonly<Record<string, string>>;

/** Headers with those that are given in place of theirs; null takes one away. */
function mergedHeaders(
  before: Headers,
  given: LetterEditDocument['headers'] = {},
  known: ReadonlySet<string>,
): { readonly applicationHeaders: Headers; readonly problems: Problem[] } {
  const merged = new Map(Object.entries(before));
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(given)) {
    const lowered = name.toLowerCase();
    if (value === null) {
      merged.delete(lowered);
      continue;
    }
    const problem = nameProblem(lowered, value, known) ?? applicationHeaderProblem(lowered, value);
    if (problem === undefined) merged.set(lowered, value);
    else problems.push({ ...problem, field: `headers.${name.slice(0, 100)}` });
  }
  return { applicationHeaders: Object.fromEntries(merged), problems };
}

function nameProblem(name: string, value: string, known: ReadonlySet<string>): Problem | undefined {
  const isOurs = name.startsWith('x-') ? mayTravel(name) : known.has(name) && isForwardableHeader(name);
  if (isOurs) return undefined;
  return toProblem('headers', value, 'an X- header, or one that the route of the queue forwards');
}
