import { expect } from 'chai';
import { happens } from '../support/happens.js';
import { call } from '../support/http.js';
import { httpBench } from '../support/http-bench.js';
import { dataOf, newProject, sequencesOf, statusOf, upTo } from '../support/status-bench.js';
import { until } from '../support/until.js';

describe('events behind the retention, over HTTP', () => {
  const bench = httpBench(() => ({ settings: { REPLYTO_RETENTION__STATUS_EVENTS: '100' } }));
  const status = statusOf(bench);

  happens(
    'HTTP',
    'a client that asks for events of a project which retention has removed',
    '`event: gap` with the first and the last that are gone, then those that are kept; a page says the same in `gap`',
    async () => {
      const project = newProject();
      await status.tellMany(project, 150);
      const kept = await status.page(project, '?after=0&limit=1000');
      expect(kept).to.deep.include({ first: 51, last: 150, next: 150, gap: { from: 1, to: 50 } });
      expect(sequencesOf(kept.events)).to.deep.equal(upTo(150, 51));
      const stream = await status.follow(project, '', { 'last-event-id': '10' });
      await until(() => stream.events.length === 101, { what: 'the gap and what is kept' });
      const [gap, ...events] = stream.events;
      expect(gap).to.deep.equal({ id: '50', event: 'gap', data: { from: 11, to: 50 } });
      expect(events.map(({ id }) => Number(id))).to.deep.equal(upTo(150, 51));
      // Whoever resumes after the gap, or from what is kept, hears of none.
      for (const after of [50, 51, 150]) {
        expect(await status.page(project, `?after=${after}&limit=1`)).not.to.have.property('gap');
      }
      await status.tell(project);
      await until(() => stream.events.length === 102, { what: 'the next event' });
      expect(stream.events.at(-1)).to.include({ id: '151', event: 'progress' });
    },
  );

  it('are told of before a filter, which does not hide that something is gone', async () => {
    const project = newProject();
    await status.tellMany(project, 120);
    await status.tell(project, { kind: 'failure' });
    await status.reaches(project, 121);
    const stream = await status.follow(project, '?after=5&kind=failure');
    await until(() => stream.events.length === 2, { what: 'gap and failure' });
    expect(stream.events[0]).to.deep.equal({ id: '21', event: 'gap', data: { from: 6, to: 21 } });
    expect(sequencesOf(dataOf(stream).slice(1))).to.deep.equal([121]);
  });

  it('leave the list of subjects with the last event of theirs', async () => {
    const project = newProject();
    await status.tell(project, { subject: 'early', kind: 'success' });
    await status.tellMany(project, 100);
    const answer = await call(`${bench.url}/status/${project}/subjects`);
    const { subjects } = answer.json<{ subjects: { subject: string }[] }>();
    expect(subjects.map(({ subject }) => subject)).to.deep.equal(['job']);
  });
});
