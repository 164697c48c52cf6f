import { expect } from 'chai';
import type { GatheredReplies } from '#schema/gathered-replies.js';
import { Fault } from '#core/fault.js';
import { contents } from '#messaging/contents.js';
import { uniqueName } from '../support/gateway.js';
import type { HttpAnswer } from '../support/http.js';
import { call, post } from '../support/http.js';
import { httpBench } from '../support/http-bench.js';
import { until } from '../support/until.js';

/** `POST /requests?queue=a&queue=b`. `brokerUrl` undefined = the embedded broker. */
export function describeSeveral(brokerUrl: () => string | undefined): void {
  const bench = httpBench(() => {
    const url = brokerUrl();
    return url === undefined ? {} : { brokerUrl: url };
  });

  interface Parts {
    readonly query?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  }

  function askAll(queues: readonly string[], { query = '', headers = {}, body = '{}' }: Parts = {}) {
    const names = queues.map((queue) => `queue=${encodeURIComponent(queue)}`).join('&');
    return post(`${bench.url}/requests?${names}${query}`, body, { prefer: 'wait=20', ...headers });
  }

  function gathered(answer: HttpAnswer): GatheredReplies {
    expect(answer.status, answer.text()).to.equal(200);
    expect(answer.headers['content-type']).to.equal('application/json');
    return answer.json<GatheredReplies>();
  }

  const names = (...purposes: string[]): string[] => purposes.map((purpose) => uniqueName(purpose));

  it('gathers the replies of all services, as they sent them', async () => {
    const [stock, image, plain] = names('stock', 'image', 'plain') as [string, string, string];
    await bench.serve(stock, ({ json }) => ({ asked: json(), left: 3 }));
    await bench.serve(image, () => contents(Buffer.of(0x89, 0, 0xff), { contentType: 'image/png' }));
    await bench.serve(plain, () => 'grüezi');
    const answer = await askAll([stock, image, plain], { body: '{"sku":7}' });
    const { complete, replies, missing } = gathered(answer);
    expect([complete, missing]).to.deep.equal([true, []]);
    expect(replies.map(({ id: _, ...reply }) => reply)).to.deep.equal([
      { queue: stock, contentType: 'application/json', body: '{"asked":{"sku":7},"left":3}' },
      { queue: image, contentType: 'image/png', bodyBase64: 'iQD/' },
      { queue: plain, contentType: 'text/plain; charset=utf-8', body: 'grüezi' },
    ]);
    const child = replies[1]!;
    const own = await call(`${bench.url}/requests/${child.id}/reply`);
    expect([own.status, own.body, own.headers['content-type']]).to.deep.equal([
      200,
      Buffer.of(0x89, 0, 0xff),
      'image/png',
    ]);
    const parentId = answer.headers['correl-id']!;
    expect(await bench.status(child.id)).to.deep.include({ parentId, status: 'replied', queue: image });
    expect(await bench.status(parentId)).to.deep.include({ children: 3, status: 'replied', replies: 1 });
  });

  it('ends with as many replies as are enough; what comes later is kept by its own request', async () => {
    const [fast, slow] = names('fast', 'slow') as [string, string];
    const waiting = await bench.listen(slow);
    await bench.serve(fast, () => 'first');
    const answer = await askAll([fast, slow], { query: '&expect=1' });
    const { complete, replies, missing } = gathered(answer);
    expect([complete, replies.map(({ queue }) => queue)]).to.deep.equal([true, [fast]]);
    expect(missing.map(({ queue }) => queue)).to.deep.equal([slow]);
    await until(() => waiting.length === 1, { what: 'the message of the slow service' });
    await bench.reply(waiting[0]!, 'second');
    const { id } = missing[0]!;
    expect(await bench.reaches(id, 'replied')).to.include({ late: false });
    expect((await call(`${bench.url}/requests/${id}/reply`)).text()).to.equal('second');
    const again = await call(`${bench.url}/requests/${answer.headers['correl-id']!}/reply`);
    expect(again.text()).to.equal(answer.text());
  });

  it('ends with what there is when no other reply has come for as long as it may stall', async () => {
    const [quick, silent] = names('quick', 'silent') as [string, string];
    await bench.listen(silent);
    await bench.serve(quick, () => 'here');
    const started = performance.now();
    const { complete, replies, missing } = gathered(await askAll([quick, silent], { query: '&stallMs=700' }));
    expect(performance.now() - started).to.be.within(700, 10_000);
    expect(complete).to.equal(false);
    expect(replies.map(({ queue, body }) => [queue, body])).to.deep.equal([[quick, 'here']]);
    expect(missing.map(({ queue, status }) => [queue, status])).to.deep.equal([[silent, 'sent']]);
  });

  it('ends when its time is over: with what there is, or as expired', async () => {
    const [quick, silent, mute] = names('quick', 'silent', 'mute') as [string, string, string];
    await Promise.all([bench.listen(silent), bench.listen(mute)]);
    await bench.serve(quick, () => 'here');
    const [partial, none] = await Promise.all([
      askAll([quick, silent], { query: '&totalMs=900' }),
      askAll([silent, mute], { query: '&totalMs=900' }),
    ]);
    const { complete, missing } = gathered(partial);
    expect([complete, missing.map(({ queue, status }) => [queue, status])]).to.deep.equal([
      false,
      [[silent, 'expired']],
    ]);
    expect(none.status, none.text()).to.equal(504);
    expect(none.json()).to.include({ code: 'REQUEST_EXPIRED' });
  });

  it('lists a Fault as the reply of its service', async () => {
    const [good, bad] = names('good', 'bad') as [string, string];
    await bench.serve(good, () => 'fine');
    await bench.serve(bad, () => {
      throw new Fault('OUT_OF_STOCK', 'nothing left', { status: 409 });
    });
    const { complete, replies } = gathered(await askAll([good, bad]));
    expect(complete).to.equal(true);
    expect(replies[1]).to.deep.include({
      queue: bad,
      fault: { code: 'OUT_OF_STOCK', message: 'nothing left', retryable: false, status: 409 },
    });
  });

  it('can be asked again: status, children, history and the replies themselves', async () => {
    const [one, two] = names('one', 'two') as [string, string];
    const received = await Promise.all([bench.listen(one), bench.listen(two)]);
    const id = uniqueName('several');
    const first = await askAll([one, two], {
      headers: { 'message-id': id, prefer: 'respond-async', 'correl-id': 'talk', 'x-shop': '7' },
    });
    expect(first.status, first.text()).to.equal(202);
    expect(first.headers['location']).to.equal(`/requests/${id}`);
    const links = { children: `/requests?parent=${id}` };
    const document = first.json<{ links: Record<string, string> }>();
    expect(document).to.deep.include({
      id,
      status: 'sent',
      queue: `${one},${two}`,
      children: 2,
      sentAt: null,
    });
    expect(document.links).to.include(links);
    await until(() => received.every((messages) => messages.length === 1), { what: 'both messages' });
    const [message] = received[0];
    expect(message?.properties).to.include({ conversationId: 'talk' });
    expect(message?.applicationHeaders).to.include({ 'x-shop': '7' });
    const listed = (await call(`${bench.url}${links.children}`)).json<{
      requests: { id: string; parentId: string; links: Record<string, string> }[];
    }>();
    expect(listed.requests.map((child) => child.id)).to.have.members(
      received.map(([each]) => each!.messageId),
    );
    for (const child of listed.requests) {
      expect([child.parentId, child.links['parent']]).to.deep.equal([id, `/requests/${id}`]);
    }
    await bench.reply(message!, 'one');
    await until(async () => (await bench.status(id)).progress?.percent === 50, { what: 'half of it' });
    const waiting = call(`${bench.url}/requests/${id}/reply`, { headers: { prefer: 'wait=20' } });
    await bench.reply(received[1][0]!, 'two');
    expect(gathered(await waiting).replies.map(({ body }) => body)).to.deep.equal(['one', 'two']);
    const events = (
      await call(`${bench.url}/requests/${id}/events`, { headers: { accept: 'application/json' } })
    ).json<{ events: { kind: string; text: string; data: { status?: string } }[] }>();
    expect(events.events.map(({ kind, data, text }) => [kind, data.status, text])).to.deep.equal([
      ['log', 'accepted', 'accepted'],
      ['log', 'sent', `scattered: 2 requests to ${one},${two}`],
      ['progress', 'replied', `1 of 2: ${one} replied`],
      ['progress', 'replied', `2 of 2: ${two} replied`],
      ['success', 'replied', '2 of 2 replied; these are enough'],
    ]);
  });

  it('sends the gathered replies to the Reply-To queue, and to others that are named later', async () => {
    const [one, two, answers, more] = names('one', 'two', 'answers', 'more') as [
      string,
      string,
      string,
      string,
    ];
    const [got, also] = await Promise.all([bench.listen(answers), bench.listen(more)]);
    await Promise.all([bench.serve(one, () => 1), bench.serve(two, () => 2)]);
    const id = uniqueName('several');
    const asked = await askAll([one, two], {
      headers: { 'message-id': id, 'reply-to': answers, prefer: 'respond-async' },
    });
    expect(asked.status, asked.text()).to.equal(202);
    await post(`${bench.url}/requests/${id}/deliveries`, JSON.stringify({ to: more }));
    await until(() => got.length === 1 && also.length === 1, { what: 'the replies on both queues' });
    for (const [message] of [got, also]) {
      expect(message).to.include({ correlationId: id, replyTo: null, contentType: 'application/json' });
      const { complete, replies } = JSON.parse(Buffer.from(message!.body).toString()) as GatheredReplies;
      expect([complete, replies.map(({ body }) => body)]).to.deep.equal([true, ['1', '2']]);
    }
  });

  it('joins a call that is repeated, and refuses another one under its id', async () => {
    const [one, two, three] = names('one', 'two', 'three') as [string, string, string];
    let runs = 0;
    await Promise.all([one, two].map((queue) => bench.serve(queue, () => (runs += 1))));
    const headers = { 'message-id': uniqueName('several') };
    const calls = await Promise.all([1, 2, 3].map(() => askAll([one, two], { headers })));
    calls.push(await askAll([one, two], { headers }));
    for (const answer of calls) expect(gathered(answer)).to.deep.equal(calls[0]?.json());
    expect(
      calls.map(({ headers: answered }) => answered['idempotent-replayed'] ?? 'first').sort(),
    ).to.deep.equal(['first', 'true', 'true', 'true']);
    expect(runs).to.equal(2);
    const others = [
      await askAll([one, three], { headers }),
      await askAll([one, two], { headers, body: '{"other":1}' }),
      await askAll([one, two], { headers, query: '&expect=1' }),
      await bench.ask(one, headers),
    ];
    const named = others.map((answer) => {
      expect(answer.status, answer.text()).to.equal(422);
      const { code, problems } = answer.json<{ code: string; problems: { field: string }[] }>();
      return [code, ...problems.map(({ field }) => field)];
    });
    expect(named).to.deep.equal([
      ['IDEMPOTENCY_MISMATCH', 'queue'],
      ['IDEMPOTENCY_MISMATCH', 'body'],
      ['IDEMPOTENCY_MISMATCH', 'rule'],
      ['IDEMPOTENCY_MISMATCH', 'queue'],
    ]);
    expect(runs).to.equal(2);
  });

  it('is cancelled with all requests of it that are open', async () => {
    const [one, two, three] = names('one', 'two', 'three') as [string, string, string];
    await bench.serve(one, () => 'done');
    const [received] = await Promise.all([bench.listen(two), bench.listen(three)]);
    const id = uniqueName('several');
    await askAll([one, two, three], { headers: { 'message-id': id, prefer: 'respond-async' } });
    await until(async () => (await bench.status(id)).progress !== null && received.length === 1, {
      what: 'one reply, and another message',
    });
    const answer = await call(`${bench.url}/requests/${id}`, { method: 'DELETE' });
    expect([answer.status, answer.json()['status']]).to.deep.equal([200, 'cancelled']);
    const states = async (): Promise<string[]> =>
      (await call(`${bench.url}/requests?parent=${id}`))
        .json<{ requests: { status: string }[] }>()
        .requests.map(({ status }) => status)
        .reverse();
    await until(async () => (await states()).join() === 'replied,cancelled,cancelled', {
      what: 'the open ones to be cancelled',
    });
    await bench.reply(received[0]!, 'too late');
    const child = received[0]!.messageId;
    await until(async () => (await bench.status(child)).late, { what: 'the late reply' });
    expect(await bench.status(id)).to.include({ status: 'cancelled', replies: 0 });
    const reply = await call(`${bench.url}/requests/${id}/reply`);
    expect([reply.status, reply.json()['code']]).to.deep.equal([409, 'REQUEST_CANCELLED']);
  });
}
