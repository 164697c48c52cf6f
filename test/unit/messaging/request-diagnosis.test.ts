import { expect } from 'chai';
import type { QueueView } from '#core/ports/queue-inspection.js';
import { unknownQueue } from '#core/ports/queue-inspection.js';
import type { RequestLife } from '#core/ports/request-lives.js';
import type { Diagnosis } from '#messaging/request-diagnosis.js';
import { createRequestDiagnosis, diagnose } from '#messaging/request-diagnosis.js';
import type { Surroundings } from '#messaging/request-wait.js';
import { acceptedAt, lifeDelivery, lifeLetter, lifeOf } from '../../support/lives.js';

const now = acceptedAt + 1_000;

describe('why a request is where it is', () => {
  const seen = (parts: Partial<QueueView> = {}): QueueView => ({
    ...unknownQueue,
    ...{ depth: 3, consumers: 1, message: 'there' },
    ...parts,
  });
  const why = (life: RequestLife, parts: Partial<Surroundings> = {}): Diagnosis =>
    diagnose(life, {
      ...{ now, instance: 'me', isBrokerUp: true, isHeld: false, alive: null, view: null },
      ...parts,
    });
  const codesOf = ({ findings }: Diagnosis): string[] => findings.map(({ code }) => code);
  const unsent = (parts: Partial<RequestLife> = {}): RequestLife =>
    lifeOf({ status: 'accepted', sentAt: null }, parts);
  const leased = (owner: string): Partial<RequestLife> => ({ sending: { owner, until: now + 500 } });

  it('tells what a request waits for that is not sent', () => {
    const cases: readonly (readonly [string, Diagnosis])[] = [
      ['turn', why(unsent())],
      ['broker', why(unsent(), { isBrokerUp: false })],
      ['queue', why(unsent(), { isHeld: true })],
      ['receipt', why(unsent(leased('me')))],
      ['send-lease', why(unsent(leased('other')), { isBrokerUp: false })],
      // Its time is over: whoever looks next takes it.
      ['turn', why(unsent({ sending: { owner: 'other', until: now } }))],
    ];
    for (const [expected, { waitsFor, since, whatToDo }] of cases) {
      expect(waitsFor).to.equal(expected);
      expect(since).to.equal(acceptedAt);
      expect(whatToDo, expected).to.have.length.greaterThan(0);
    }
  });

  it('tells whether the instance that has the right to send is alive, and until when it has that', () => {
    const dead = why(unsent(leased('other')), { alive: new Set(['me']) });
    expect(dead.says).to.contain('instance other').and.contain('not been heard of lately');
    expect(dead.findings).to.deep.include({
      ...{ code: 'lease', at: now + 500, whatToDo: [] },
      says: 'until then nobody but instance other, which has not been heard of lately sends it',
    });
    expect(why(unsent(leased('other')), { alive: new Set(['other']) }).says).not.to.contain('lately');
  });

  it('tells the last error of a send, and how often it was sent again', () => {
    const at = acceptedAt + 500;
    const life = lifeOf(
      { status: 'accepted', sentAt: null, resend: 2 },
      {
        ...leased('me'),
        incidents: [
          { kind: 'send-failed', at: at - 1, instance: 'a', detail: { error: 'first' } },
          { kind: 'send-failed', at, instance: 'a', detail: { error: 'no right to write' } },
          { kind: 'sent-again', at, instance: 'me', detail: { before: 'a', count: 2 } },
        ],
      },
    );
    const { findings, since } = why(life);
    expect(findings.map(({ says }) => says)).to.deep.equal([
      'the last send was not confirmed: no right to write',
      'it was sent again 2 times, with the same Message-ID',
    ]);
    expect(since).to.equal(at);
  });

  it('tells of a queue that nobody consumes, and what to do', () => {
    const found = why(lifeOf({ expiresAt: now + 9 }), { view: seen({ consumers: 0 }) });
    expect(found).to.include({ waitsFor: 'service', since: acceptedAt + 10 });
    expect(found.says).to.equal('a service of orders has to answer; nobody consumes the queue');
    expect(codesOf(found)).to.deep.equal(['no-consumers', 'expires']);
    expect(found.whatToDo).to.deep.equal([
      'Start a service that consumes orders; the message is kept until then.',
    ]);
  });

  it('tells that the message is gone from its queue without an answer', () => {
    const found = why(lifeOf(), { view: seen({ message: 'gone', depth: 0 }) });
    expect(codesOf(found)).to.deep.equal(['message-gone']);
    expect(found.whatToDo[0]).to.contain('it took the message, acknowledged it, and has not answered');
  });

  it('advises by where the message is', () => {
    const advice = (view: QueueView | null): string => why(lifeOf(), { view }).whatToDo[0] ?? '';
    expect(advice(seen({ message: 'held' }))).to.contain('is working on it');
    expect(advice(seen({ message: 'waiting' }))).to.contain('start more services');
    expect(advice(seen({ message: null }))).to.contain('Look whether a service consumes orders');
    expect(advice(null)).to.contain('Look whether a service consumes orders');
    const unknown = why(lifeOf(), { view: { ...unknownQueue, unknown: 'no right' } });
    expect(unknown.findings[0]).to.include({
      code: 'queue-unknown',
      says: 'not all is known of orders: no right',
    });
  });

  it('tells of a reader over HTTP until its lease is over, and does not miss the message meanwhile', () => {
    const lease = { holder: 'ann', end: null, endedAt: null };
    const view = seen({ message: 'gone', depth: 0 });
    const held = why(lifeOf({}, { leases: [{ ...lease, expiresAt: now + 7 }] }), { view });
    expect(held).to.include({ waitsFor: 'reader' });
    expect(held.says).to.contain("the reader 'ann' took it");
    expect(held.findings).to.have.length(1);
    expect(held.findings[0]).to.include({ code: 'reader', at: now + 7 });
    const over = why(lifeOf({}, { leases: [{ ...lease, expiresAt: now }] }), { view });
    expect(over.waitsFor).to.equal('service');
  });

  it('tells that somebody has to decide about a dead letter', () => {
    const found = why(lifeOf({}, { letters: [lifeLetter()] }));
    expect(found).to.include({ waitsFor: 'person', since: acceptedAt + 20 });
    expect(found.whatToDo[0]).to.contain('replyto dead-letters retry 17');
  });

  it('tells of replies that were put aside, and of those that nobody could match', () => {
    const letters = [
      lifeLetter({
        number: 18,
        kind: 'invalid',
        about: 'reply',
        queue: 'replyto.replies',
        reason: 'no JSON',
      }),
      lifeLetter({ number: 19, kind: 'unmatched-reply', about: 'reply', queue: '' }),
    ];
    const found = why(lifeOf({}, { letters, unmatchedSince: 3 }));
    expect(codesOf(found)).to.deep.equal(['reply-put-aside', 'reply-put-aside', 'unmatched-replies']);
    expect(found.waitsFor).to.equal('service');
    const [, first, second, third] = found.whatToDo;
    expect(first).to.contain('replyto dead-letters show 18');
    expect(second).to.contain('replyto unmatched match 19 order-1');
    expect(third).to.contain('replyto unmatched');
  });

  it('tells of progress', () => {
    const found = why(lifeOf({ progress: { percent: 50, text: 'half way' } }));
    expect(found.findings[0]).to.include({
      code: 'progress',
      says: 'the service is at work: 50 %, half way',
    });
  });

  it('tells how an ended request ended, and that nothing waits', () => {
    for (const status of ['replied', 'faulted', 'expired', 'cancelled', 'completed'] as const) {
      const found = why(lifeOf({ status, expiresAt: now }, { endedAt: now }), { view: null });
      expect(found).to.include({ waitsFor: 'nothing', since: now });
      expect(found.says).to.contain('nothing waits');
      expect(found.findings).to.deep.equal([]);
    }
  });

  it('tells of replies that are on their way, tried again or given up', () => {
    const deliveries = [
      lifeDelivery({ state: 'delivered' }),
      lifeDelivery({ queue: 'two', lastError: 'full', attempts: 3, nextAt: now + 5 }),
      lifeDelivery({ queue: 'three', owner: 'b' }),
      lifeDelivery({ queue: 'four', state: 'dead', attempts: 12, lastError: 'no right', endedAt: now }),
    ];
    const found = why(lifeOf({ status: 'replied' }, { deliveries, endedAt: now }));
    expect(found).to.include({ waitsFor: 'forward', since: acceptedAt + 30 });
    expect(found.says).to.equal('it is replied; the reply is on its way to two');
    expect(found.findings.map(({ code, at }) => [code, at])).to.deep.equal([
      ['forward-retried', now + 5],
      ['forward-waits', acceptedAt + 30],
      ['forward-given-up', now],
    ]);
    const pending = lifeDelivery({ state: 'pending', replyNumber: null });
    expect(codesOf(why(lifeOf({}, { deliveries: [pending] })))).to.deep.equal(['forward-awaits']);
  });

  describe('asked of a gateway', () => {
    const asked: string[] = [];
    beforeEach(() => asked.splice(0));
    const of = (
      life: RequestLife | null,
      rights: { readonly queue: boolean; readonly letters: boolean },
      isBrokerUp = true,
    ): Promise<Diagnosis | null> =>
      createRequestDiagnosis({
        lives: { of: () => Promise.resolve(life) },
        instances: { list: () => Promise.resolve([]) },
        inspection: {
          inspect: (queue, { messageId, withinMs }) => {
            asked.push(`${queue} ${messageId} ${withinMs}`);
            return Promise.resolve(seen());
          },
        },
        storeTime: { now: () => now },
        instance: 'me',
        isBrokerUp: () => isBrokerUp,
        heldQueues: () => ['orders'],
      }).of('order-1', { queue: rights.queue, mayReadLetters: () => rights.letters });
    const all = { queue: true, letters: true };

    it('asks the broker about a request that is there, for a second at most', async () => {
      expect((await of(lifeOf(), all))?.queue).to.deep.equal(seen());
      expect(asked).to.deep.equal(['orders order-1 1000']);
    });

    it('asks nothing of what was never sent, has ended or is unknown, nor while the broker is away', async () => {
      await of(lifeOf({ status: 'accepted', attempts: 0 }), all);
      await of(lifeOf({ status: 'replied' }), all);
      expect(await of(null, all)).to.equal(null);
      await of(lifeOf(), all, false);
      expect(asked).to.deep.equal([]);
      expect((await of(lifeOf({ status: 'accepted', attempts: 0 }), all))?.waitsFor).to.equal('queue');
    });

    it('tells nobody what its rights do not cover', async () => {
      const life = lifeOf(
        {},
        {
          letters: [lifeLetter()],
          unmatchedSince: 4,
          leases: [{ holder: 'ann', expiresAt: now + 5, end: null, endedAt: null }],
        },
      );
      const found = await of(life, { queue: false, letters: false });
      expect(asked).to.deep.equal([]);
      expect(found?.queue).to.equal(null);
      expect(JSON.stringify(found)).not.to.match(/ann|dead letter|no database|unmatched-replies/u);
    });
  });
});
