import { expect } from 'chai';
import { groupBy } from '#core/group-by.js';
import { call } from '../support/http.js';
import { encodeRawFrame } from '../support/raw-stomp.js';
import type { ServedGateway } from '../support/served-gateway.js';
import { serveGateway } from '../support/served-gateway.js';
import { sequencesOf, dataOf, statusBench, upTo } from '../support/status-bench.js';
import type { Stranger } from '../support/stranger.js';
import { openStranger } from '../support/stranger.js';
import { until } from '../support/until.js';

const flood = 10_000;

describe('events of many projects', () => {
  let gateway: ServedGateway;
  let sender: Stranger;
  let bystander: Stranger;
  const status = statusBench({ url: () => gateway.url });
  before(async () => {
    gateway = await serveGateway();
    sender = await openStranger(gateway.brokerUrl);
    bystander = await openStranger(gateway.brokerUrl);
  });
  after(async () => {
    sender.destroy();
    bystander.destroy();
    await gateway.remove();
  });

  it('reach streams and topics of the others while one has a flood', async function () {
    this.timeout(120_000);
    const flooded = await status.follow('flood');
    const calm = await status.follow('calm');
    await bystander.follow('status.calm');
    const event = (number: number): string =>
      JSON.stringify({ id: `flood-${number}`, project: 'flood', subject: 'job', time: number, kind: 'log' });
    const headers = { ...sender.toQueue('replyto.status'), persistent: 'true' };
    sender.write(Buffer.concat(upTo(flood).map((number) => encodeRawFrame('SEND', headers, event(number)))));
    await until(() => flooded.events.length > 0, { what: 'the first event of the flood' });
    await Promise.all(upTo(5).map((number) => status.tell('calm', { text: String(number) })));
    await until(() => calm.events.length === 5, { what: 'the events of the other', withinMs: 60_000 });
    expect(sequencesOf(dataOf(calm))).to.deep.equal(upTo(5));
    const frames = await bystander.messages(5);
    expect(frames.map(({ headers: { Sequence } }) => Number(Sequence))).to.deep.equal(upTo(5));
    expect(flooded.events.length, 'events of the flood that came before').to.be.lessThan(flood);
    await until(() => flooded.events.length === flood, { what: 'all of the flood', withinMs: 90_000 });
  });

  it('reach the topics of hundreds at once, each in order', async function () {
    this.timeout(120_000);
    const projects = upTo(300).map((number) => `one of many ${number}`);
    for (const project of projects) await bystander.follow(`status.${project}`);
    for (const round of upTo(4)) {
      await Promise.all(projects.map((project) => status.tell(project, { subject: `job ${round % 2}` })));
    }
    const frames = await bystander.messages(4 * projects.length);
    const numbers = groupBy(frames, ({ headers: { Project } }) => Project);
    for (const project of projects) {
      const sequences = numbers.get(project)?.map(({ headers: { Sequence } }) => Number(Sequence));
      expect(sequences, project).to.deep.equal(upTo(4));
    }
    const list = await call(`${gateway.url}/status?limit=500`);
    const listed = list.json<{ projects: { project: string; last: number; subjects: number }[] }>().projects;
    const many = listed.filter(({ project }) => project.startsWith('one of many'));
    expect(many).to.have.length(projects.length);
    for (const { project, last, subjects } of many) expect([last, subjects], project).to.deep.equal([4, 2]);
  });
});
