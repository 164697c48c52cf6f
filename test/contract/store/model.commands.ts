import fc from 'fast-check';
import type { OutboxResult } from '#core/ports/outbox.js';
import type { IncomingReply, NewRequest } from '#core/request.js';
import { newFaultReply, newReply, newRequest } from '../../support/requests.js';
import { leaseMs, retentionMs } from './bench.js';
import type { Command } from './model.comparison.js';
import { command, ids } from './model.comparison.js';

const id = fc.constantFrom(...ids);
const owner = fc.constantFrom('a', 'a', 'a', 'b');

function toReply(correlationIds: readonly string[], replyId: string, isFault: boolean): IncomingReply {
  const parts = { correlationIds, replyId, messageId: `message ${replyId}` };
  return isFault ? newFaultReply('', parts) : newReply('', parts);
}

const request: fc.Arbitrary<NewRequest> = fc
  .record({
    id,
    queue: fc.constantFrom('x', 'y'),
    replyTo: fc.constantFrom('answers', 'answers', null),
    oneWay: fc.constantFrom(false, false, false, true),
    timeoutMs: fc.constantFrom(null, 50, 500),
    fingerprint: fc.constantFrom('one', 'one', 'other'),
  })
  .map((parts) => newRequest(parts));

const result: fc.Arbitrary<OutboxResult> = fc.constantFrom<OutboxResult[]>(
  { kind: 'delivered' },
  { kind: 'refused', error: 'no', retryMs: 1 },
  { kind: 'postponed', error: 'away', retryMs: 0 },
  { kind: 'dead', error: 'never' },
);

const sendCommands: fc.Arbitrary<Command>[] = [
  fc.tuple(request, fc.constantFrom('a', 'b', null)).map(([asked, by]) =>
    command(
      `accept ${asked.id} ${asked.fingerprint} by ${by ?? 'nobody'}`,
      (model) => model.accept(asked, by),
      async (store) => (await store.requests.accept(asked, { owner: by, leaseMs })).kind,
    ),
  ),
  fc.tuple(owner, fc.constantFrom(undefined, 'x')).map(([by, queue]) =>
    command(
      `claim of ${queue ?? 'all'} by ${by}`,
      (model) => model.claim(by, queue),
      async (store) => {
        const scope = queue === undefined ? {} : { queue };
        const claimed = await store.requests.claimUnsent({ owner: by, leaseMs, limit: 10, ...scope });
        return claimed.map((stored) => stored.id);
      },
    ),
  ),
  fc.tuple(id, owner, fc.boolean()).map(([of, by, written]) =>
    command(
      `release ${of} by ${by} ${written ? 'written' : 'unwritten'}`,
      (model) => model.release(of, by, written),
      (store) => store.requests.releaseSend(of, by, written),
    ),
  ),
  fc.tuple(id, owner).map(([of, by]) =>
    command(
      `renew ${of} by ${by}`,
      (model) => model.renew(of, by),
      (store) => store.requests.renewSend([of], by, leaseMs),
    ),
  ),
  id.map((of) =>
    command(
      `mark ${of} as sent`,
      (model) => model.markSent(of),
      async (store) => (await store.requests.markSent(of)) !== null,
    ),
  ),
];

const refusal = { code: 'SEND_REFUSED', message: 'no permission' };

const endCommands: fc.Arbitrary<Command>[] = [
  fc
    .tuple(
      fc.array(fc.constantFrom(...ids, 'unknown'), { minLength: 1, maxLength: 2 }),
      fc.constantFrom('p1', 'p2', 'p3'),
      fc.boolean(),
    )
    .map(([correlationIds, replyId, isFault]) => {
      const reply = toReply(correlationIds, replyId, isFault);
      return command(
        `settle ${correlationIds.join(' or ')} by ${isFault ? 'fault' : 'reply'} ${replyId}`,
        (model) => model.settle(reply),
        async (store) => (await store.requests.settle(reply)).kind,
      );
    }),
  id.map((of) =>
    command(
      `cancel ${of}`,
      (model) => model.cancel(of),
      async (store) => (await store.requests.cancel(of))?.changed ?? null,
    ),
  ),
  id.map((of) =>
    command(
      `give ${of} up`,
      (model) => model.giveUp(of, refusal),
      async (store) => (await store.requests.giveUpSend(of, refusal)) !== null,
    ),
  ),
  fc.constant(
    command(
      'expire',
      (model) => model.expire().sort(),
      async (store) => (await store.requests.expireDue(10)).map((record) => record.id).sort(),
    ),
  ),
  fc.tuple(id, fc.constantFrom('e', 'ee')).map(([of, eventId]) =>
    command(
      `progress ${eventId} of ${of}`,
      (model) => model.progress(of, eventId),
      async (store) =>
        (
          await store.events.append({
            ...{
              id: eventId,
              project: null,
              subject: of,
              kind: 'progress',
              percent: eventId.length,
              time: 0,
            },
          })
        )?.changed ?? null,
    ),
  ),
];

const outboxCommands: fc.Arbitrary<Command>[] = [
  owner.map((by) =>
    command(
      `claim of deliveries by ${by}`,
      (model) => model.claimDue(by),
      async (store, { deliveryIds }) => {
        const claimed = await store.outbox.claimDue({ owner: by, leaseMs, limit: 100 });
        return claimed.map((delivery) => {
          const { requestId, reply, attempts } = delivery;
          const key = `${requestId}/${reply?.number ?? 0}`;
          deliveryIds.set(key, delivery.id);
          return `${key}/${attempts}`;
        });
      },
    ),
  ),
  fc.tuple(id, fc.constantFrom(0, 1), owner, result).map(([of, number, by, outcome]) =>
    command(
      `finish ${of}/${number} by ${by} as ${outcome.kind}`,
      (model) => model.finish(of, number, by, outcome),
      (store, { deliveryIds }) => store.outbox.finish(deliveryIds.get(`${of}/${number}`) ?? -1, by, outcome),
    ),
  ),
];

const timeCommands: fc.Arbitrary<Command>[] = [
  fc.constantFrom(1, 50, 500, leaseMs, retentionMs).map((ms) =>
    command(
      `${ms} ms later`,
      (model) => model.advance(ms),
      (_, { clock }) => {
        clock.advance(ms);
        return Promise.resolve();
      },
    ),
  ),
  fc.constant(
    command(
      'sweep',
      (model) => model.sweep(),
      (store) => store.requests.sweep(100),
    ),
  ),
];

/** What a driver may do, in any order. */
export const allCommands = [
  ...sendCommands,
  ...endCommands,
  ...outboxCommands,
  ...outboxCommands,
  ...timeCommands,
];
