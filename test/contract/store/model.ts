/**
 * The state machine of requests in memory, small enough to be believed: what a store must say after any sequence of
 * operations. It knows nothing of transactions and leases of rows, only of the rules in the delivery design.
 */
import type { AcceptOutcome, SettleOutcome } from '#core/ports/request-store.js';
import type { OutboxResult } from '#core/ports/outbox.js';
import type { IncomingReply, NewRequest, RequestRecord } from '#core/request.js';
import { isFinal } from '#core/request.js';
import { leaseMs, retentionMs } from './bench.js';

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

interface ModelDelivery {
  readonly requestId: string;
  /** 0 = the Fault. */
  readonly number: number;
  attempts: number;
  nextAt: number;
  owner: string | null;
}

export interface StoreModel {
  accept(request: NewRequest, owner: string | null): AcceptOutcome['kind'];
  claim(owner: string, queue: string | undefined): string[];
  release(id: string, owner: string, written: boolean): void;
  renew(id: string, owner: string): void;
  markSent(id: string): boolean;
  settle(reply: IncomingReply): SettleOutcome['kind'];
  cancel(id: string): boolean | null;
  expire(): string[];
  progress(id: string, eventId: string): boolean;
  claimDue(owner: string): string[];
  finish(requestId: string, number: number, owner: string, result: OutboxResult): void;
  sweep(): number;
  advance(ms: number): void;
  request(id: string): ModelRequest | undefined;
  nextDueMs(): number | null;
  deadLetters(): { readonly 'dead-letter': number; readonly 'unmatched-reply': number };
}

export function createStoreModel(startsAt: number): StoreModel {
  let now = startsAt;
  let buried = 0;
  /** In the order of acceptance. */
  const requests = new Map<string, ModelRequest>();
  const outbox: ModelDelivery[] = [];
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
    if (record.replyTo === null) return;
    outbox.push({ requestId: record.id, number, attempts: 0, nextAt: now, owner: null });
  }

  function remove(delivery: ModelDelivery): void {
    outbox.splice(outbox.indexOf(delivery), 1);
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
          ...{ project: null, conversationId: null, sentAt: null, repliedAt: null },
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
      record.sentAt ??= now;
      end(known, fault === null ? 'replied' : 'faulted');
      queueForward(known, 1);
      return kind;
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
      if (known === undefined) return false;
      if (known.eventIds.has(eventId)) return true;
      known.eventIds.add(eventId);
      known.history.push('progress');
      if (isOpen(known)) known.record.progress = { percent: eventId.length, text: null };
      return true;
    },

    claimDue(owner) {
      const due = outbox.filter(({ nextAt }) => nextAt <= now).sort((a, b) => a.nextAt - b.nextAt);
      for (const delivery of due) Object.assign(delivery, { owner, nextAt: now + leaseMs });
      return due.map(({ requestId, number, attempts }) => `${requestId}/${number}/${attempts}`);
    },

    finish(requestId, number, owner, result) {
      const delivery = outbox.find((known) => known.requestId === requestId && known.number === number);
      if (delivery?.owner !== owner) return;
      delivery.owner = null;
      if (result.kind === 'refused') delivery.attempts += 1;
      if (result.kind === 'refused' || result.kind === 'postponed') delivery.nextAt = now + result.retryMs;
      else remove(delivery);
      if (result.kind === 'dead') buried += 1;
    },

    sweep() {
      const waiting = new Set(outbox.map(({ requestId }) => requestId));
      const old = [...requests.values()].filter(
        ({ record, finalAt }) => finalAt !== null && finalAt <= now - retentionMs && !waiting.has(record.id),
      );
      for (const { record } of old) requests.delete(record.id);
      const oldUnmatched = [...unmatched].filter(([, at]) => at <= now - retentionMs);
      for (const [key] of oldUnmatched) unmatched.delete(key);
      return Math.max(old.length, oldUnmatched.length);
    },

    advance(ms) {
      now += ms;
    },
    request: (id) => requests.get(id),
    nextDueMs: () =>
      outbox.length === 0 ? null : Math.max(0, Math.min(...outbox.map(({ nextAt }) => nextAt)) - now),
    deadLetters: () => ({ 'dead-letter': buried, 'unmatched-reply': unmatched.size }),
  };
}
