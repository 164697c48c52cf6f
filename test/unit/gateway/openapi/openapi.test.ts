import { expect } from 'chai';
import express from 'express';
import fc from 'fast-check';
import { errorKinds } from '#core/error-kinds.js';
import type { ErrorCode } from '#core/error-kinds.js';
import { readAskingHeaders } from '#gateway/asking-headers.js';
import { toHttpHeader } from '#gateway/header-encoding.js';
import { createGateway } from '#gateway/gateway.js';
import { openApiDocument } from '#gateway/openapi/openapi.js';
import { askingHeaders } from '#gateway/openapi/headers.js';
import { configurationOf, contextOf } from '../../../support/gateway-context.js';
import type { ApiDescription, ApiOperation } from '../../../support/openapi.js';
import { operationsOf, schemaCompiler } from '../../../support/openapi.js';

const routes = [
  { path: '/orders/{kind}/create', queue: 'orders.{kind}', contentType: 'application/xml' },
  {
    path: '/orders/new/create',
    queue: 'orders.new',
    waitMs: 0,
    timeoutMs: 'never',
    forwardHeaders: ['Accept-Language'],
  },
  { path: '/a-b', queue: 'ab' },
  { path: '/a_b', queue: 'ab' },
];

function describedWith(settings: Readonly<Record<string, string>> = {}): ApiDescription {
  // As it is served.
  return JSON.parse(JSON.stringify(openApiDocument(configurationOf(settings), '1.2.3'))) as ApiDescription;
}

/** What Express serves: paths in the spelling of OpenAPI, without the names in braces. */
function servedByExpress(): string[] {
  const served: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> }[] = [];
  const application = express.application as unknown as {
    route: (this: unknown, path: string) => (typeof served)[number];
  };
  const original = application.route;
  application.route = function (path) {
    const route = original.call(this, path);
    served.push(route);
    return route;
  };
  try {
    createGateway(contextOf(), new Map());
  } finally {
    application.route = original;
  }
  return served.flatMap(({ path, methods }) =>
    Object.keys(methods).map((method) => `${method} ${path.replaceAll(/:\w+/gu, '{}')}`),
  );
}

function namesIn(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/gu)].map(([, name = '']) => name);
}

function walk(value: unknown, visit: (key: string, value: unknown) => void): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    visit(key, member);
    walk(member, visit);
  }
}

describe('the OpenAPI document', () => {
  const document = describedWith({ REPLYTO_ROUTES: JSON.stringify(routes) });
  const operations = operationsOf(document);
  const compile = schemaCompiler(document);

  it('has the paths and methods that Express serves and those of the routes, no more and no less', () => {
    const described = operations.map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/gu, '{}')}`);
    const expected = [
      ...servedByExpress(),
      ...routes.map(({ path }) => `post ${path.replaceAll(/\{\w+\}/gu, '{}')}`),
    ];
    expect(expected).to.have.length.greaterThan(15);
    expect(described).to.have.members(expected);
  });

  it('has the default route of a fresh install', () => {
    expect(Object.keys(describedWith().paths)).to.include('/{service}/{resource}/{action}');
  });

  it('says what it is, in the form of OpenAPI 3.1, under a relative address', () => {
    expect(document).to.have.all.keys(
      'openapi',
      'info',
      'servers',
      'tags',
      'components',
      'paths',
      'webhooks',
    );
    expect(document.openapi).to.equal('3.1.0');
    expect(document.info).to.deep.include({ title: 'replyto', version: '1.2.3' });
    expect(document.servers).to.deep.equal([{ url: '/' }]);
  });

  it('holds nothing of zod, and no reference that leads nowhere', () => {
    const found: string[] = [];
    walk(document, (key, value) => {
      expect(key).not.to.be.oneOf(['def', '_def', '_zod', '~standard', '$schema', '$id', '$defs']);
      if (key === '$ref') found.push(value as string);
    });
    expect(found).to.have.length.greaterThan(20);
    for (const reference of new Set(found)) {
      const name = /^#\/components\/schemas\/(\w+)$/u.exec(reference)?.[1] ?? '';
      expect(document.components.schemas, reference).to.have.property(name);
    }
  });

  it('has schemas that compile strictly, wherever one stands', () => {
    let count = 0;
    walk(document.paths, (key, value) => {
      if (key !== 'schema') return;
      count += 1;
      compile(value as object);
    });
    for (const schema of Object.values(document.components.schemas)) compile(schema);
    expect(count).to.be.greaterThan(100);
  });

  it('tells paths apart that differ in names only', () => {
    const shapes = Object.keys(document.paths).map((path) => path.replaceAll(/\{\w+\}/gu, '{}'));
    expect(new Set(shapes).size).to.equal(shapes.length);
    for (const path of Object.keys(document.paths)) expect(path).to.match(/^\/[^?#]*$/u);
  });

  it('has operations with an id of their own, a known tag and a summary', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).to.equal(ids.length);
    for (const id of ids) expect(id).to.match(/^[A-Za-z]\w*$/u);
    const known = document.tags.map(({ name }) => name);
    for (const { operation } of operations) {
      expect(operation.tags).to.have.lengthOf(1);
      expect(known).to.include.members([...operation.tags]);
      expect(operation.summary).to.match(/\S/u);
    }
  });

  it('declares each name in a path, and each parameter once and with a meaning', () => {
    for (const { path, operation } of operations) {
      const parameters = operation.parameters ?? [];
      const inPath = parameters.filter((parameter) => parameter.in === 'path');
      expect(
        inPath.map(({ name }) => name),
        path,
      ).to.have.members(namesIn(path));
      for (const { required } of inPath) expect(required).to.equal(true);
      const keys = parameters.map((parameter) => `${parameter.in} ${parameter.name.toLowerCase()}`);
      expect(new Set(keys).size, path).to.equal(keys.length);
      for (const parameter of parameters) {
        expect(parameter.in).to.be.oneOf(['path', 'query', 'header']);
        expect(parameter.description).to.match(/\S/u);
        // OpenAPI has other places for these.
        expect(parameter.name.toLowerCase()).not.to.be.oneOf(['accept', 'content-type', 'authorization']);
      }
    }
  });

  it('has answers with a status, a meaning, a type of content and headers with schemas', () => {
    for (const { path, operation } of operations) {
      for (const [status, answer] of Object.entries(operation.responses)) {
        const where = `${path} ${status}`;
        expect(status, where).to.match(/^(?:[2345]\d\d|[45]XX)$/u);
        expect(answer.description, where).to.match(/\S/u);
        for (const header of Object.values(answer.headers ?? {})) {
          expect(header, where).to.have.all.keys('description', 'required', 'schema');
        }
        for (const type of Object.keys(answer.content ?? {})) {
          expect(type, where).to.match(/^[\w*+.-]+\/[\w*+.-]+$/u);
        }
      }
      expect(
        Object.keys(operation.responses).some((status) => status.startsWith('2')),
        path,
      ).to.equal(true);
    }
  });

  it('lists problems under the status of their code, with an example that is one', () => {
    const validate = compile(document.components.schemas['Problem']!);
    const narrower = new Map([
      ['INVALID_REQUEST', [406, 412, 417, 431]],
      ['BODY_UNREADABLE', [408]],
    ]);
    for (const { path, operation } of operations) {
      for (const [status, { content }] of Object.entries(operation.responses)) {
        const examples = content?.['application/problem+json']?.examples ?? {};
        for (const [code, { value }] of Object.entries(examples)) {
          expect(validate(value), `${path} ${code}`).to.equal(true);
          expect(value).to.include({ code, status: Number(status) });
          const own = errorKinds[code as ErrorCode].httpStatus;
          expect(Number(status), code).to.be.oneOf([own, ...(narrower.get(code) ?? [])]);
        }
      }
    }
  });

  it('links from a 202 to what can be done with the request', () => {
    const byId = new Map(operations.map((entry) => [entry.operation.operationId, entry]));
    let count = 0;
    for (const { operation } of operations) {
      for (const { links = {} } of Object.values(operation.responses)) {
        for (const { operationId, parameters } of Object.values(links)) {
          count += 1;
          const target = byId.get(operationId);
          expect(Object.keys(parameters)).to.have.members(namesIn(target!.path));
          expect(Object.values(parameters)).to.deep.equal(['$response.body#/id']);
        }
      }
    }
    expect(count).to.be.greaterThan(4);
    const ask = byId.get('ask')!.operation;
    expect(ask.responses['202']!.links).to.have.all.keys('status', 'reply', 'events', 'cancel');
  });

  it('says of each route what the configuration says', () => {
    const ofPath = (path: string): ApiOperation & { description?: string } => document.paths[path]!['post']!;
    const special = ofPath('/orders/new/create');
    expect(special.description)
      .to.include('`orders.new`')
      .and.to.include('never expires')
      .and.to.include('waits 0 ms');
    expect(special.parameters!.map(({ name }) => name)).to.include('accept-language');
    const ofKind = ofPath('/orders/{kind}/create');
    expect(ofKind.parameters!.map(({ name }) => name))
      .to.include('kind')
      .and.not.to.include('accept-language');
    expect(Object.keys(ofKind.responses['200']!.content!)).to.deep.equal(['application/xml', '*/*']);
  });
});

describe('the described headers of a call that asks', () => {
  const rules = { forwardHeaders: [], checkReplyTo: () => undefined };

  function isTaken(name: string, value: string): boolean {
    try {
      // As Node hands it over.
      readAskingHeaders({ [name.toLowerCase()]: toHttpHeader(value) }, rules);
      return true;
    } catch {
      return false;
    }
  }

  it('are those that are read', () => {
    const read = new Set<string>();
    const headers = new Proxy(
      {},
      {
        get: (_, name) => {
          read.add(String(name));
          return undefined;
        },
      },
    );
    readAskingHeaders(headers, rules);
    // OpenAPI describes the content type with the body.
    read.delete('content-type');
    expect(Object.keys(askingHeaders).map((name) => name.toLowerCase())).to.have.members([...read]);
  });

  const whole = ['Time', 'Request-Timeout', 'Message-Priority'];
  for (const name of whole) {
    it(`${name} is a number in the description exactly when it is one here`, () => {
      const { schema } = askingHeaders[name]!;
      fc.assert(
        fc.property(
          fc.oneof(
            fc.maxSafeNat().map(String),
            fc.integer({ min: -20, max: 20 }).map(String),
            fc.double().map(String),
          ),
          (text) => {
            if (!/^-?\d+$/u.test(text)) expect(isTaken(name, text)).to.equal(false);
            else expect(schema.safeParse(Number(text)).success).to.equal(isTaken(name, text));
          },
        ),
      );
    });
  }

  it('have bounds that hold to the last number', () => {
    for (const [name, inside, outside] of [
      ['Time', '999999999999999', '1000000000000000'],
      ['Request-Timeout', '315360000', '315360001'],
      ['Message-Priority', '9', '10'],
    ] as const) {
      for (const [text, expected] of [
        [inside, true],
        [outside, false],
      ] as const) {
        expect(isTaken(name, text), `${name}: ${text}`).to.equal(expected);
        expect(askingHeaders[name]!.schema.safeParse(Number(text)).success).to.equal(expected);
      }
    }
  });

  it('never refuse what is taken here', () => {
    const texts = fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom('none', '"quoted"', 'wait=5', 'respond-async, wait=1', 'a.b', 'orion'),
    );
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(askingHeaders)), texts, (name, text) => {
        if (whole.includes(name) || text.trim() === '' || !text.isWellFormed() || !isTaken(name, text))
          return;
        expect(askingHeaders[name]!.schema.safeParse(text).success, `${name}: ${text}`).to.equal(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
