import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { post } from '../support/http.js';
import { faultOf, httpBench } from '../support/http-bench.js';
import type { TemporaryFolder } from '../support/temporary-folder.js';
import { makeTemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

describe('bodies of a route with a JSON Schema', () => {
  let folder: TemporaryFolder;
  const prefix = uniqueName('orders');
  const bench = httpBench(async () => {
    folder = await makeTemporaryFolder();
    const file = join(folder.path, 'order.json');
    await writeFile(
      file,
      JSON.stringify({
        type: 'object',
        properties: { amount: { type: 'integer', minimum: 1 }, kind: { enum: ['new', 'old'] } },
        required: ['amount'],
        additionalProperties: false,
      }),
    );
    const routes = [{ path: '/orders/{kind}', queue: `${prefix}.{kind}`, schema: { request: file } }];
    return { settings: { REPLYTO_ROUTES: JSON.stringify(routes) } };
  });
  after(() => folder.remove());

  const bad: readonly {
    title: string;
    body: string | Buffer;
    field: string;
    value?: string;
    allowed: RegExp;
  }[] = [
    {
      title: 'broken JSON',
      body: '{"amount":',
      field: 'body',
      value: '{"amount":',
      allowed: /^JSON; Unexpected end/u,
    },
    {
      title: 'JSON with a wrong character',
      body: '{"amount":1,}',
      field: 'body',
      value: '{"amount":1,}',
      allowed: /^JSON; .*(?:position 12|"\{"amount":1,\}")/u,
    },
    { title: 'an empty body', body: '', field: 'body', value: '', allowed: /^JSON; Unexpected end/u },
    {
      title: 'a wrong type',
      body: '{"amount":"3"}',
      field: 'body.amount',
      value: '3',
      allowed: /^a whole number$/u,
    },
    {
      title: 'a wrong value',
      body: '{"amount":0}',
      field: 'body.amount',
      value: '0',
      allowed: /^at least 1$/u,
    },
    { title: 'a missing member', body: '{}', field: 'body.amount', allowed: /required/u },
    { title: 'a member too many', body: '{"amount":1,"x":1}', field: 'body.x', allowed: /no such member/u },
    {
      title: 'a choice that is none',
      body: '{"amount":1,"kind":"x"}',
      field: 'body.kind',
      value: 'x',
      allowed: /^one of new, old$/u,
    },
    { title: 'another kind of value', body: '[]', field: 'body', value: '[]', allowed: /^an object$/u },
    {
      title: 'bytes that are no UTF-8',
      body: Buffer.from([0x7b, 0xff, 0x7d]),
      field: 'body',
      allowed: /^UTF-8 text$/u,
    },
    { title: 'JSON that is nested too deep', body: '['.repeat(10_000), field: 'body', allowed: /levels/u },
  ];

  for (const { title, body, field, value, allowed } of bad) {
    for (const way of ['on its path', 'on POST /requests/{queue}'] as const) {
      it(`${title} gets 422 ${way}, naming the place`, async () => {
        const kind = uniqueName('kind');
        const queue = `${prefix}.${kind}`;
        const received = await bench.listen(queue);
        const path = way === 'on its path' ? `/orders/${kind}` : `/requests/${queue}`;
        const fault = faultOf(await post(`${bench.url}${path}`, body), 422, 'SCHEMA_MISMATCH');
        expect(fault.field).to.equal(field);
        expect(fault.value).to.equal(value);
        expect(fault.allowed).to.match(allowed);
        await bench.expectNothingHappened(queue, received, '{"amount":1}');
      });
    }
  }

  it('a body as the schema wants it is sent as it came', async () => {
    const kind = uniqueName('kind');
    const received = await bench.listen(`${prefix}.${kind}`);
    const body = '{ "amount": 7 }';
    const answer = await post(`${bench.url}/orders/${kind}`, body, { prefer: 'respond-async' });
    expect(answer.status, answer.text()).to.equal(202);
    bench.expected(answer.headers['message-id']!);
    await until(() => received.length === 1, { what: 'the message' });
    expect(Buffer.from(received[0]!.body).toString()).to.equal(body);
  });

  happens(
    'HTTP',
    'JSON that could be read in two ways: a member twice, a byte order mark, a number beyond all numbers',
    '422 that names the place, nothing stored or sent',
    async () => {
      const kind = uniqueName('kind');
      const received = await bench.listen(`${prefix}.${kind}`);
      for (const [body, allowed] of [
        ['{"amount":1,"amount":-5}', /^JSON in which no object has a member twice$/u],
        ['{"amount":1,"\\u0061mount":-5}', /^JSON in which no object has a member twice$/u],
        ['\ufeff{"amount":1}', /^JSON without a byte order mark$/u],
        ['{"amount":1e999}', /whole number/u],
        ['{"amount":NaN}', /^JSON; ./u],
        ['{"amount":0x1}', /^JSON; ./u],
        ['{"amount":1}{"amount":1}', /^JSON; ./u],
        ['{"amount":1}\u0000', /^JSON; ./u],
      ] as const) {
        const answer = await post(`${bench.url}/orders/${kind}`, body);
        expect(faultOf(answer, 422, 'SCHEMA_MISMATCH').allowed, body).to.match(allowed);
      }
      await bench.expectNothingHappened(`${prefix}.${kind}`, received, '{"amount":1}');
    },
  );

  happens(
    'HTTP',
    'JSON in another charset than UTF-8 for a route with a JSON Schema, whatever its Content-Type says',
    '422 that asks for UTF-8 or JSON, nothing stored or sent',
    async () => {
      const kind = uniqueName('kind');
      const received = await bench.listen(`${prefix}.${kind}`);
      for (const [body, charset] of [
        [Buffer.from('{"amount":1,"kind":"n\u00e4w"}', 'latin1'), 'iso-8859-1'],
        [Buffer.from('{"amount":1}', 'utf16le'), 'utf-16le'],
        [Buffer.from('\ufeff{"amount":1}', 'utf16le'), 'utf-16'],
      ] as const) {
        const type = { 'content-type': `application/json; charset=${charset}` };
        const answer = await post(`${bench.url}/orders/${kind}`, body, type);
        expect(faultOf(answer, 422, 'SCHEMA_MISMATCH').allowed, charset).to.match(
          /^(?:UTF-8 text|JSON; .+)$/u,
        );
      }
      await bench.expectNothingHappened(`${prefix}.${kind}`, received, '{"amount":1}');
    },
  );

  it('other queues are held to no schema', async () => {
    const queue = uniqueName('free');
    const received = await bench.listen(queue);
    const answer = await bench.ask(queue, { prefer: 'respond-async' }, 'no JSON');
    expect(answer.status, answer.text()).to.equal(202);
    bench.expected(answer.headers['message-id']!);
    await until(() => received.length === 1, { what: 'the message' });
  });
});
