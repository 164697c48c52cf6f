import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'chai';
import { schemaDocuments } from '#schema/published.js';
import { generatedFiles } from '../../../scripts/write-schemas.js';

const root = join(import.meta.dirname, '../../..');

function createAjv(): Ajv2020 {
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, useDefaults: false, strict: true });
  addFormats.default(ajv);
  return ajv;
}

function validator(fileName: string): (value: unknown) => boolean {
  const found = schemaDocuments().find((schema) => schema.fileName === fileName);
  const validate = createAjv().compile(found!.document);
  return (value) => validate(value);
}

describe('generated files', () => {
  for (const { path, text } of generatedFiles()) {
    it(`${path} is what npm run schemas would write`, () => {
      expect(readFileSync(join(root, path), 'utf8')).to.equal(text);
    });
  }

  it('are all that lies in schemas/', () => {
    const names = generatedFiles().map(({ path }) => path.replace(/^schemas\//u, ''));
    expect(names).to.include.members(readdirSync(join(root, 'schemas')));
  });

  it('are the same every time', () => {
    expect(generatedFiles()).to.deep.equal(generatedFiles());
  });
});

describe('published schemas', () => {
  it('compile strictly, each with an identity, a title and a description', () => {
    const ajv = createAjv();
    for (const { fileName, document } of schemaDocuments()) {
      expect(ajv.compile(document), fileName).to.be.a('function');
      expect(document['$id'], fileName).to.equal(`urn:replyto:schema:${fileName.replace('.json', '')}`);
      expect(document, fileName).to.include.keys('title', 'description');
    }
  });

  it('let members of a later version through in messages, not in the configuration', () => {
    expect(validator('fault.v1.json')({ code: 'X', message: 'm', later: 1 })).to.equal(true);
    expect(validator('fault.v1.json')({ code: 'X' })).to.equal(false);
    const configuration = validator('configuration.v1.json');
    expect(configuration({ requests: { waitMs: '30s', timeoutMs: 'never' } })).to.equal(true);
    expect(configuration({ requests: { waitMs: 'never' } })).to.equal(false);
    expect(configuration({ requests: { later: 1 } })).to.equal(false);
  });

  it('take the documents that the gateway sends', () => {
    const status = {
      id: '0198c0de-0000-7000-8000-000000000001',
      status: 'sent',
      queue: 'orion.workflow.create',
      project: null,
      replyTo: null,
      createdAt: '2026-01-31T12:00:00.000Z',
      sentAt: '2026-01-31T12:00:00.010Z',
      repliedAt: null,
      expiresAt: null,
      attempts: 1,
      late: false,
      verified: null,
      progress: { percent: 40, text: null },
      fault: null,
      replies: 0,
      links: { self: '/requests/1', reply: '/requests/1/reply', events: '/requests/1/events' },
    };
    expect(validator('request-status.v1.json')(status)).to.equal(true);
    expect(validator('request-status.v1.json')({ ...status, status: 'lost' })).to.equal(false);
    const problem = {
      type: '/problems/INVALID_REQUEST',
      title: 'A header is not acceptable.',
      status: 400,
      code: 'INVALID_REQUEST',
      problems: [{ field: 'Prefer', value: 'wait=x', allowed: 'wait=N' }],
    };
    expect(validator('problem.v1.json')(problem)).to.equal(true);
    expect(validator('problem.v1.json')({ ...problem, code: 'not a code' })).to.equal(false);
  });
});
