import { expect } from 'chai';
import type { Message } from '#core/message.js';
import type { RequestStatus } from '#schema/request-status.js';
import { uniqueName } from '../support/gateway.js';
import type { HttpAnswer } from '../support/http.js';
import { call } from '../support/http.js';
import { httpBench } from '../support/http-bench.js';
import { until } from '../support/until.js';

describe('the status of a request over HTTP', () => {
  const bench = httpBench();

  const status = (id: string, headers: Record<string, string> = {}): Promise<HttpAnswer> =>
    call(`${bench.url}/requests/${id}`, { headers });

  async function sentRequest(
    headers: Record<string, string> = {},
  ): Promise<{ id: string; message: Message }> {
    const queue = uniqueName('status');
    const received = await bench.listen(queue);
    await bench.ask(queue, { 'message-id': queue, prefer: 'respond-async', ...headers });
    await until(() => received.length === 1, { what: 'the message' });
    await bench.reaches(queue, 'sent');
    return { id: queue, message: received[0]! };
  }

  async function waiting(count = 1): Promise<void> {
    await until(async () => (await bench.metric('waits')) === count, { what: `${count} callers to wait` });
  }

  it('tells all of an open request, and its end', async () => {
    const { id, message } = await sentRequest({ project: 'orion', 'request-timeout': '60' });
    const open = await status(id);
    expect(open.status).to.equal(200);
    expect(open.headers).to.include({
      'content-type': 'application/json',
      'cache-control': 'no-cache',
      'message-id': id,
      vary: 'Prefer',
    });
    const document = open.json<RequestStatus>();
    expect(document).to.deep.include({
      id,
      status: 'sent',
      queue: id,
      project: 'orion',
      replyTo: null,
      repliedAt: null,
      attempts: 1,
      late: false,
      verified: null,
      progress: null,
      fault: null,
      replies: 0,
    });
    expect(Date.parse(document.expiresAt!) - Date.parse(document.createdAt)).to.equal(60_000);
    expect(Date.parse(document.sentAt!)).to.be.at.least(Date.parse(document.createdAt));

    await bench.reply(message, 'done');
    const ended = await bench.reaches(id, 'replied');
    expect(ended).to.include({ replies: 1, late: false });
    expect(Date.parse(ended.repliedAt!)).to.be.at.least(Date.parse(ended.createdAt));
  });

  it('has an ETag that stays while nothing changes; If-None-Match then gets 304', async () => {
    const { id, message } = await sentRequest();
    const first = await status(id);
    const etag = first.headers['etag']!;
    expect(etag).to.match(/^"v\d+"$/u);
    expect((await status(id)).headers['etag']).to.equal(etag);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const unchanged = await status(id, { 'if-none-match': known });
      expect(unchanged.status, known).to.equal(304);
      expect(unchanged.body.byteLength).to.equal(0);
      expect(unchanged.headers).to.include({ etag, vary: 'Prefer', 'cache-control': 'no-cache' });
    }
    await bench.reply(message, 'done');
    await bench.reaches(id, 'replied');
    const changed = await status(id, { 'if-none-match': etag });
    expect(changed.status).to.equal(200);
    expect(changed.headers['etag']).not.to.equal(etag);
    expect(changed.json()).to.include({ status: 'replied' });
  });

  it('with a wait answers at the next change', async () => {
    const { id, message } = await sentRequest();
    const { etag } = (await status(id)).headers;
    const long = status(id, { prefer: 'wait=10', 'if-none-match': etag! });
    const longWithout = status(id, { prefer: 'wait=10' });
    await waiting(2);
    await bench.reply(message, 'done');
    for (const answer of await Promise.all([long, longWithout])) {
      expect(answer.status).to.equal(200);
      expect(answer.headers['preference-applied']).to.equal('wait=10');
      expect(answer.json()).to.include({ status: 'replied' });
    }
    await waiting(0);
  });

  it('with a wait answers at once when the known version is an old one', async () => {
    const { id } = await sentRequest();
    const answer = await status(id, { prefer: 'wait=60', 'if-none-match': '"v1"' });
    expect(answer.status).to.equal(200);
    expect(answer.json()).to.include({ status: 'sent' });
  });

  it('with a wait that ends without a change answers 304, or 200 when no version was named', async () => {
    const { id } = await sentRequest();
    const { etag } = (await status(id)).headers;
    const [known, unknown] = await Promise.all([
      status(id, { prefer: 'wait=1', 'if-none-match': etag! }),
      status(id, { prefer: 'wait=1' }),
    ]);
    expect(known.status).to.equal(304);
    expect(unknown.status).to.equal(200);
    expect(unknown.headers['etag']).to.equal(etag);
  });

  it('with a wait hears of the progress of its service', async () => {
    const queue = uniqueName('status');
    await bench.serve(queue, async (_request, context) => {
      await context.progress(40, 'almost half');
      await new Promise<void>((resolve) => context.signal.addEventListener('abort', () => resolve()));
    });
    await bench.ask(queue, { 'message-id': queue, prefer: 'respond-async' });
    let known = await status(queue);
    await until(
      async () => {
        if (known.json<RequestStatus>().progress !== null) return true;
        const next = await status(queue, { prefer: 'wait=5', 'if-none-match': known.headers['etag']! });
        if (next.status === 200) known = next;
        return false;
      },
      { what: 'the progress' },
    );
    expect((await bench.status(queue)).progress).to.deep.equal({ percent: 40, text: 'almost half' });
    await call(`${bench.url}/requests/${queue}`, { method: 'DELETE' });
  });

  it('says whether the service saw the body that was sent', async () => {
    const { id, message } = await sentRequest();
    const { broker, own } = bench.gateway.broker.parts;
    await broker.channel.send(own.replies, {
      ...message,
      messageId: `${id}-reply`,
      correlationId: id,
      replyTo: null,
      properties: { requestDigest: 'sha-256=:AAAA:' },
    });
    expect(await bench.reaches(id, 'replied')).to.include({ verified: false });
  });

  it('of an id with every kind of character is found under its encoded path', async () => {
    const queue = uniqueName('status');
    const id = `!"$&'()*+,-:;<=>@[]^_\`{|}~.${queue}`;
    await bench.ask(queue, { 'message-id': id, prefer: 'respond-async' });
    const answer = await status(encodeURIComponent(id));
    expect(answer.status, answer.text()).to.equal(200);
    const { links } = answer.json<RequestStatus>();
    expect((await call(`${bench.url}${links.self}`)).json()).to.include({ id });
    expect((await call(`${bench.url}${links.reply}`)).status).to.equal(202);
  });
});
