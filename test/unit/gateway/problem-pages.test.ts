import { expect } from 'chai';
import { errorRemedies } from '#core/error-remedies.js';
import { errorKinds } from '#core/error-kinds.js';
import type { ErrorCode } from '#core/error-kinds.js';
import { errorsPage, problemPages } from '#gateway/problem-pages.js';
import { openApiDocument } from '#gateway/openapi/openapi.js';
import { configurationOf } from '../../support/gateway-context.js';
import type { ApiDescription } from '../../support/openapi.js';
import { schemaCompiler } from '../../support/openapi.js';

const codes = Object.keys(errorKinds) as ErrorCode[];

describe('docs/errors.md', () => {
  const page = errorsPage();

  it('has a section and a row for each code, none missing and none too many', () => {
    const sections = [...page.matchAll(/^## (\S+)$/gmu)].map(([, code]) => code);
    const rows = [...page.matchAll(/^\| \[`(\w+)`\]\(#(\w+)\) \|/gmu)];
    expect(sections).to.deep.equal(codes);
    expect(rows.map(([, code]) => code)).to.deep.equal(codes);
    for (const [, code = '', anchor] of rows) expect(anchor).to.equal(code.toLowerCase());
  });

  it('says of each code its status, whether to retry, its exit code, its meaning and what to do', () => {
    for (const code of codes) {
      const { httpStatus, retryable, exitCode, sentence } = errorKinds[code];
      expect(page).to.include(`| ${httpStatus} | ${retryable ? 'yes' : 'no'} | ${exitCode} | ${sentence} |`);
      expect(page).to.include(errorRemedies[code].meaning);
      expect(page).to.include(`**What to do:** ${errorRemedies[code].remedy}`);
    }
  });
});

describe('the remedies', () => {
  it('are one for each code, in whole sentences', () => {
    expect(Object.keys(errorRemedies)).to.have.members(codes);
    for (const [code, { meaning, remedy }] of Object.entries(errorRemedies)) {
      for (const text of [meaning, remedy]) {
        expect(text, code).to.match(/^[A-Z`].*\.$/u);
        expect(text.split('`').length % 2, `the backticks of ${code}`).to.equal(1);
      }
    }
  });
});

describe('the problem pages', () => {
  it('are one for each code, in the form that the description gives', () => {
    expect(problemPages.map(({ code }) => code)).to.deep.equal(codes);
    const document = JSON.parse(
      JSON.stringify(openApiDocument(configurationOf(), '1.0.0')),
    ) as ApiDescription;
    const validate = schemaCompiler(document)(document.components.schemas['ProblemList']!);
    expect(validate({ problems: problemPages }), JSON.stringify(validate.errors)).to.equal(true);
  });
});
