// Writes what is generated from schemas, tables and tests: schemas/*.json and pages of docs/. A test fails when a file is not what this would write.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { referencePage } from '#app/configuration/reference.js';
import { errorsPage } from '#gateway/problem-pages.js';
import { schemaDocuments } from '#schema/published.js';
import { headersPage } from './headers-page.js';
import { metricsPage } from './metrics-page.js';
import { whatHappensWhenPage } from './what-happens-when.js';

export interface GeneratedFile {
  /** Relative to the root of the repository. */
  readonly path: string;
  readonly text: string;
}

export function generatedFiles(): GeneratedFile[] {
  const schemas = schemaDocuments().map(({ fileName, document }) => ({
    path: `schemas/${fileName}`,
    text: `${JSON.stringify(document, null, 2)}\n`,
  }));
  return [
    ...schemas,
    { path: 'docs/configuration.md', text: referencePage() },
    { path: 'docs/errors.md', text: errorsPage() },
    { path: 'docs/headers.md', text: headersPage() },
    { path: 'docs/metrics.md', text: metricsPage() },
    { path: 'docs/what-happens-when.md', text: whatHappensWhenPage() },
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = join(import.meta.dirname, '..');
  for (const { path, text } of generatedFiles()) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    console.log(path);
  }
}
