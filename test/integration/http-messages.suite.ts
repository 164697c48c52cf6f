import { expect } from 'chai';
import { contents } from '#messaging/contents.js';
import { uniqueName } from '../support/gateway.js';
import { faultOf, httpBench } from '../support/http-bench.js';
import { until } from '../support/until.js';

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, index) => index));

/** What of a call reaches the service, and what of its reply reaches the caller. */
export function describeMessages(brokerUrl: () => string | undefined): void {
  const bench = httpBench(() => {
    const url = brokerUrl();
    return url === undefined ? {} : { brokerUrl: url };
  });

  const bodies: readonly (readonly [title: string, contentType: string, body: Buffer])[] = [
    ['text', 'text/plain; charset=utf-8', Buffer.from('häl\r\nlo 🌍')],
    ['JSON', 'application/json', Buffer.from('{"a": [1, "ü"]}\n')],
    ['XML', 'application/xml', Buffer.from('<?xml version="1.0"?><a>é</a>')],
    ['text that is no UTF-8', 'text/plain; charset=iso-8859-1', Buffer.from('h\u00e4llo', 'latin1')],
    ['text with a NUL', 'text/plain', Buffer.from('a\u0000b')],
    ['every byte', 'application/octet-stream', everyByte],
    ['every byte under a text type', 'text/plain', everyByte],
    ['no body', 'application/json', Buffer.alloc(0)],
    ['a million bytes', 'application/octet-stream', Buffer.alloc(1_000_000, everyByte)],
  ];
  for (const [title, contentType, body] of bodies) {
    it(`${title} goes to the service and comes back byte for byte, with its type`, async () => {
      const queue = uniqueName('bytes');
      const seen: { contentType: string | null; body: Buffer }[] = [];
      await bench.serve(queue, (request) => {
        seen.push({ contentType: request.contentType, body: Buffer.from(request.body) });
        return contents(request.body, { contentType });
      });
      const answer = await bench.ask(queue, { 'content-type': contentType, prefer: 'wait=10' }, body);
      expect(answer.status, answer.text().slice(0, 200)).to.equal(200);
      expect(seen[0]!.contentType).to.equal(contentType);
      expect(seen[0]!.body.equals(body), 'as the service saw it').to.equal(true);
      expect(answer.headers['content-type']).to.equal(contentType);
      expect(answer.headers['content-length']).to.equal(String(body.byteLength));
      expect(answer.body.equals(body), 'as the caller got it').to.equal(true);
      expect(await bench.status(answer.headers['correl-id']!)).to.include({ verified: true });
    });
  }

  it('a body without a type has none at the service', async () => {
    const queue = uniqueName('bytes');
    const received = await bench.listen(queue);
    await bench.ask(queue, { prefer: 'respond-async' }, Buffer.from([1, 2, 3]));
    await until(() => received.length === 1, { what: 'the message' });
    expect(received[0]!.contentType).to.equal(null);
  });

  it('X- headers travel both ways with their text, but for those of proxies', async () => {
    const queue = uniqueName('headers');
    let seen: Readonly<Record<string, string>> = {};
    await bench.serve(queue, (request) => {
      seen = request.applicationHeaders;
      return contents('ok', {
        headers: {
          'X-Answer': 'grüße: 1, 2',
          'X-Forwarded-For': '10.0.0.9',
          'X-Accel-Redirect': '/etc/passwd',
          'X-Content-Type-Options': 'anything',
        },
      });
    });
    const utf8 = (text: string): string => Buffer.from(text).toString('latin1');
    const answer = await bench.ask(queue, {
      prefer: 'wait=10',
      'X-Tenant': utf8('grüße: a=b;c'),
      'x-empty': '',
      'X-Forwarded-For': '10.0.0.1',
      'X-Forwarded-Proto': 'https',
      'X-Real-IP': '10.0.0.1',
      'X-Accel-Redirect': '/etc/passwd',
      'Accept-Language': 'de',
      authorization: 'Basic c2VjcmV0',
      cookie: 'session=secret',
    });
    expect(answer.status, answer.text()).to.equal(200);
    expect(seen).to.deep.equal({ 'x-tenant': 'grüße: a=b;c', 'x-empty': '' });
    expect(answer.headers['x-answer']).to.equal(utf8('grüße: 1, 2'));
    expect(answer.headers).not.to.have.any.keys('x-forwarded-for', 'x-accel-redirect');
    expect(answer.headers['x-content-type-options']).to.equal('nosniff');
  });

  it('Time, Correl-ID, Project, priority and trace go along with the message', async () => {
    const queue = uniqueName('headers');
    const received = await bench.listen(queue);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const answer = await bench.ask(queue, {
      prefer: 'respond-async',
      'message-id': queue,
      time: '1552959300136',
      'correl-id': 'conversation: 42',
      project: 'orion',
      'message-priority': '7',
      traceparent,
      tracestate: 'a=b',
      baggage: 'k=v',
      'request-timeout': '600',
    });
    expect(answer.json()).to.include({ project: 'orion' });
    await until(() => received.length === 1, { what: 'the message' });
    const [message] = received;
    expect(message).to.include({ messageId: queue, time: 1_552_959_300_136, correlationId: null });
    expect(message!.replyTo).to.deep.equal({ kind: 'queue', name: `${bench.gateway.prefix}.replies` });
    expect(message!.properties).to.include({
      conversationId: 'conversation: 42',
      project: 'orion',
      priority: 7,
      traceparent,
      tracestate: 'a=b',
      baggage: 'k=v',
      attempt: 1,
    });
    expect(message!.properties.deadlineMs).to.be.within(1, 600_000);
    expect(message!.properties.expiresAt! - Date.now()).to.be.within(1, 600_000);
  });

  it('a call that says nothing gets an id, a time and a trace', async () => {
    const queue = uniqueName('headers');
    const received = await bench.listen(queue);
    const before = Date.now();
    const answer = await bench.ask(queue, { prefer: 'respond-async' });
    await until(() => received.length === 1, { what: 'the message' });
    const [message] = received;
    expect(answer.headers['message-id'])
      .to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-7/u)
      .and.to.equal(message!.messageId);
    expect(message!.time).to.be.within(before, Date.now());
    expect(message!.properties.traceparent).to.match(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/u);
    expect(message!.properties).not.to.have.any.keys('conversationId', 'project', 'tracestate', 'baggage');
  });

  it('the reply says which request it answers and when it was made', async () => {
    const queue = uniqueName('headers');
    await bench.serve(queue, () => 'ok');
    const before = Date.now();
    const answer = await bench.ask(queue, { prefer: 'wait=10', 'message-id': queue, time: '5' });
    expect(answer.headers['correl-id']).to.equal(queue);
    expect(answer.headers['message-id']).to.not.equal(queue);
    expect(Number(answer.headers['time'])).to.be.within(before, Date.now());
  });

  it('headers as long as they may be reach the service whole', async () => {
    const queue = uniqueName('headers');
    const received = await bench.listen(queue);
    // A colon takes two bytes on the wire.
    const long = { 'x-plain': 'x'.repeat(8_192), 'x-colons': ':'.repeat(4_096) };
    const answer = await bench.ask(queue, { ...long, prefer: 'respond-async' });
    expect(answer.status, answer.text()).to.equal(202);
    await until(() => received.length === 1, { what: 'the message' });
    expect(received[0]!.applicationHeaders).to.deep.equal(long);
  });

  const travelling = ['correl-id', 'traceparent', 'tracestate', 'baggage'];

  it('headers as many bytes as they may be together reach the service whole', async () => {
    const queue = uniqueName('headers');
    const received = await bench.listen(queue);
    const longest = ':'.repeat(4_096);
    const long = Object.fromEntries([...travelling, 'x-a'].map((name) => [name, longest]));
    const rest = ':'.repeat((45_056 - 5 * 8_192 - [...travelling, 'x-ax-b'].join('').length) / 2);
    const answer = await bench.ask(queue, { ...long, 'x-b': rest, prefer: 'respond-async' });
    expect(answer.status, answer.text()).to.equal(202);
    await until(() => received.length === 1, { what: 'the message' });
    const { properties, applicationHeaders } = received[0]!;
    expect(applicationHeaders).to.deep.equal({ 'x-a': longest, 'x-b': rest });
    const { conversationId, traceparent, tracestate, baggage } = properties;
    expect([conversationId, traceparent, tracestate, baggage]).to.deep.equal(travelling.map(() => longest));
  });

  for (const [title, headers] of [
    ['a header', { 'x-colons': ':'.repeat(4_097) }],
    ['a conversation', { 'correl-id': ':'.repeat(4_097) }],
    [
      'headers',
      Object.fromEntries(
        [...travelling, 'content-type', 'x-a', 'x-b'].map((name) => [name, ':'.repeat(3_300)]),
      ),
    ],
  ] as const) {
    it(`${title} longer than a broker bears gets 400, and other calls go on`, async () => {
      const queue = uniqueName('headers');
      await bench.serve(queue, () => 'ok');
      const fault = faultOf(await bench.ask(queue, headers), 400, 'INVALID_REQUEST');
      expect(fault.allowed).to.match(/^at most \d+ bytes.*of which a colon takes two/u);
      expect((await bench.ask(queue, { prefer: 'wait=10' })).status).to.equal(200);
    });
  }

  it('as many headers as there may be reach the service', async () => {
    const queue = uniqueName('headers');
    const received = await bench.listen(queue);
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x-${index}`, 'v']));
    const answer = await bench.ask(queue, { ...many, prefer: 'respond-async' });
    expect(answer.status, answer.text()).to.equal(202);
    await until(() => received.length === 1, { what: 'the message' });
    expect(received[0]!.applicationHeaders).to.deep.equal(many);
  });

  it('a reply of nothing is an empty body without a type', async () => {
    const queue = uniqueName('headers');
    await bench.serve(queue, () => undefined);
    const answer = await bench.ask(queue, { prefer: 'wait=10' });
    expect([answer.status, answer.body.byteLength]).to.deep.equal([200, 0]);
    expect(answer.headers).not.to.have.property('content-type');
  });

  it('what a service answers cannot run as a page of the gateway', async () => {
    const queue = uniqueName('headers');
    await bench.serve(queue, () => contents('<script>alert(1)</script>', { contentType: 'text/html' }));
    const answer = await bench.ask(queue, { prefer: 'wait=10' });
    expect(answer.headers['content-security-policy']).to.equal(
      "default-src 'none';frame-ancestors 'none';sandbox",
    );
    expect(answer.headers['x-content-type-options']).to.equal('nosniff');
  });
}
