/**
 * Replies to leased messages: made from what their holder gives and what the message says about them. Guarantee: a reply
 * that is not taken changes nothing, so its lease stays held and another one may be given.
 */
import type { OwnDestinations } from '#core/destination.js';
import { ReplytoError } from '#core/errors.js';
import type { FaultBody } from '#core/fault.js';
import type { Message } from '#core/message.js';
import type { Clock } from '#core/ports/clock.js';
import type { IdSource } from '#core/ports/id-source.js';
import type { LeaseKey, Leases, LeaseState } from '#core/ports/leases.js';
import type { ReturnAddress } from '#core/return-address.js';
import { replyAddressProblem, returnAddressOf } from '#core/return-address.js';
import { contentDigest, fingerprint } from './digest.js';
import { leaseProblem } from './lease-problem.js';
import type { ReplyCheck } from './reply-settlement.js';

/** A reply to a leased message, without what the message itself says about it. */
export interface LeaseReply {
  readonly messageId: string | null;
  readonly contentType: string | null;
  readonly body: Uint8Array;
  readonly applicationHeaders: Readonly<Record<string, string>>;
  readonly fault: FaultBody | null;
}

export interface LeaseAnswer {
  /** Of the reply; null when it was given before, without a name. */
  readonly messageId: string | null;
  /** The very same reply had been given before. */
  readonly repeated: boolean;
}

export interface LeaseRepliesOptions {
  readonly leases: Leases;
  readonly clock: Clock;
  readonly newId: IdSource;
  readonly own: OwnDestinations;
  /** Whether this gateway may send replies to the queue; default: to all. */
  readonly mayReplyTo?: (queue: string) => boolean;
  readonly checkReply?: ReplyCheck;
}

export interface LeaseReplies {
  /** @throws LEASE_NOT_FOUND, LEASE_ENDED, NO_REPLY_ADDRESS, SCHEMA_MISMATCH, STORE_UNAVAILABLE */
  reply(key: LeaseKey, reply: LeaseReply): Promise<LeaseAnswer>;
}

export function createLeaseReplies(options: LeaseRepliesOptions): LeaseReplies {
  const { leases, clock, newId, own, checkReply } = options;

  function addressOf(message: Message): ReturnAddress {
    const { address, problem } = answerableAddressOf(message, options, contentDigest(message.body));
    if (address !== undefined) return address;
    const detail = `message ${message.messageId} ${problem}; acknowledge it instead`;
    throw new ReplytoError('NO_REPLY_ADDRESS', { detail });
  }

  /** From the own replies one that is refused would go to the invalid messages, with nobody left to give another. */
  async function check({ replyTo, correlationId }: ReturnAddress, given: LeaseReply): Promise<void> {
    if (replyTo.kind !== 'queue' || replyTo.name !== own.replies.name) return;
    const { body, fault } = given;
    const refused = await checkReply?.({ correlationIds: [correlationId], body, fault });
    if (typeof refused === 'string') throw new ReplytoError('SCHEMA_MISMATCH', { detail: refused });
  }

  return {
    async reply(key, given) {
      const { body, contentType, fault, applicationHeaders } = given;
      const print = fingerprint([contentType, String(fault !== null), body]);
      const repeated = { messageId: given.messageId, repeated: true };
      const known = await leases.find(key);
      if (isRepeated(known, print)) return repeated;
      if (known?.kind !== 'held') throw leaseProblem(key, known);
      const { message } = known.lease;
      const address = addressOf(message);
      await check(address, given);
      const answer: Message = {
        // Whoever copies the headers of the message sends its id too, which names no reply.
        messageId:
          given.messageId === null || given.messageId === message.messageId ? newId() : given.messageId,
        correlationId: address.correlationId,
        replyTo: null,
        time: clock.now(),
        contentType,
        body,
        properties: { ...address.properties, ...(fault === null ? {} : { fault: true }) },
        applicationHeaders,
      };
      const state = await leases.reply(key, answer, print);
      // Another call with the same reply was faster.
      if (isRepeated(state, print)) return repeated;
      if (state?.kind !== 'held') throw leaseProblem(key, state);
      return { messageId: answer.messageId, repeated: false };
    },
  };
}

function isRepeated(state: LeaseState | null, print: string): boolean {
  return state?.kind === 'ended' && state.end === 'replied' && state.fingerprint === print;
}

/**
 * Where a leased message may be answered, or why it may not. The store sends with the rights of the gateway, so an
 * address that the message only claims must not reach further than a caller does.
 */
export function answerableAddressOf(
  message: Message,
  { own, mayReplyTo }: Pick<LeaseRepliesOptions, 'own' | 'mayReplyTo'>,
  requestDigest?: string,
):
  | { readonly address: ReturnAddress; readonly problem?: undefined }
  | { readonly address?: undefined; readonly problem: string } {
  const address = returnAddressOf(message, requestDigest);
  if (address === null) return { problem: 'names no Reply-To' };
  const { kind, name } = address.replyTo;
  const isLeftOut = kind === 'queue' && name !== own.replies.name && mayReplyTo?.(name) === false;
  const problem = isLeftOut ? 'allow.replyTo leaves out' : replyAddressProblem(own, address.replyTo);
  if (problem === undefined) return { address };
  return { problem: `names a Reply-To that ${problem} ('${address.replyTo.name.slice(0, 255)}')` };
}
