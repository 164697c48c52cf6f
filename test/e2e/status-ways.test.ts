import { expect } from 'chai';
import { createDeferred } from '#core/deferred.js';
import type { NumberedEvent, SequencedEvent, StatusEvent } from '#core/status-event.js';
import { startCli } from '../support/cli.js';
import type { ReceivedEvents } from '../support/event-source.js';
import { openEvents } from '../support/event-source.js';
import { uniqueName } from '../support/gateway.js';
import { call } from '../support/http.js';
import type { RunningProcess } from '../support/process.js';
import { newProject, statusOf } from '../support/status-bench.js';
import { projectTopic, stompFollowers } from '../support/stomp-followers.js';
import { strangerBench } from '../support/stranger-bench.js';
import { until } from '../support/until.js';

const percent = 40;
const text = 'Zeile 400 von 1000, größer';

describe('what a service tells by `context.progress`', () => {
  const bench = strangerBench(() => undefined);
  const status = statusOf(bench);
  const { follow } = stompFollowers(() => bench.url);
  const watches: RunningProcess[] = [];
  let ofRequest: ReceivedEvents | undefined;
  afterEach(async () => {
    ofRequest?.close();
    await Promise.all(watches.splice(0).map((child) => child.stop()));
  });

  function watch(...parameters: readonly string[]): RunningProcess {
    const child = startCli(['watch', ...parameters], { env: { REPLYTO_URL: bench.url } });
    watches.push(child);
    return child;
  }

  const parse = (json: string): StatusEvent => JSON.parse(json) as StatusEvent;
  /** The one event of these that is progress; there must be one. */
  function progressOf<Event extends StatusEvent>(events: readonly Event[]): Event {
    const found = events.filter(({ kind }) => kind === 'progress');
    expect(found).to.have.lengthOf(1);
    return found[0]!;
  }
  const printed = (child: RunningProcess): StatusEvent[] =>
    child
      .stdout()
      .split('\n')
      .filter((line) => line !== '')
      .map(parse);

  it('is heard with its percent and its text by everyone who follows, by whatever way, before the reply', async () => {
    const [project, queue] = [newProject(), uniqueName('ways')];
    const isHeard = createDeferred<undefined>();
    await bench.serve(queue, async (_request, { progress }) => {
      await progress(percent, text);
      await isHeard.promise;
      return 'done';
    });
    await bench.stranger.follow(`status.${project}`);
    const stream = await status.follow(project);
    const bySocket = await follow(projectTopic(project));
    const waiting = status.askPage(project, '?kind=progress&after=0', { prefer: 'wait=20' });
    const watched = watch(project, '--after', '0');

    const asked = await bench.ask(queue, { 'message-id': queue, project, prefer: 'respond-async' });
    expect(asked.status, asked.text()).to.equal(202);
    ofRequest = await openEvents(`${bench.url}/requests/${queue}/events`);
    const ofRequestBySocket = await follow(`/topic/request.${queue}`);
    const requestWatched = watch(queue);

    // Each has three: accepted, sent, and the progress.
    await until(() => stream.events.length === 3, { what: 'the stream of the project' });
    const told = progressOf(stream.events.map(({ data }) => data as SequencedEvent));
    expect(told).to.deep.include({ project, subject: queue, kind: 'progress', percent, text });
    expect(stream.events.find(({ event }) => event === 'progress')?.id).to.equal(String(told.sequence));

    const frames = await bySocket.messages(3);
    expect(progressOf(frames.map((frame) => parse(frame.text)))).to.deep.equal(told);
    const ofTopic = await bench.stranger.messages(3);
    expect(progressOf(ofTopic.map((frame) => parse(frame.text)))).to.deep.equal(told);
    const { events } = (await waiting).json<{ events: StatusEvent[] }>();
    expect(events).to.deep.equal([told]);
    await until(() => printed(watched).length === 3, { what: 'the watch of the project' });
    expect(progressOf(printed(watched))).to.deep.equal(told);

    const { sequence, ...event } = told;
    expect(sequence).to.be.within(2, 3);
    await until(() => ofRequest!.events.length === 3, { what: 'the stream of the request' });
    const own = progressOf(ofRequest.events.map(({ data }) => data as NumberedEvent));
    expect(own).to.deep.include(event);
    const ownFrames = await ofRequestBySocket.messages(3);
    expect(progressOf(ownFrames.map((frame) => parse(frame.text)))).to.deep.equal(own);
    const history = await call(`${bench.url}/requests/${queue}/events`, {
      headers: { accept: 'application/json' },
    });
    expect(progressOf(history.json<{ events: NumberedEvent[] }>().events)).to.deep.equal(own);
    await until(() => printed(requestWatched).length === 3, { what: 'the watch of the request' });
    expect(progressOf(printed(requestWatched))).to.deep.equal(own);

    // Where things stand says it too, while the service is at work.
    const document = await bench.status(queue);
    expect(document).to.deep.include({ status: 'sent', progress: { percent, text } });
    const { subjects } = (await call(`${bench.url}/status/${project}/subjects`)).json<{
      subjects: Record<string, unknown>[];
    }>();
    expect(subjects).to.have.lengthOf(1);
    expect(subjects[0]).to.include({ subject: queue, percent, text, isOver: false });

    isHeard.resolve(undefined);
    await bench.reaches(queue, 'replied');
    expect((await requestWatched.exited).code).to.equal(0);
  });
});
