import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { SequencedEvent, StatusEvent } from '#core/status-event.js';
import type { ProvisionedBroker } from '../support/brokers.js';
import { httpBench } from '../support/http-bench.js';
import { uniqueName } from '../support/gateway.js';
import type { FoundClient, HeardMessage, JmsClient, JmsTopicListener } from '../support/jms-service.js';
import { sendTexts, startTopicListener } from '../support/jms-service.js';
import { skip } from '../support/skip.js';
import { dataOf, newProject, sequencesOf, statusOf } from '../support/status-bench.js';
import { until } from '../support/until.js';

/** Events of projects from and to a JMS client that knows nothing of this product. */
export function describeStatusJms(
  broker: () => ProvisionedBroker,
  findClient: () => Promise<FoundClient>,
): void {
  let client: JmsClient;
  let openWireUrl: string;
  let listener: JmsTopicListener | undefined;
  before(async function () {
    const found = await findClient();
    if ('unavailable' in found) return skip(this, found.unavailable);
    client = found;
    const url = broker().openWireUrl;
    if (url === null) return skip(this, 'the OpenWire address of the given broker is not known');
    openWireUrl = url;
  });
  const bench = httpBench(() => ({ brokerUrl: broker().url }));
  const status = statusOf(bench);
  afterEach(async () => {
    await listener?.stop();
    listener = undefined;
  });

  const newEvent = (parts: Partial<StatusEvent>): StatusEvent => ({
    ...{ id: randomUUID(), project: null, subject: 'job: 1', kind: 'progress', time: 1_552_959_300_136 },
    ...parts,
  });

  const send = (...events: readonly StatusEvent[]): Promise<void> =>
    sendTexts(
      { openWireUrl, client, queue: `${bench.gateway.prefix}.status` },
      events.map((event) => JSON.stringify(event)),
    );

  async function heard(count: number): Promise<readonly HeardMessage[]> {
    await until(() => listener!.heard().length >= count, { what: `${count} messages at the subscriber` });
    return listener!.heard();
  }

  it('TextMessages to the queue of status events reach their project over HTTP, in order', async () => {
    const project = newProject();
    const stream = await status.follow(project);
    const events = [
      newEvent({ project, percent: 12.5, text: 'Größe: 1', data: { left: ['ü', null] } }),
      newEvent({ project, kind: 'user-action', text: '🚀' }),
      newEvent({ project, kind: 'success' }),
    ];
    // The second one again: as after a lost acknowledgement.
    await send(...events.slice(0, 2), events[1]!, events[2]!);
    await until(() => stream.events.length >= 3, { what: 'the events' });
    const told = events.map((event, index) => ({ ...event, sequence: index + 1 }));
    expect(dataOf(stream)).to.deep.equal(told);
    expect((await status.page(project)).events).to.deep.equal(told);
  });

  it('one about a request without a project is told as its progress', async () => {
    const queue = uniqueName('jms');
    const received = await bench.listen(queue);
    await bench.ask(queue, { 'message-id': queue, prefer: 'respond-async' });
    await until(() => received.length === 1, { what: 'the request' });
    await send(newEvent({ subject: queue, percent: 40, text: 'begun' }));
    await until(async () => (await bench.status(queue)).progress !== null, { what: 'its progress' });
    expect((await bench.status(queue)).progress).to.deep.equal({ percent: 40, text: 'begun' });
  });

  it('a subscriber of the topic hears every event of the project, with its number and its headers', async () => {
    const project = newProject();
    listener = await startTopicListener({ openWireUrl, client, topic: `status.${project}` });
    const stream = await status.follow(project);
    const sent = newEvent({ project, percent: 40, text: 'Größe: 1', data: { left: ['ü', null] } });
    await send(sent);
    await status.reaches(project, 1);
    await status.tell(project, { subject: 'other', kind: 'success', text: '🚀' });
    const messages = await heard(2);
    await until(() => stream.events.length === 2, { what: 'both events' });
    const bodies = messages.map(({ text }) => JSON.parse(text) as SequencedEvent);
    expect(bodies).to.deep.equal(dataOf(stream));
    expect(bodies[0]).to.deep.equal({ ...sent, sequence: 1 });
    expect(sequencesOf(bodies)).to.deep.equal([1, 2]);
    for (const [index, { javaClass, properties }] of messages.entries()) {
      const { id, sequence, kind, subject } = bodies[index]!;
      expect(javaClass).to.equal('TextMessage');
      expect(properties).to.include({
        ...{ 'Message-ID': id, Sequence: String(sequence), Kind: kind, Subject: subject, Project: project },
      });
    }
  });
}
