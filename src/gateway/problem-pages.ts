/**
 * `/problems` and `/problems/{code}`: what every error of this gateway means and what to do about it. `type` of a
 * problem leads here. The pages, their JSON and docs/errors.md are all made from the error table and its
 * remedies, so none of them can miss a code.
 */
import { createHash } from 'node:crypto';
import type { Express, Request, Response } from 'express';
import { errorRemedies } from '#core/error-remedies.js';
import type { ErrorRemedy } from '#core/error-remedies.js';
import type { ErrorCode, ErrorKind } from '#core/error-kinds.js';
import { errorKinds } from '#core/error-kinds.js';
import { ReplytoError } from '#core/errors.js';

/** One code of the error table with all that is known about it; `schemas` of the API description has its form. */
export interface ProblemPage extends ErrorRemedy, Omit<ErrorKind, 'sentence'> {
  readonly code: ErrorCode;
  /** Path of its page, as in `type` of a problem. */
  readonly type: string;
  readonly title: string;
}

export const problemPages: readonly ProblemPage[] = (Object.keys(errorKinds) as ErrorCode[]).map((code) => {
  const { sentence, ...kind } = errorKinds[code];
  return { code, type: `/problems/${code}`, title: sentence, ...kind, ...errorRemedies[code] };
});

const style = [
  'body{font:1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}',
  'dt{font-weight:600}dd{margin:0 0 .5rem}td,th{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0}',
  'code{background:#f0f0f0;padding:0 .2rem}',
  '@media(prefers-color-scheme:dark){body{color:#ddd;background:#111}code{background:#333}a{color:#8bf}}',
].join('');

/** As strict as every answer, but for this one style. */
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  'sandbox',
].join(';');

/** Adds `GET /problems` and `GET /problems/{code}`: HTML, or JSON for those who ask for it by `Accept`. */
export function addProblemPages(app: Express): void {
  app.get('/problems', (request: Request, response: Response) => {
    send(request, response, { problems: problemPages }, listPage);
  });

  app.get('/problems/:code', (request: Request<{ code: string }>, response: Response) => {
    const { code } = request.params;
    const page = problemPages.find((known) => known.code === code);
    if (page === undefined) {
      const detail = `no problem has the code '${code.slice(0, 100)}'; /problems lists them all`;
      throw new ReplytoError('ROUTE_NOT_FOUND', { detail });
    }
    send(request, response, page, () => codePage(page));
  });
}

function send(
  request: Pick<Request, 'accepts'>,
  response: Response,
  document: object,
  toHtml: () => string,
): void {
  response.vary('Accept');
  response.setHeader('Cache-Control', 'no-cache');
  if (request.accepts(['html', 'json']) === 'json') {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(document));
    return;
  }
  response.setHeader('Content-Security-Policy', policy);
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.end(toHtml());
}

function listPage(): string {
  const rows = problemPages.map(
    ({ code, type, httpStatus, title }) =>
      `<tr><td><a href="${type}"><code>${code}</code></a></td><td>${httpStatus}</td><td>${toHtmlText(title)}</td></tr>`,
  );
  const head = '<tr><th>Code</th><th>HTTP status</th><th>In one sentence</th></tr>';
  return page('Problems', `<h1>Problems</h1>\n<table>\n${[head, ...rows].join('\n')}\n</table>`);
}

function codePage({ code, title, httpStatus, retryable, exitCode, meaning, remedy }: ProblemPage): string {
  const facts = [
    ['HTTP status', String(httpStatus)],
    ['Repeating the same call may help', inWords(retryable)],
    ['Exit code of the command line', String(exitCode)],
    ['What it means', meaning],
    ['What to do', remedy],
  ];
  const list = facts.map(([term, text = '']) => `<dt>${term}</dt><dd>${toHtmlText(text)}</dd>`).join('\n');
  return page(
    code,
    `<h1><code>${code}</code></h1>\n<p>${toHtmlText(title)}</p>\n<dl>\n${list}\n</dl>\n<p><a href="/problems">All problems</a></p>`,
  );
}

function page(title: string, body: string): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${title} - replyto</title><style>${style}</style></head>`,
    `<body>\n${body}\n</body>`,
    '</html>\n',
  ].join('\n');
}

/** Backticks mark code in the texts of the table. */
function toHtmlText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')
    .replaceAll(/`([^`]*)`/gu, '<code>$1</code>');
}

function inWords(retryable: boolean): string {
  return retryable ? 'yes' : 'no';
}

const markdownIntroduction = `# Errors

This page is generated from the error table in \`src/core/error-kinds.ts\`; \`npm run schemas\` writes it. A running gateway
serves the same as \`/problems\`, and the \`type\` of every problem it answers with leads to its page there.

An error of the HTTP API is \`application/problem+json\` (RFC 9457). Programs branch on its \`code\`; \`problems\` lists
everything that is wrong with a call, each with its field, the value given and what is allowed. *Retry* says whether the
same call may succeed later. Some codes are never an answer of HTTP: they end a start, a command or a call of the library.`;

/** docs/errors.md */
export function errorsPage(): string {
  const rows = problemPages.map(
    ({ code, httpStatus, retryable, exitCode, title }) =>
      `| [\`${code}\`](#${code.toLowerCase()}) | ${httpStatus} | ${inWords(retryable)} | ${exitCode} | ${title} |`,
  );
  const table = [
    '| code | HTTP status | retry | exit code | in one sentence |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ];
  const sections = problemPages.map(
    ({ code, title, meaning, remedy }) => `## ${code}\n\n${title} ${meaning}\n\n**What to do:** ${remedy}`,
  );
  return `${[markdownIntroduction, table.join('\n'), ...sections].join('\n\n')}\n`;
}
