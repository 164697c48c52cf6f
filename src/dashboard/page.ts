import { createHash } from 'node:crypto';
import type { Asset } from './assets.js';
import { packageFiles, toAsset } from './assets.js';

export interface Page extends Asset {
  /** Its Content-Security-Policy. */
  readonly policy: string;
}

/** An empty page that one script fills; its addresses are relative, so it works under any name, port and path. */
export function createPage(options: {
  readonly title: string;
  readonly script: string;
  /** Path of the files, as seen from the page. */
  readonly assets: string;
}): Page {
  const { title, script, assets } = options;
  const base = assets.startsWith('.') ? assets : `./${assets}`;
  const imports = Object.entries(packageFiles).map(([name, file]) => [name, `${base}/${file}`]);
  const importMap = JSON.stringify({ imports: Object.fromEntries(imports) as unknown });
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} - replyto</title>
<link rel="stylesheet" href="${assets}/style.css">
<link rel="icon" type="image/svg+xml" href="${assets}/icon.svg">
<script type="importmap">${importMap}</script>
<script type="module" src="${assets}/${script}"></script>
</head>
<body>
<div id="page"></div>
<noscript><p>This page needs JavaScript; the API behind it does not.</p></noscript>
</body>
</html>
`;
  return { ...toAsset('.html', Buffer.from(html)), policy: policyFor(importMap) };
}

/** This server and nothing else; the map of imports is no script, but counts as one. */
function policyFor(importMap: string): string {
  const hash = createHash('sha256').update(importMap).digest('base64');
  return [
    "default-src 'none'",
    `script-src 'self' 'sha256-${hash}'`,
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    // No text can ever become markup or code, whatever a script does with it.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join(';');
}
