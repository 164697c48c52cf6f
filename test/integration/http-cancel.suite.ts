import { expect } from 'chai';
import type { ControlNotice } from '#messaging/control-bus.js';
import { uniqueName } from '../support/gateway.js';
import type { HttpAnswer } from '../support/http.js';
import { call } from '../support/http.js';
import { httpBench, problemOf } from '../support/http-bench.js';
import { until } from '../support/until.js';
import { happens } from '../support/happens.js';

/** `DELETE /requests/{id}`, and how services hear of it. */
export function describeCancel(brokerUrl: () => string | undefined): void {
  const bench = httpBench(() => {
    const url = brokerUrl();
    return url === undefined ? {} : { brokerUrl: url };
  });
  const notices: ControlNotice[] = [];
  before(async () => {
    await bench.gateway.broker.parts.control.subscribe((notice) => notices.push(notice));
  });

  const cancel = (id: string): Promise<HttpAnswer> =>
    call(`${bench.url}/requests/${id}`, { method: 'DELETE' });
  const noticesOf = (id: string): ControlNotice[] =>
    notices.filter((notice) => notice.type === 'cancel' && notice.requestId === id);

  it('cancels an open request and tells services once; again gives the same answer', async () => {
    const queue = uniqueName('cancel');
    await bench.ask(queue, { 'message-id': queue, prefer: 'respond-async' });
    await bench.reaches(queue, 'sent');
    const first = await cancel(queue);
    const second = await cancel(queue);
    for (const answer of [first, second]) {
      expect(answer.status, answer.text()).to.equal(200);
      expect(answer.headers['message-id']).to.equal(queue);
      expect(answer.json()).to.include({ id: queue, status: 'cancelled' });
    }
    expect(second.text()).to.equal(first.text());

    const other = uniqueName('cancel');
    await bench.ask(other, { 'message-id': other, prefer: 'respond-async' });
    await cancel(other);
    await until(() => noticesOf(other).length === 1, { what: 'the notice of a later cancel' });
    expect(noticesOf(queue)).to.have.lengthOf(1);
  });

  it('ends the work of a service that looks at its signal', async () => {
    const queue = uniqueName('cancel');
    let reason: unknown;
    let isRunning = false;
    await bench.serve(queue, async (_request, { signal }) => {
      isRunning = true;
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      reason = signal.reason;
    });
    await bench.ask(queue, { 'message-id': queue, prefer: 'respond-async' });
    await until(() => isRunning, { what: 'the service to run' });
    expect((await cancel(queue)).status).to.equal(200);
    await until(() => reason !== undefined, { what: 'the signal' });
    expect(reason).to.equal('cancelled');
    expect(await bench.status(queue)).to.include({ status: 'cancelled' });
  });

  happens(
    'Messages',
    'a reply after its request was cancelled',
    'it is kept as late and readable; the request stays cancelled',
    async () => {
      const queue = uniqueName('cancel');
      const received = await bench.listen(queue);
      await bench.ask(queue, { 'message-id': queue, prefer: 'respond-async' });
      await until(() => received.length === 1, { what: 'the message' });
      await cancel(queue);
      await bench.reply(received[0]!, 'too late');
      await until(async () => (await bench.status(queue)).late, { what: 'the late reply' });
      const reply = await call(`${bench.url}/requests/${queue}/reply`);
      expect([reply.status, reply.text(), reply.headers['late']]).to.deep.equal([200, 'too late', 'true']);
      expect((await cancel(queue)).status).to.equal(200);
    },
  );

  it('is 409 for a request that has its reply, and leaves it as it is', async () => {
    const queue = uniqueName('cancel');
    await bench.serve(queue, () => 'done');
    await bench.ask(queue, { 'message-id': queue, prefer: 'wait=10' });
    const problem = problemOf(await cancel(queue), 409, 'REQUEST_ENDED');
    expect(problem).to.include({ requestId: queue });
    expect(problem.detail).to.match(/^the request is replied;/u);
    expect((await bench.status(queue)).status).to.equal('replied');
    expect((await call(`${bench.url}/requests/${queue}/reply`)).text()).to.equal('done');
  });

  it('is 409 for a request that expired and for one that expected no reply', async () => {
    const expired = uniqueName('cancel');
    await bench.ask(expired, { 'message-id': expired, prefer: 'wait=15', 'request-timeout': '1' });
    problemOf(await cancel(expired), 409, 'REQUEST_ENDED');
    const oneWay = uniqueName('cancel');
    await bench.ask(oneWay, { 'message-id': oneWay, 'reply-to': 'none' });
    await bench.reaches(oneWay, 'completed');
    problemOf(await cancel(oneWay), 409, 'REQUEST_ENDED');
  });
}
