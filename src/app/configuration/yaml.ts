/**
 * YAML of the operator into plain values. Everything that YAML only warns about is refused too. Problems
 * carry line and column and words of our own: those of the parser quote the text, and that may be a
 * password.
 */
import type { Document } from 'yaml';
import { LineCounter, parseDocument, visit } from 'yaml';
import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';
import type { Parsed } from '#schema/problems.js';

const inWords: Readonly<Record<string, string>> = {
  BAD_INDENT: 'lines of one group that begin in the same column',
  BLOCK_AS_IMPLICIT_KEY: 'one key on a line; a text that holds a colon needs quotes',
  BLOCK_IN_FLOW: 'brackets and braces that hold no indented block',
  BAD_DQ_ESCAPE: 'a known escape after the backslash; single quotes take a backslash as it is',
  BAD_SCALAR_START: 'quotes around a text that begins with such a character',
  DUPLICATE_KEY: 'each key once',
  MISSING_CHAR: 'a closing quote, bracket or separator',
  MULTIPLE_DOCS: 'one document; no second ---',
  MULTILINE_IMPLICIT_KEY: 'a key on one line',
  NON_STRING_KEY: 'keys that are text',
  TAB_AS_INDENT: 'spaces for indentation, no tabs',
  TAG_RESOLVE_FAILED: 'plain values without tags (!...)',
  RESOURCE_EXHAUSTION: 'fewer levels of nesting',
};

function problemAt(name: string, position: { line: number; col: number }, code: string): Problem {
  return toProblem(
    `${name}, line ${position.line}, column ${position.col}`,
    undefined,
    inWords[code] ?? `valid YAML (${code})`,
  );
}

/** Aliases without an anchor are found only when they are followed, and then without a place. */
function danglingAliases(document: Document): number[] {
  const offsets: number[] = [];
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document) === undefined) offsets.push(alias.range?.[0] ?? 0);
    },
  });
  return offsets;
}

/** @param name - the file as the operator knows it, for the problems. */
export function parseYaml(text: string, name: string): Parsed<unknown> {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      // Not `silent`: that keeps a second document silent too.
      logLevel: 'error',
    });
    const problems = [...document.errors, ...document.warnings].map(({ code, pos }) =>
      problemAt(name, lines.linePos(pos[0]), code),
    );
    if (problems.length > 0) return { ok: false, problems };
    const dangling = danglingAliases(document).map((offset) => {
      const { line, col } = lines.linePos(offset);
      return toProblem(
        `${name}, line ${line}, column ${col}`,
        undefined,
        'an alias whose anchor stands before it',
      );
    });
    if (dangling.length > 0) return { ok: false, problems: dangling };
    return { ok: true, value: document.toJS() as unknown };
  } catch {
    // Left over: aliases that multiply without end, and nesting deeper than the stack.
    return { ok: false, problems: [toProblem(name, undefined, 'YAML with fewer aliases and levels')] };
  }
}
