import { expect } from 'chai';
import { Fault } from '#core/fault.js';
import type { SequencedEvent } from '#core/status-event.js';
import { uniqueName } from '../support/gateway.js';
import { call, post } from '../support/http.js';
import { httpBench } from '../support/http-bench.js';
import { newProject, statusOf, upTo } from '../support/status-bench.js';
import { until } from '../support/until.js';

const routeProject = 'of-the-route';

describe('what a project hears of its requests', () => {
  const routeQueue = uniqueName('route');
  const bench = httpBench(() => ({
    settings: {
      REPLYTO_ROUTES: JSON.stringify([{ path: '/orders', queue: routeQueue, project: routeProject }]),
    },
  }));
  const status = statusOf(bench);

  /** All events of a project, once there are so many: its subject, its kind, and the state that it tells. */
  async function toldOf(project: string, count: number): Promise<(readonly [string, string, unknown])[]> {
    await status.reaches(project, count);
    const { events } = await status.page(project);
    expect(events.map(({ sequence }) => sequence)).to.deep.equal(upTo(count));
    return events.map(({ subject, kind, data }: SequencedEvent) => [
      subject,
      kind,
      (data as { status?: string }).status,
    ]);
  }

  /** What its history says, which must be what its project heard, event by event. */
  async function expectSameHistory(id: string, project: string): Promise<void> {
    const answer = await call(`${bench.url}/requests/${id}/events`, {
      headers: { accept: 'application/json' },
    });
    const history = answer.json<{ events: { id: string; text: string }[] }>().events;
    const { events } = await status.page(project);
    expect(events.map((event) => [event.id, event.text])).to.deep.equal(
      history.map((event) => [event.id, event.text]),
    );
  }

  /** Services answer once it is told: a reply may overtake the receipt, and proves it. */
  const begun = (id: string): (readonly [string, string, unknown])[] => [
    [id, 'log', 'accepted'],
    [id, 'log', 'sent'],
  ];

  it('that a service failed them', async () => {
    const [project, id] = [newProject(), uniqueName('states')];
    await bench.serve(id, async () => {
      await bench.reaches(id, 'sent');
      throw new Fault('OUT_OF_STOCK', 'nothing left');
    });
    await bench.ask(id, { 'message-id': id, project, prefer: 'wait=15' });
    expect(await toldOf(project, 3)).to.deep.equal([...begun(id), [id, 'failure', 'faulted']]);
    await expectSameHistory(id, project);
  });

  it('that they expired, and of replies that come late', async () => {
    const [project, id] = [newProject(), uniqueName('states')];
    const received = await bench.listen(id);
    await bench.ask(id, { 'message-id': id, project, prefer: 'respond-async', 'request-timeout': '1' });
    await until(() => received.length === 1, { what: 'the message' });
    await bench.reaches(id, 'expired');
    expect(await toldOf(project, 3)).to.deep.equal([...begun(id), [id, 'failure', 'expired']]);
    await bench.reply(received[0]!, 'at last');
    expect((await toldOf(project, 4)).at(-1)).to.deep.equal([id, 'log', 'late']);
    await expectSameHistory(id, project);
  });

  it('that they were cancelled', async () => {
    const [project, id] = [newProject(), uniqueName('states')];
    await bench.ask(id, { 'message-id': id, project, prefer: 'respond-async' });
    await bench.reaches(id, 'sent');
    await call(`${bench.url}/requests/${id}`, { method: 'DELETE' });
    expect(await toldOf(project, 3)).to.deep.equal([...begun(id), [id, 'user-action', 'cancelled']]);
    await expectSameHistory(id, project);
  });

  it('that they were sent and expect no reply', async () => {
    const [project, id] = [newProject(), uniqueName('states')];
    await bench.ask(id, { 'message-id': id, project, 'reply-to': 'none', prefer: 'respond-async' });
    expect(await toldOf(project, 2)).to.deep.equal([
      [id, 'log', 'accepted'],
      [id, 'success', 'completed'],
    ]);
    await expectSameHistory(id, project);
  });

  it('of further replies than the first', async () => {
    const [project, id] = [newProject(), uniqueName('states')];
    const received = await bench.listen(id);
    await bench.ask(id, { 'message-id': id, project, prefer: 'respond-async' });
    await until(() => received.length === 1, { what: 'the message' });
    await bench.reaches(id, 'sent');
    for (const reply of ['first', 'second']) await bench.reply(received[0]!, reply);
    expect(await toldOf(project, 4)).to.deep.equal([
      ...begun(id),
      [id, 'success', 'replied'],
      [id, 'log', 'duplicate'],
    ]);
    await expectSameHistory(id, project);
  });

  it('though only their route names it, unless the caller names another', async () => {
    await bench.serve(routeQueue, async ({ messageId }) => {
      await bench.reaches(messageId, 'sent');
      return 'done';
    });
    const other = newProject();
    const ask = async (id: string, headers: Record<string, string> = {}): Promise<void> => {
      const answer = await post(`${bench.url}/orders`, '{}', {
        ...{ 'message-id': id, prefer: 'wait=15' },
        ...headers,
      });
      expect(answer.status, answer.text()).to.equal(200);
    };
    const [id, otherId] = [uniqueName('states'), uniqueName('states')];
    await ask(otherId, { project: other });
    await ask(id);
    expect(await toldOf(routeProject, 3)).to.deep.equal([...begun(id), [id, 'success', 'replied']]);
    expect(await toldOf(other, 3)).to.deep.equal([...begun(otherId), [otherId, 'success', 'replied']]);
    await expectSameHistory(id, routeProject);
  });
});
