import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { topic } from '#core/destination.js';
import type { RequestRecord } from '#core/request.js';
import type { RequestChange, RequestWatch } from '#messaging/request-watch.js';
import { createRequestWatch } from '#messaging/request-watch.js';
import type { SettledNotices } from '#messaging/settled-notices.js';
import { createSettledNotices } from '#messaging/settled-notices.js';
import { passTime, settled } from '../../support/event-loop.js';
import type { FakeChannel } from '../../support/fake-channel.js';
import { createFakeChannel } from '../../support/fake-channel.js';
import type { FakeSource } from '../../support/fake-source.js';
import { createFakeSource } from '../../support/fake-source.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { newMessage } from '../../support/messages.js';
import { createRecordingLogger } from '../../support/recording.js';
import { storedRequest } from '../../support/requests.js';

describe('the notices of settled requests', () => {
  let clock: ManualClock;
  let channel: FakeChannel;
  let source: FakeSource;
  let watch: RequestWatch;
  let notices: SettledNotices;
  /** The store, by id. */
  let records: Map<string, RequestRecord>;
  let questions: number;
  let brokenFinds: number;

  beforeEach(() => {
    clock = createManualClock();
    channel = createFakeChannel();
    source = createFakeSource();
    watch = createRequestWatch(clock);
    records = new Map();
    questions = 0;
    brokenFinds = 0;
    notices = createSettledNotices({
      ...{ channel, source, clock, watch, newId: randomUUID, logger: createRecordingLogger() },
      instance: 'here',
      topicOf: (instance) => topic(`p.settled.${instance}`),
      store: {
        find: (id) => {
          if (brokenFinds-- > 0) return Promise.reject(new Error('away'));
          return Promise.resolve(records.get(id) ?? null);
        },
        versions: (ids) => {
          questions += 1;
          const known = ids.flatMap((id) => records.get(id) ?? []);
          return Promise.resolve(new Map(known.map(({ id, version }) => [id, version])));
        },
      },
    });
  });
  afterEach(async () => {
    await notices.stop(1_000);
    expect([clock.pending, source.subscriptions]).to.deep.equal([0, 0]);
  });

  const put = (id: string, version: number): void =>
    void records.set(id, storedRequest({ id, version, status: 'replied' }));
  const idsTold = (instance: string): string[][] =>
    channel
      .sentTo(`p.settled.${instance}`)
      .map(
        ({ message }) =>
          (JSON.parse(Buffer.from(message.body).toString()) as { requestIds: string[] }).requestIds,
      );

  function heard(id: string): RequestChange[] {
    const changes: RequestChange[] = [];
    watch.watch(id, (change) => changes.push(change));
    return changes;
  }

  it('tell the instance that accepted it, and nobody of its own', async () => {
    notices.tell({ id: 'a', acceptedBy: 'there' });
    notices.tell({ id: 'b', acceptedBy: 'here' });
    notices.tell({ id: 'c', acceptedBy: null });
    await settled();
    expect(idsTold('there')).to.deep.equal([['a']]);
    expect(channel.sent).to.have.length(1);
  });

  it('take together what comes while one is on its way', async () => {
    channel.always('hold');
    for (const id of ['a', 'b', 'c', 'b']) notices.tell({ id, acceptedBy: 'there' });
    await settled();
    channel.sent[0]!.answer('confirm');
    await settled();
    expect(idsTold('there')).to.deep.equal([['a'], ['b', 'c']]);
    channel.sent[1]!.answer('SEND_UNCONFIRMED');
    await settled();
    channel.always('confirm');
    notices.tell({ id: 'd', acceptedBy: 'there' });
    await settled();
    expect(idsTold('there').at(-1)).to.deep.equal(['d']);
  });

  it('wake who waits here, and read nothing for whom nobody waits', async () => {
    await notices.start();
    put('a', 3);
    put('b', 3);
    const changes = heard('a');
    const body = Buffer.from(JSON.stringify({ requestIds: ['a', 'b', 7] }));
    source.deliver('p.settled.here', newMessage({ body }));
    await settled();
    expect(changes.map(({ record }) => record.version)).to.deep.equal([3]);
    source.deliver('p.settled.here', newMessage({ body: Buffer.from('no JSON') }));
    source.deliver('p.settled.here', newMessage({ body: Buffer.from('{"requestIds":"a"}') }));
    await settled();
    expect(changes).to.have.length(1);
  });

  it('are not needed: the store is asked every second, in one question, about all that is waited for', async () => {
    await notices.start();
    const [a, b] = [heard('a'), heard('b')];
    put('a', 1);
    put('b', 1);
    await passTime(clock, 1_000);
    expect([a.length, b.length, questions]).to.deep.equal([1, 1, 1]);
    put('b', 2);
    await passTime(clock, 1_000);
    expect([a.length, b.length, questions]).to.deep.equal([1, 2, 2]);
  });

  it('tell a second later what could not be read', async () => {
    await notices.start();
    const changes = heard('a');
    put('a', 1);
    brokenFinds = 1;
    await passTime(clock, 1_000);
    expect(changes).to.have.length(0);
    await passTime(clock, 1_000);
    expect(changes).to.have.length(1);
  });
});
