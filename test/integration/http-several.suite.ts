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
}
