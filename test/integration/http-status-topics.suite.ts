import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { SequencedEvent, StatusEvent } from '#core/status-event.js';
import { happens } from '../support/happens.js';
import { uniqueName } from '../support/gateway.js';
import { call } from '../support/http.js';
import type { ReceivedFrame } from '../support/raw-stomp.js';
import { dataOf, newProject, sequencesOf, statusOf, upTo } from '../support/status-bench.js';
import { strangerBench } from '../support/stranger-bench.js';
import { until } from '../support/until.js';

/**
 * Events of projects on their way from services by the broker to HTTP and back to the broker.
 * @param everyTopic the topics of all projects, where the broker knows wildcards
 */
export function describeStatusTopics(brokerUrl: () => string | undefined, everyTopic?: string): void {
  const bench = strangerBench(brokerUrl);
  const status = statusOf(bench);

  const newEvent = (project: string, parts: Partial<StatusEvent> = {}): StatusEvent => ({
    ...{ id: randomUUID(), project, subject: 'job: 1', kind: 'progress', time: 1_552_959_300_136 },
    ...parts,
  });

  /** As any STOMP client does. */
  const send = (event: unknown): Promise<void> =>
    bench.stranger.send(
      `${bench.gateway.prefix}.status`,
      { persistent: 'true', 'content-type': 'application/json' },
      typeof event === 'string' ? event : JSON.stringify(event),
    );

  const bodyOf = (frame: ReceivedFrame): SequencedEvent => JSON.parse(frame.text) as SequencedEvent;

  it('an event of a plain STOMP client is the same, with its number, over HTTP and on the topic of its project', async () => {
    const project = newProject();
    await bench.stranger.follow(`status.${project}`);
    const stream = await status.follow(project);
    const event = newEvent(project, { percent: 12.5, text: 'Größe: 1', data: { left: ['ü', null] } });
    await send(event);
    await until(() => stream.events.length === 1, { what: 'the event' });
    const told = { ...event, sequence: 1 };
    expect(stream.events).to.deep.equal([{ id: '1', event: 'progress', data: told }]);
    const [frame] = await bench.stranger.messages(1);
    expect(bodyOf(frame!)).to.deep.equal(told);
    expect(frame!.headers).to.include({
      'Message-ID': event.id,
      Sequence: '1',
      Kind: 'progress',
      Subject: 'job: 1',
      Project: project,
      'content-type': 'application/json',
    });
    expect((await status.page(project)).events).to.deep.equal([told]);
  });

  it('what becomes of a request with a Project is told, in order, with the progress of its service', async () => {
    const project = newProject();
    await bench.stranger.follow(`status.${project}`);
    const stream = await status.follow(project);
    const queue = uniqueName('told');
    await bench.serve(queue, async (_request, { progress }) => {
      await progress(40, 'begun');
      return 'done';
    });
    const answer = await bench.ask(queue, { 'message-id': queue, project, prefer: 'wait=10' });
    expect(answer.status, answer.text()).to.equal(200);
    await until(() => stream.events.length === 4, { what: 'four events' });
    const events = dataOf(stream);
    expect(sequencesOf(events)).to.deep.equal([1, 2, 3, 4]);
    expect(new Set(events.map(({ subject }) => subject))).to.deep.equal(new Set([queue]));
    const states = events.map(({ data, text }) => (data as { status?: string } | undefined)?.status ?? text);
    // Progress is another message than the reply, which may overtake it.
    expect(states).to.have.members(['accepted', 'sent', 'begun', 'replied']);
    expect(states.filter((state) => state !== 'begun')).to.deep.equal(['accepted', 'sent', 'replied']);
    expect(events.find(({ kind }) => kind === 'progress')).to.include({ percent: 40, text: 'begun' });
    const frames = await bench.stranger.messages(4);
    expect(frames.map(bodyOf)).to.deep.equal(events);
    const history = await call(`${bench.url}/requests/${queue}/events`, {
      headers: { accept: 'application/json' },
    });
    const own = history.json<{ events: StatusEvent[] }>().events;
    expect(own.map(({ id }) => id)).to.have.members(events.map(({ id }) => id));
  });

  it('requests without a Project are told of on no topic', async () => {
    const figures = async (): Promise<number[]> => [
      await bench.metric('events_numbered_total'),
      await bench.metric('events_published_total'),
    ];
    const [before] = await until(
      async () => {
        const [numbered, published] = await figures();
        return numbered === published && [numbered];
      },
      { what: 'the events of other tests to be published' },
    );
    const projects = (await call(`${bench.url}/status`)).json();
    if (everyTopic !== undefined) await bench.stranger.follow(everyTopic);
    const queue = uniqueName('told');
    await bench.serve(queue, async (_request, { progress }) => {
      await progress(40, 'begun');
      return 'done';
    });
    expect((await bench.ask(queue, { 'message-id': queue, prefer: 'wait=10' })).status).to.equal(200);
    await until(async () => (await bench.status(queue)).progress !== null, { what: 'the progress' });
    expect((await call(`${bench.url}/status`)).json()).to.deep.equal(projects);

    // What was published of it would come before this one.
    const project = newProject();
    if (everyTopic === undefined) await bench.stranger.follow(`status.${project}`);
    await status.tell(project);
    const frame = await bench.stranger.take('MESSAGE', { Project: project });
    expect(bodyOf(frame).sequence).to.equal(1);
    expect(bench.stranger.pending.filter(({ headers }) => headers['Subject'] === queue)).to.deep.equal([]);
    await until(async () => (await figures()).every((figure) => figure === before! + 1), {
      what: 'one event to be numbered and published',
    });
  });

  it('many events from the broker and over HTTP at once get one order, the same for all', async () => {
    const project = newProject();
    await bench.stranger.follow(`status.${project}`);
    const stream = await status.follow(project);
    await Promise.all([
      ...upTo(50).map((number) => send(newEvent(project, { text: `sent ${number}` }))),
      ...upTo(50).map((number) => status.tell(project, { text: `posted ${number}` })),
    ]);
    await until(() => stream.events.length === 100, { what: 'all events', withinMs: 15_000 });
    expect(sequencesOf(dataOf(stream))).to.deep.equal(upTo(100));
    const frames = await bench.stranger.messages(100);
    expect(frames.map(({ headers }) => Number(headers['Sequence']))).to.deep.equal(upTo(100));
    expect(frames.map(bodyOf)).to.deep.equal(dataOf(stream));
    // What was sent first is told first.
    const sent = dataOf(stream).filter(({ text = '' }) => text.startsWith('sent'));
    expect(sent.map(({ text }) => text)).to.deep.equal(upTo(50).map((number) => `sent ${number}`));
  });

  it('an event that comes again with its id is told once', async () => {
    const project = newProject();
    await bench.stranger.follow(`status.${project}`);
    const event = newEvent(project);
    for (let time = 0; time < 3; time += 1) await send(event);
    await send(newEvent(project, { text: 'last' }));
    const frames = await bench.stranger.messages(2);
    expect(frames.map(bodyOf).map(({ text }) => text)).to.deep.equal([undefined, 'last']);
    expect((await status.page(project)).last).to.equal(2);
  });

  happens(
    'Messages',
    'a status event that breaks its schema: no JSON, no subject, percent over 100, an unknown kind, a project with a wildcard, 70,000 bytes',
    'to the invalid messages, with the reason; it reaches nobody, and the next good event does',
    async () => {
      const project = newProject();
      await bench.stranger.follow(`status.${project}`);
      const stream = await status.follow(project);
      const before = await bench.metric('messages_invalid_total');
      const told = bench.toldFromNow();
      const bad: [event: unknown, reason: RegExp][] = [
        ['no JSON', /event: JSON/u],
        [newEvent(project, { subject: '' }), /subject: 1-255/u],
        [newEvent(project, { percent: 101 }), /percent: /u],
        [newEvent(project, { percent: -1 }), /percent: /u],
        [{ ...newEvent(project), kind: 'rumour' }, /kind: one of progress/u],
        [newEvent(`${project}.*`), /project: 1-248 bytes/u],
        [newEvent(`${project}/x`), /project: 1-248 bytes/u],
        [newEvent(project, { text: 'x'.repeat(70_000) }), /event: at most 65536 bytes/u],
      ];
      for (const [event] of bad) await send(event);
      await send(newEvent(project, { text: 'good' }));
      await until(() => stream.events.length > 0, { what: 'the good event' });
      expect(dataOf(stream).map(({ sequence, text }) => [sequence, text])).to.deep.equal([[1, 'good']]);
      const frames = await bench.stranger.messages(1);
      expect(bodyOf(frames[0]!).text).to.equal('good');
      expect(await bench.metric('messages_invalid_total')).to.equal(before + bad.length);
      const reasons = told().map(({ facts }) => String(facts['reason']));
      expect(reasons).to.have.lengthOf(bad.length);
      for (const [index, [, reason]] of bad.entries()) expect(reasons[index]).to.match(reason);
    },
  );
}
