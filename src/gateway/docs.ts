/**
 * `GET /docs`: the API description as a page to read and to try, by Swagger UI. Every file comes from the package
 * itself; the page holds no script of its own, so that its policy allows this server and nothing else. Addresses are
 * relative, so it works on any host and port.
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Express, Request, Response } from 'express';
import { ReplytoError } from '#core/errors.js';

const packageFiles = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'] as const;
const startFile = 'start.js';

/** What `/docs/{file}` serves. */
export const docsFiles = [...packageFiles, startFile] as const;

const folder = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // Its style sheet carries small pictures in itself.
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join(';');

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>replyto</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" type="image/png" href="docs/favicon-32x32.png">
</head>
<body>
<div id="description"></div>
<noscript>This page needs JavaScript; <a href="openapi.json">the description itself</a> does not.</noscript>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/${startFile}"></script>
</body>
</html>
`;

const start = `SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#description',
  deepLinking: true,
  validatorUrl: null,
});
`;

/** Adds `GET /docs` and `GET /docs/{file}`. */
export function addDocs(app: Express): void {
  app.get('/docs', (request: Request, response: Response) => {
    if (request.path.endsWith('/')) {
      // The addresses in the page are relative to /docs.
      response.redirect(308, '../docs');
      return;
    }
    response.setHeader('Content-Security-Policy', policy);
    response.setHeader('Cache-Control', 'no-cache');
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(page);
  });

  app.get('/docs/:file', (request: Request<{ file: string }>, response: Response) => {
    const { file } = request.params;
    if (file === startFile) {
      response.setHeader('Cache-Control', 'no-cache');
      response.setHeader('Content-Type', 'text/javascript; charset=utf-8');
      response.end(start);
      return;
    }
    if (!packageFiles.some((known) => known === file)) {
      const detail = `the page has no file '${file.slice(0, 100)}'; there are ${docsFiles.join(', ')}`;
      throw new ReplytoError('ROUTE_NOT_FOUND', { detail });
    }
    // True of every file, but express takes one without an ETag for none.
    if (request.headers['if-match'] === '*') delete request.headers['if-match'];
    // Whole, because nobody needs a part of one.
    response.sendFile(file, { root: folder, maxAge: 3_600_000, acceptRanges: false });
  });
}
