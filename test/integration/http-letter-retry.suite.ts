import { expect } from 'chai';
import { createReplier } from '#app/library/create-replier.js';
import { queue as queueNamed } from '#core/destination.js';
import { call } from '../support/http.js';
import { httpBench } from '../support/http-bench.js';
import { uniqueName } from '../support/gateway.js';
import { letterBench } from '../support/letters.js';
import { newMessage } from '../support/messages.js';
import { until } from '../support/until.js';

/** A dead letter comes back over the broker as the message that it was, with its reply address. */
export function describeLetterRetry(brokerUrl?: () => string): void {
  const bench = httpBench(() => (brokerUrl === undefined ? {} : { brokerUrl: brokerUrl() }));
  const { failed, unmatched, list, send } = letterBench(bench);

  it('sends a request again that its service gave up, and the reply reaches the request', async () => {
    const queue = uniqueName('failing');
    const headers = { 'content-type': 'text/plain', 'x-colour': 'größer: rot' };
    const letter = await failed(queue, { ...headers, project: 'p1', 'correl-id': 'talk' }, 'hello');
    expect(letter).to.deep.include({ replyTo: `${bench.gateway.prefix}.replies`, contentType: 'text/plain' });
    const served: unknown[] = [];
    await bench.serve(
      queue,
      ({ messageId, correlationId, applicationHeaders, properties, body }, { attempt }) => {
        const { conversationId, project } = properties;
        served.push({ messageId, correlationId, applicationHeaders, conversationId, project, attempt });
        return Buffer.from(body).toString().toUpperCase();
      },
    );
    expect((await send('POST', `${letter.links.self}/retry`)).status).to.equal(202);
    const reply = await until(
      async () => {
        const answer = await call(`${bench.url}/requests/${letter.messageId!}/reply?n=2`);
        return answer.status === 200 && answer;
      },
      { what: 'the reply' },
    );
    expect(reply.text()).to.equal('HELLO');
    expect(served).to.deep.equal([
      {
        ...{ messageId: letter.messageId, correlationId: null, applicationHeaders: letter.headers },
        ...{ conversationId: 'talk', project: 'p1', attempt: 1 },
      },
    ]);
  });

  it('sends a request of another requestor again with the address that its reply goes to', async () => {
    const [queue, replies] = [uniqueName('failing'), uniqueName('replies')];
    const received = await bench.listen(replies);
    const { broker } = bench.gateway;
    const handlers = [
      () => {
        throw new Error('no database');
      },
      () => 'done',
    ];
    const request = newMessage({ replyTo: queueNamed(replies) });
    for (const handler of handlers) {
      const service = createReplier({ broker, queue, retry: { attempts: 1 }, handler });
      await service.start();
      const [letter] = await list(`/dead-letters?queue=${queue}`);
      if (letter === undefined) await broker.parts.broker.channel.send(queueNamed(queue), request);
      else expect((await send('POST', `${letter.links.self}/retry`)).status).to.equal(202);
      const count = received.length + 1;
      await until(() => received.length === count, { what: `reply ${count}` });
      await until(async () => (await list(`/dead-letters?queue=${queue}`)).length === count % 2, {
        what: 'the letter to come, then to be gone',
      });
      await service.stop(2_000);
    }
    expect(received.map(({ properties }) => properties.fault ?? false)).to.deep.equal([true, false]);
    for (const { correlationId } of received) expect(correlationId).to.equal(request.messageId);
    expect(Buffer.from(received[1]!.body).toString()).to.equal('done');
  });

  it('settles a request with a reply whose service had lost the id', async () => {
    const id = uniqueName('asked');
    await bench.ask(id, { prefer: 'respond-async', 'message-id': id });
    const { links } = await unmatched({ body: Buffer.from('twelve'), contentType: 'text/plain' });
    const matched = await send('POST', `${links.self}/match`, { requestId: id });
    expect(matched.json()).to.include({ id, status: 'replied' });
    expect((await call(`${bench.url}/requests/${id}/reply`)).text()).to.equal('twelve');
  });
}
