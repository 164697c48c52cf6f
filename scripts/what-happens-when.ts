// The catalogue of everything wrong and its outcome: each row is a test, declared by `happens(part, when, outcome,
// body)` of test/support/happens.ts, and is read from the source of that test.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { markdownTable } from '#schema/markdown-table.js';
import { situations } from '../test/support/happens.js';

const root = join(import.meta.dirname, '..');

interface Row {
  readonly part: string;
  readonly when: string;
  readonly outcome: string;
  /** Relative to the root of the repository. */
  readonly file: string;
}

/** @throws Error when a row is not written in literals. */
function rowsOf(file: string): Row[] {
  const text = readFileSync(join(root, file), 'utf8');
  if (!text.includes('happens(')) return [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const rows: Row[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === 'happens') {
      const [part, when, outcome] = node.arguments.map((argument) =>
        ts.isStringLiteralLike(argument) ? argument.text : undefined,
      );
      if (part === undefined || when === undefined || outcome === undefined) {
        throw new Error(`${file}: part, situation and outcome of happens() are string literals`);
      }
      rows.push({ part, when, outcome, file });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return rows;
}

function testFiles(): string[] {
  return readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(test|suite|cases)\.ts$/u.test(name))
    .map((name) => `test/${name.replaceAll('\\', '/')}`)
    .sort();
}

/** @throws Error when a situation stands in two tests: one of them would be the wrong place to look. */
export function whatHappensWhenPage(): string {
  const rows = testFiles().flatMap(rowsOf);
  const seen = new Map<string, string>();
  for (const { part, when, file } of rows) {
    const key = `${part}: ${when}`;
    const other = seen.get(key);
    if (other !== undefined) throw new Error(`'${key}' stands in ${other} and in ${file}`);
    seen.set(key, file);
  }
  const parts = Object.entries(situations).map(([part, title]) => {
    const table = rows
      .filter((row) => row.part === part)
      .map(({ when, outcome, file }) => [when, outcome, `[test](../${file})`]);
    return `## ${title}\n\n${markdownTable(['when', 'then', 'shown by'], table)}\n`;
  });
  return [
    '# What happens when\n',
    'Everything wrong that we could think of, and what becomes of it. Each row is a test; the page is made from the',
    'tests by `npm run schemas`, and a test fails when the two differ.\n',
    parts.join('\n'),
  ].join('\n');
}
