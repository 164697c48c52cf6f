import { expect } from 'chai';
import type { LifeEvent } from '#core/ports/request-lives.js';
import type { StatusEvent } from '#core/status-event.js';
import { traceOf } from '#messaging/request-trace.js';
import { acceptedAt, lifeDelivery, lifeLetter, lifeOf } from '../../support/lives.js';

describe('the trace of a request', () => {
  const event = (
    number: number,
    afterMs: number,
    parts: Partial<StatusEvent> & { readonly instance?: string } = {},
  ): LifeEvent => ({
    ...{ id: `e${number}`, project: null, subject: 'order-1', kind: 'log', instance: 'a' },
    ...{ number, time: acceptedAt + afterMs },
    ...parts,
  });
  const state = (
    number: number,
    afterMs: number,
    status: string,
    kind: StatusEvent['kind'] = 'log',
  ): LifeEvent => event(number, afterMs, { kind, text: `${status}!`, data: { status } });
  const reply = {
    ...{ number: 1, messageId: 'r1', receivedAt: acceptedAt + 30, late: false, fault: null },
    ...{ contentType: 'text/plain', bytes: 6 },
  };

  it('has the usual in the order in which it happened, with who did it', () => {
    const life = lifeOf(
      { status: 'replied', replyTo: 'answers', postedBy: 'ann', replies: 1 },
      {
        events: [state(1, 0, 'accepted'), state(2, 10, 'sent'), state(3, 30, 'replied', 'success')],
        replies: [reply],
        deliveries: [
          lifeDelivery({ state: 'delivered', endedAt: acceptedAt + 45, endedBy: 'b', nextAt: null }),
        ],
      },
    );
    const entries = traceOf(life);
    expect(entries.map(({ at, what, instance }) => [at - acceptedAt, what, instance])).to.deep.equal([
      [0, 'accepted', 'a'],
      [10, 'sent', 'a'],
      [30, 'replied', 'a'],
      [30, 'forward-queued', null],
      [45, 'forwarded', 'b'],
    ]);
    expect(entries[0]!.detail).to.deep.equal({ queue: 'orders', replyTo: 'answers', postedBy: 'ann' });
    expect(entries[2]!.detail).to.deep.equal({
      reply: 1,
      messageId: 'r1',
      bytes: 6,
      contentType: 'text/plain',
    });
    expect(entries[4]).to.deep.include({
      says: 'the broker confirmed that the reply is in answers',
      detail: { queue: 'answers', reply: 1, attempts: 1 },
    });
  });

  it('has what was not as usual between it, in words', () => {
    const life = lifeOf(
      {},
      {
        events: [state(1, 0, 'accepted'), state(2, 50, 'sent')],
        incidents: [
          { kind: 'send-failed', at: acceptedAt + 20, instance: 'a', detail: { error: 'no receipt' } },
          { kind: 'sent-again', at: acceptedAt + 40, instance: 'b', detail: { before: 'a', count: 1 } },
          { kind: 'sent-again', at: acceptedAt + 45, instance: 'c', detail: { before: 'b', count: 12 } },
        ],
      },
    );
    expect(traceOf(life).map(({ what, instance, says }) => [what, instance, says])).to.deep.equal([
      ['accepted', 'a', 'accepted for orders'],
      ['send-failed', 'a', 'sent, and not confirmed: no receipt'],
      ['sent-again', 'b', 'taken over to be sent again, for the 1st time; before, instance a had it'],
      ['sent-again', 'c', 'taken over to be sent again, for the 12th time; before, instance b had it'],
      ['sent', 'a', 'the broker confirmed that it is in orders'],
    ]);
  });

  it('keeps events of a service whose clock is wrong between those around them', () => {
    const hour = 3_600_000;
    const life = lifeOf(
      {},
      {
        events: [
          state(1, 0, 'accepted'),
          state(2, 10, 'sent'),
          event(3, hour, { kind: 'progress', percent: 50, text: 'half way' }),
          event(4, -hour, { data: { status: 'sent', by: 'me' } }),
          state(5, 30, 'replied', 'success'),
        ],
        deliveries: [lifeDelivery()],
      },
    );
    const entries = traceOf(life);
    expect(entries.map(({ what }) => what)).to.deep.equal([
      ...['accepted', 'sent', 'event', 'event', 'replied', 'forward-queued'],
    ]);
    expect(entries[2]).to.deep.include({
      ...{ at: acceptedAt + hour, says: 'half way', detail: { kind: 'progress', percent: 50 } },
    });
  });

  it('tells late replies and duplicates, each with its own reply', () => {
    const life = lifeOf(
      { status: 'expired' },
      {
        events: [
          state(1, 0, 'accepted'),
          state(2, 9, 'expired', 'failure'),
          state(3, 30, 'late'),
          state(4, 40, 'duplicate'),
        ],
        replies: [reply, { ...reply, number: 2, messageId: 'r2', fault: 'BROKEN' }],
      },
    );
    expect(
      traceOf(life).map(({ what, detail }) => [what, detail['messageId'], detail['fault']]),
    ).to.deep.equal([
      ['accepted', undefined, undefined],
      ['expired', undefined, undefined],
      ['late-reply', 'r1', undefined],
      ['duplicate-reply', 'r2', 'BROKEN'],
    ]);
  });

  it('tells of letters, leases that ended and what people did, and not of what is still held', () => {
    const life = lifeOf(
      {},
      {
        letters: [
          lifeLetter(),
          lifeLetter({ number: 18, kind: 'invalid', about: 'reply', receivedAt: acceptedAt + 25 }),
        ],
        leases: [
          { holder: 'ann', expiresAt: acceptedAt + 60, end: 'lapsed', endedAt: acceptedAt + 15 },
          { holder: null, expiresAt: acceptedAt + 90, end: null, endedAt: null },
        ],
        incidents: [
          {
            kind: 'letter-dropped',
            at: acceptedAt + 30,
            instance: 'a',
            detail: { letter: 16, reason: 'old', keptAt: acceptedAt },
          },
          { kind: 'reply-matched', at: acceptedAt + 31, instance: 'a', detail: { letter: 19, reply: 1 } },
        ],
        deliveries: [lifeDelivery({ state: 'pending', replyNumber: null, createdAt: acceptedAt + 32 })],
      },
    );
    expect(traceOf(life).map(({ what, detail }) => [what, detail])).to.deep.equal([
      ['lease-lapsed', { holder: 'ann' }],
      ['dead-letter', { letter: 17, queue: 'orders' }],
      ['invalid', { letter: 18, queue: 'orders' }],
      ['letter-dropped', { letter: 16, reason: 'old', keptAt: acceptedAt }],
      ['reply-matched', { letter: 19, reply: 1 }],
      ['forward-queued', { queue: 'answers' }],
    ]);
  });
});
