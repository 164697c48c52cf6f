/**
 * What becomes of a reply, by whatever way it came: checked, settled in one transaction, counted, and told to whoever
 * waits. When it resolves, the reply is kept.
 */
import { toReplytoError } from '#core/errors.js';
import type { DeadLetters, MatchOutcome } from '#core/ports/dead-letters.js';
import type { Logger } from '#core/ports/logger.js';
import type { Meter } from '#core/ports/meter.js';
import type { RequestStore, SettleOptions, SettleOutcome } from '#core/ports/request-store.js';
import type { IncomingReply, RequestRecord, StoredReply } from '#core/request.js';
import type { OutcomeOf } from '#core/stages.js';
import { withTrace } from '#core/trace-context.js';
import type { ReplyTracing } from './reply-tracing.js';
import type { RequestWatch } from './request-watch.js';
import type { SentMarks } from './sent-marks.js';

/** Says why a reply is not taken, for instance by the JSON Schema of its route; null = it is good. */
export type ReplyCheck = (
  reply: Pick<IncomingReply, 'correlationIds' | 'body' | 'fault'>,
) => Promise<string | null>;

export interface ReplySettlementOptions {
  readonly store: Pick<RequestStore, 'settle'>;
  readonly letters: Pick<DeadLetters, 'find' | 'match'>;
  readonly watch: RequestWatch;
  /** Receipts that are not stored yet; default: none. */
  readonly marks?: Pick<SentMarks, 'sentAt' | 'ended'>;
  readonly logger: Logger;
  readonly meter: Meter;
  /** Called after a commit that queued something for a Reply-To queue. */
  readonly onForward: () => void;
  /** Called after a request ended by its reply. */
  readonly onEnded: (record: RequestRecord) => void;
  readonly checkReply?: ReplyCheck;
  /** Default: nothing is traced, and a reply is kept under the trace that it came with. */
  readonly tracing?: ReplyTracing | undefined;
}

export interface ReplySettlement {
  /** `refused`: why it is not taken; nothing was stored. Rejects with an error of the store when it is away. */
  settle(
    reply: IncomingReply,
    options?: SettleOptions,
  ): Promise<SettleOutcome | { readonly refused: string }>;
  /** The same with an unmatched reply, for a request that somebody has found for it; see DeadLetters.match. */
  match(number: number, requestId: string): Promise<MatchOutcome | { readonly refused: string }>;
}

/** Where unmatched replies are. */
const unmatched = ['unmatched-reply'] as const;

export function createReplySettlement(options: ReplySettlementOptions): ReplySettlement {
  const { store, letters, watch, marks, meter, logger } = options;

  function report(outcome: SettleOutcome, { correlationIds }: IncomingReply): void {
    switch (outcome.kind) {
      case 'settled': {
        const { record, reply } = outcome;
        const isFault = record.status === 'faulted';
        meter.count(isFault ? 'requests-faulted' : 'requests-replied');
        meter.replied(reply.receivedAt - record.createdAt);
        served(isFault ? 'faulted' : 'replied', record, reply);
        marks?.ended(record.id);
        options.onEnded(record);
        break;
      }
      case 'late':
        meter.count('replies-late');
        served('late', outcome.record, outcome.reply);
        logger.info({ requestId: outcome.record.id, status: outcome.record.status }, 'a late reply was kept');
        break;
      case 'duplicate':
        meter.count('replies-duplicate');
        logger.info({ requestId: outcome.record.id }, 'another reply than the first was kept');
        break;
      case 'repeated':
        meter.count('replies-repeated');
        return;
      case 'full':
        logger.warn({ requestId: outcome.record.id }, 'a further reply was refused: too many are kept');
        return;
      case 'unmatched':
        meter.count('replies-unmatched');
        logger.warn({ correlationIds }, 'a reply to no request that is known here was kept');
        return;
    }
    watch.notify(outcome);
    if (outcome.record.replyTo !== null) options.onForward();
  }

  /** A reply may come before the receipt of its request, or where that is not known: then nothing tells when it was sent. */
  function served(outcome: OutcomeOf<'service'>, record: RequestRecord, reply: StoredReply): void {
    const { sentAt, createdAt } = record;
    const isKnown = sentAt !== null && sentAt < reply.receivedAt;
    meter.took('service', outcome, record.queue, reply.receivedAt - (isKnown ? sentAt : createdAt));
  }

  async function settle(
    reply: IncomingReply,
    settleOptions?: SettleOptions,
  ): Promise<SettleOutcome | { readonly refused: string }> {
    const refused = await options.checkReply?.(reply);
    if (refused !== undefined && refused !== null) return { refused };
    const sentAt = marks?.sentAt(reply.correlationIds);
    const outcome = await store.settle(reply, { ...settleOptions, sentAt });
    report(outcome, reply);
    return outcome;
  }

  async function settleTraced(
    tracing: ReplyTracing,
    reply: IncomingReply,
    settleOptions?: SettleOptions,
  ): ReturnType<typeof settle> {
    const span = await tracing.begin(reply);
    const traced = { ...reply, properties: withTrace(reply.properties, span.context) };
    try {
      const outcome = await settle(traced, settleOptions);
      span.end('refused' in outcome ? 'SCHEMA_MISMATCH' : undefined);
      return outcome;
    } catch (error) {
      span.end(toReplytoError(error).code);
      throw error;
    }
  }

  const { tracing } = options;
  return {
    settle: (reply, settleOptions) =>
      tracing === undefined ? settle(reply, settleOptions) : settleTraced(tracing, reply, settleOptions),

    async match(number, requestId) {
      const letter = await letters.find({ number, kinds: unmatched });
      if (letter === null) return { kind: 'unknown' };
      if (letter.reply === null) return { kind: 'incomplete' };
      const reply = { ...letter.reply, body: letter.body, correlationIds: [requestId] };
      const refused = await options.checkReply?.(reply);
      if (refused !== undefined && refused !== null) return { refused };
      const outcome = await letters.match({ number, kinds: unmatched, version: letter.version }, requestId);
      if (!('record' in outcome)) return outcome;
      meter.count('replies-matched');
      report(outcome, reply);
      return outcome;
    },
  };
}
