/** `replyto dead-letters edit`: another body, content type or header, by options or in an editor. */
import { spawn } from 'node:child_process';
import { readFile, writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isUtf8 } from 'node:buffer';
import { isForwardableHeader } from '#core/application-header.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { CommandContext } from '../command-context.js';
import { readGivenBody, readGivenHeaders } from '../given-body.js';
import { jsonLine } from '../message-text.js';
import { readDocument } from './answer-text.js';
import { fetchAnswer, fieldsText, formFor } from './documents.js';
import type { HttpAnswer } from './http-call.js';
import type { LetterOptions } from './letters.js';
import { deadLetters, letterPath, retryLetter } from './letters.js';

export interface EditLetterOptions extends LetterOptions {
  /** As `readGivenBody` says; absent: the body stays, or is what the editor makes of it. */
  readonly data?: string | undefined;
  readonly contentType?: string | undefined;
  /** `Name: value` each; without a value the header is taken away. */
  readonly header?: readonly string[] | undefined;
  /** Send it again at once. */
  readonly retry?: boolean | undefined;
}

const headerRule = {
  allowed: 'a header that may travel with the message',
  isAllowed: (name: string) => name.startsWith('x-') || isForwardableHeader(name),
};

/**
 * Without any of `data`, `contentType` and `header` the body is opened in the editor that VISUAL or EDITOR names.
 *
 * @throws LETTER_NOT_FOUND, LETTER_CHANGED, LETTER_INCOMPLETE, SCHEMA_MISMATCH, INVALID_REQUEST, INVALID_ARGUMENT,
 *   GATEWAY_UNAVAILABLE
 */
export async function editLetter(
  context: CommandContext,
  id: string,
  options: EditLetterOptions,
): Promise<number> {
  const path = letterPath(deadLetters, id);
  const given = await readOptions(context, options);
  const edit = given ?? (await editInEditor(context, path, options));
  if (edit === null) {
    await context.stderr.write('nothing was changed\n');
    return 0;
  }
  const answer = await fetchAnswer(context, options, {
    method: 'PATCH',
    path,
    headers: { 'content-type': 'application/json', ...(edit.etag === null ? {} : { 'if-match': edit.etag }) },
    body: Buffer.from(JSON.stringify(edit.changes)),
  });
  if (options.retry === true) {
    await retryLetter(context, id, { ...options, etag: answer.headers['etag'] });
    return 0;
  }
  const document = readDocument(answer);
  const isTable = formFor(context.stdout, options.output) === 'table';
  await context.stdout.write(isTable ? fieldsText(document) : jsonLine(document));
  return 0;
}

interface Edit {
  readonly changes: Readonly<Record<string, unknown>>;
  /** Of the letter that was edited; null where nobody has looked at it. */
  readonly etag: string | null;
}

/** Null when nothing is given. */
async function readOptions(
  context: CommandContext,
  { data, contentType, header }: EditLetterOptions,
): Promise<Edit | null> {
  if (data === undefined && contentType === undefined && header === undefined) return null;
  const headers = Object.entries(readGivenHeaders(header ?? [], headerRule));
  const changes = {
    ...(data === undefined ? {} : bodyMember((await readGivenBody(context, { data })).body)),
    ...(contentType === undefined ? {} : { contentType }),
    ...(headers.length === 0
      ? {}
      : { headers: Object.fromEntries(headers.map(([name, value]) => [name, value === '' ? null : value])) }),
  };
  return { changes, etag: null };
}

function bodyMember(body: Buffer): Readonly<Record<string, string>> {
  return isUtf8(body) ? { body: body.toString('utf8') } : { bodyBase64: body.toString('base64') };
}

/** Null when the body is as it was. */
async function editInEditor(
  context: CommandContext,
  path: string,
  options: EditLetterOptions,
): Promise<Edit | null> {
  const { environment } = context;
  const editor = [environment['VISUAL'], environment['EDITOR']].find((name) => (name ?? '') !== '');
  if (editor === undefined) {
    const allowed = 'one of --data, --content-type and -H; or an editor, named by VISUAL or EDITOR';
    throw new ReplytoError('INVALID_ARGUMENT', { problems: [toProblem('edit', undefined, allowed)] });
  }
  const { headers, body } = await fetchAnswer(context, options, { method: 'GET', path: `${path}/body` });
  const edited = await editedBody(editor, body);
  return edited.equals(body) ? null : { changes: bodyMember(edited), etag: etagOf(headers) };
}

function etagOf(headers: HttpAnswer['headers']): string | null {
  return headers['etag'] ?? null;
}

async function editedBody(editor: string, body: Buffer): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'replyto-'));
  const file = join(folder, 'body');
  try {
    await writeFile(file, body, { mode: 0o600 });
    await runEditor(editor, file);
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The name may have options, as in `code --wait`, so a shell reads it. */
function runEditor(editor: string, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
    child.on('error', (error) => reject(failed(editor, error.message)));
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(failed(editor, `it ended with ${code ?? 'a signal'}`));
    });
  });
}

function failed(editor: string, why: string): ReplytoError {
  const problems = [toProblem('VISUAL or EDITOR', editor, `an editor that can be run; ${why}`)];
  return new ReplytoError('INVALID_ARGUMENT', { problems });
}
