/**
 * The state machine of requests in memory, small enough to be believed: what a store must say after any sequence of
 * operations. It knows nothing of transactions and leases of rows, only of the rules in the delivery design.
 */
import type { FaultBody } from '#core/fault.js';
import type { AcceptOutcome, SettleOutcome } from '#core/ports/request-store.js';
import type { IncomingReply, NewRequest, RequestRecord } from '#core/request.js';
import { isFinal } from '#core/request.js';
import { leaseMs, retentionMs } from './bench.js';
import type { OutboxModel } from './model-outbox.js';
import { createOutboxModel } from './model-outbox.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface ModelRequest {
  /** All that can be seen but the version. */
  readonly record: Mutable<Omit<RequestRecord, 'version'>>;
  readonly request: NewRequest;
  readonly history: string[];
  readonly replies: { readonly replyId: string; readonly late: boolean }[];
  readonly eventIds: Set<string>;
  owner: string | null;
  leaseUntil: number;
  finalAt: number | null;
}

export interface StoreModel extends Pick<OutboxModel, 'claimDue' | 'finish'> {
  accept(request: NewRequest, owner: string | null): AcceptOutcome['kind'];
  claim(owner: string, queue: string | undefined): string[];
  release(id: string, owner: string, written: boolean): void;
  renew(id: string, owner: string): void;
  markSent(id: string): boolean;
  settle(reply: IncomingReply): SettleOutcome['kind'];
  cancel(id: string): boolean | null;
  expire(): string[];
  giveUp(id: string, fault: FaultBody): boolean;
  /** Whether it changed anything; null when no such request is kept. */
  progress(id: string, eventId: string): boolean | null;
  sweep(): number;
  advance(ms: number): void;
  request(id: string): ModelRequest | undefined;
  deadLetters(): { readonly 'dead-letter': number; readonly 'unmatched-reply': number };
}

export function createStoreModel(startsAt: number): StoreModel {
  let now = startsAt;
  /** In the order of acceptance. */
  const requests = new Map<string, ModelRequest>();
  const outbox = createOutboxModel(() => now);
  const unmatched = new Map<string, number>();

  const isOpen = ({ record }: ModelRequest): boolean => !isFinal(record.status);
  const isUnsent = (known: ModelRequest | undefined): known is ModelRequest =>
    known?.record.status === 'accepted';

  function end(known: ModelRequest, status: RequestRecord['status']): void {
    known.record.status = status;
    known.finalAt = now;
    known.owner = null;
    known.leaseUntil = 0;
    known.history.push(status);
  }

  function queueForward({ record }: ModelRequest, number: number): void {
    if (record.replyTo !== null) outbox.queue(record.id, number);
  }

  return {
    accept(request, owner) {
      const known = requests.get(request.id);
      if (known !== undefined) {
        return known.request.fingerprint === request.fingerprint ? 'joined' : 'mismatch';
      }
      const { id, queue, replyTo, oneWay, time, timeoutMs } = request;
      requests.set(id, {
        record: {
          ...{ id, queue, replyTo, oneWay, time, status: 'accepted', createdAt: now },
          ...{
            project: null,
            conversationId: null,
            ...{ parentId: null, children: 0 },
            postedBy: null,
            acceptedBy: null,
            sentAt: null,
            repliedAt: null,
          },
          expiresAt: timeoutMs === null ? null : now + timeoutMs,
          attempts: owner === null ? 0 : 1,
          ...{ resend: 0, late: false, verified: null, progress: null, fault: null, replies: 0 },
        },
        request,
        history: ['accepted'],
        replies: [],
        eventIds: new Set(),
        owner,
        leaseUntil: owner === null ? 0 : now + leaseMs,
        finalAt: null,
      });
      return 'created';
    },

    claim(owner, queue) {
      const claimed = [...requests.values()].filter(
        (known) =>
          isUnsent(known) && known.leaseUntil <= now && (queue === undefined || known.record.queue === queue),
      );
      for (const known of claimed) {
        if (known.owner !== null) known.record.resend += 1;
        known.record.attempts += 1;
        known.owner = owner;
        known.leaseUntil = now + leaseMs;
      }
      return claimed.map(({ record }) => record.id);
    },

    release(id, owner, written) {
      const known = requests.get(id);
      if (!isUnsent(known) || known.owner !== owner) return;
      known.leaseUntil = 0;
      if (written) return;
      known.owner = null;
      known.record.attempts -= 1;
    },

    renew(id, owner) {
      const known = requests.get(id);
      if (isUnsent(known) && known.owner === owner) known.leaseUntil = now + leaseMs;
    },

    markSent(id) {
      const known = requests.get(id);
      if (!isUnsent(known)) return false;
      known.record.sentAt = now;
      known.owner = null;
      known.leaseUntil = 0;
      if (known.record.oneWay) end(known, 'completed');
      else {
        known.record.status = 'sent';
        known.history.push('sent');
      }
      return true;
    },

    settle({ correlationIds, replyId, fault }) {
      const known = correlationIds.map((id) => requests.get(id)).find((request) => request !== undefined);
      if (known === undefined) {
        const key = `${correlationIds[0] ?? ''} ${replyId}`;
        if (!unmatched.has(key)) unmatched.set(key, now);
        return 'unmatched';
      }
      if (known.replies.some((reply) => reply.replyId === replyId)) return 'repeated';
      const { record } = known;
      const kind = isOpen(known) ? 'settled' : known.replies.length === 0 ? 'late' : 'duplicate';
      known.replies.push({ replyId, late: ['expired', 'cancelled', 'completed'].includes(record.status) });
      record.replies += 1;
      if (kind === 'duplicate') {
        known.history.push('duplicate');
        return kind;
      }
      Object.assign(record, { repliedAt: now, fault, late: kind === 'late' });
      if (kind === 'late') {
        known.history.push('late');
        if (record.status === 'expired') queueForward(known, 1);
        return kind;
      }
      if (record.sentAt === null) {
        record.sentAt = now;
        known.history.push('sent');
      }
      end(known, fault === null ? 'replied' : 'faulted');
      queueForward(known, 1);
      return kind;
    },

    giveUp(id, fault) {
      const known = requests.get(id);
      if (known === undefined || !isOpen(known)) return false;
      known.replies.push({ replyId: '', late: false });
      Object.assign(known.record, { replies: 1, repliedAt: now, fault });
      end(known, 'faulted');
      queueForward(known, 1);
      return true;
    },

    cancel(id) {
      const known = requests.get(id);
      if (known === undefined) return null;
      if (!isOpen(known)) return false;
      end(known, 'cancelled');
      return true;
    },

    expire() {
      const due = [...requests.values()].filter(
        (known) => isOpen(known) && known.record.expiresAt !== null && known.record.expiresAt <= now,
      );
      due.sort((a, b) => Number(a.record.expiresAt) - Number(b.record.expiresAt));
      for (const known of due) {
        end(known, 'expired');
        queueForward(known, 0);
      }
      return due.map(({ record }) => record.id);
    },

    progress(id, eventId) {
      const known = requests.get(id);
      if (known === undefined) return null;
      if (known.eventIds.has(eventId)) return false;
      known.eventIds.add(eventId);
      known.history.push('progress');
      if (isOpen(known)) known.record.progress = { percent: eventId.length, text: null };
      return true;
    },

    claimDue: (owner) => outbox.claimDue(owner),
    finish: (requestId, number, owner, result) => outbox.finish(requestId, number, owner, result),

    sweep() {
      const waiting = outbox.waiting();
      const old = [...requests.values()].filter(
        ({ record, finalAt }) => finalAt !== null && finalAt <= now - retentionMs && !waiting.has(record.id),
      );
      for (const { record } of old) requests.delete(record.id);
      const oldUnmatched = [...unmatched].filter(([, at]) => at <= now - retentionMs);
      for (const [key] of oldUnmatched) unmatched.delete(key);
      return old.length + oldUnmatched.length;
    },

    advance(ms) {
      now += ms;
    },
    request: (id) => requests.get(id),
    deadLetters: () => ({ 'dead-letter': outbox.buried(), 'unmatched-reply': unmatched.size }),
  };
}
