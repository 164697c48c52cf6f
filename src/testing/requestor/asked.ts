import type { FaultBody } from '#core/fault.js';
import type { ReadableBody } from '#messaging/contents.js';
import { createWaiting } from '../waiting.js';
import type { WithinOptions } from '../waiting.js';

/** A reply as it came. */
export interface TestReply extends ReadableBody {
  /** By what it is recognised when it comes again: its `Message-ID`, the broker's id, or a digest of what is in it. */
  readonly id: string;
  readonly contentType: string | null;
  readonly body: Uint8Array;
  /** As written on the wire. */
  readonly headers: Readonly<Record<string, string>>;
  /** Null unless it is a fault. */
  readonly fault: FaultBody | null;
  /** Why a requestor would put it aside; null when it would not. */
  readonly invalid: string | null;
}

/** How a service got rid of a request without an answer that its caller hoped for. */
export type Refusal =
  | { readonly kind: 'fault'; readonly fault: FaultBody }
  /** It lies in this queue: a dead letter, or an invalid message. */
  | { readonly kind: 'dead-letter'; readonly queue: string; readonly reason: string | null };

export interface OnlyReplyOptions extends WithinOptions {
  /**
   * Milliseconds of real time in which nothing more must come; default 500. Not waited for where the requestor was given
   * a test broker: then it is asked whether the service is done with all that lay in its queue.
   */
  readonly quietMs?: number;
}

/** A request that was sent, and what came of it. */
export interface Asked {
  readonly messageId: string;
  readonly queue: string;
  /** All that came so far, also what came twice. */
  readonly replies: readonly TestReply[];
  /** Where it lies, as far as it was found. */
  readonly deadLetters: readonly { readonly queue: string; readonly reason: string | null }[];
  /** Waits for the first reply. @throws Error when none comes within `withinMs` */
  reply(options?: WithinOptions): Promise<TestReply>;
  /** Waits until so many replies have come, equal ones among them. @throws Error */
  atLeast(count: number, options?: WithinOptions): Promise<readonly TestReply[]>;
  /**
   * Waits for a reply, and until the service is done with the request however often it was delivered. The same reply may
   * come again and again, because a requestor recognises it.
   *
   * @throws Error when no reply comes within `withinMs`, when it cannot be read, or when there are two that differ
   */
  onlyReply(options?: OnlyReplyOptions): Promise<TestReply>;
  /** Waits for a fault or a dead letter. @throws Error when neither comes within `withinMs`, or a good reply does */
  refusal(options?: WithinOptions): Promise<Refusal>;
}

/** The side that is told what came. */
export interface OpenAsked {
  readonly asked: Asked;
  replied(reply: TestReply): void;
  deadLettered(queue: string, reason: string | null): void;
  end(reason: string): void;
}

/** @param untilDone waits until the service is done with the request, or for so many milliseconds */
export function createAsked(
  messageId: string,
  queue: string,
  untilDone: (options: OnlyReplyOptions) => Promise<void>,
): OpenAsked {
  const waiting = createWaiting();
  const replies: TestReply[] = [];
  const deadLetters: { queue: string; reason: string | null }[] = [];
  const subject = `request ${messageId} to ${queue}`;

  function atLeast(count: number, { withinMs }: WithinOptions = {}): Promise<readonly TestReply[]> {
    return waiting.until(
      () => (replies.length >= count ? [...replies] : undefined),
      () => `${count === 1 ? 'a reply' : `${count} replies`} to ${subject}; there are ${replies.length}`,
      withinMs,
    );
  }

  async function first(options?: WithinOptions): Promise<TestReply> {
    const [reply] = await atLeast(1, options);
    if (reply === undefined) throw new Error(`no reply to ${subject}`);
    return reply;
  }

  const asked: Asked = {
    messageId,
    queue,
    get replies() {
      return [...replies];
    },
    get deadLetters() {
      return [...deadLetters];
    },
    reply: first,
    atLeast,
    async onlyReply(options = {}) {
      const reply = await first(options);
      await untilDone(options);
      const different = new Map(replies.map((one) => [one.id, one]));
      if (different.size > 1) {
        const texts = [...different.values()].map(inWords).join(' and ');
        throw new Error(`${different.size} different replies came to ${subject}: ${texts}`);
      }
      if (reply.invalid !== null) throw new Error(`the reply to ${subject} is invalid: ${reply.invalid}`);
      return reply;
    },
    refusal: ({ withinMs } = {}) =>
      waiting.until(
        () => {
          const [reply] = replies;
          const [letter] = deadLetters;
          if (letter !== undefined) return { kind: 'dead-letter', ...letter };
          if (reply === undefined) return undefined;
          if (reply.fault !== null) return { kind: 'fault', fault: reply.fault };
          throw new Error(`${subject} was answered: ${inWords(reply)}`);
        },
        () => `a fault or a dead letter of ${subject}`,
        withinMs,
      ),
  };
  return {
    asked,
    replied(reply) {
      replies.push(reply);
      waiting.wake();
    },
    deadLettered(letterQueue, reason) {
      deadLetters.push({ queue: letterQueue, reason });
      waiting.wake();
    },
    end: (reason) => waiting.end(reason),
  };
}

const shownCharacters = 100;

function inWords({ id, fault, text }: TestReply): string {
  const said = text();
  const shown = said.length > shownCharacters ? `${said.slice(0, shownCharacters)}…` : said;
  return `${fault === null ? '' : 'the fault '}'${shown}' (${id})`;
}
