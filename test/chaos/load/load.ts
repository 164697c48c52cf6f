/** Callers who post one request after the other, each in the way that chance gives it, until they have been told to end. */
import { randomUUID } from 'node:crypto';
import { createRandom } from '#testing/random.js';
import { callInTurns } from '../../../bench/tools/callers.js';
import { until } from '../../support/until.js';
import type { Forwarded } from '../parts/reply-queue.js';
import { createCalls } from './calls.js';
import type { Conversation } from './conversation.js';
import { isAnswered, ways } from './conversation.js';
import { createStallWatch } from './stall-watch.js';

export interface LoadOptions {
  /** Of the gateways. */
  readonly urls: readonly string[];
  /** Queues of the services. */
  readonly queues: readonly string[];
  readonly replyTo: string;
  readonly callers: number;
  readonly seed: number;
}

export interface Load {
  /** In the order in which they began. */
  readonly conversations: readonly Conversation[];
  /** Answers that no caller should get, in words; the first of them. */
  readonly strange: readonly string[];
  /** How many have been accepted, and how many of them are answered. */
  accepted(): number;
  answered(): number;
  /** While requests were begun. */
  longestStallMs(): number;
  /** A message came to the Reply-To queue. */
  forwarded(message: Forwarded): void;
  /** Begins no further request, and resolves when all that were accepted are answered, or so many milliseconds later. */
  finish(withinMs: number): Promise<void>;
  /** Nobody tries any more. */
  abort(): void;
}

const mostStrange = 20;
/** Of those who wait for a message: the callers go on without it. */
const mostOpen = 300;
const shortPauseMs = 10;

export function startLoad({ urls, queues, replyTo, callers, seed }: LoadOptions): Load {
  const all = new Map<string, Conversation>();
  const strange: string[] = [];
  const giveUp = new AbortController();
  const { signal } = giveUp;
  const stalls = createStallWatch();
  const calls = createCalls({ urls, replyTo, onStrange, signal });
  const randoms = Array.from({ length: callers }, (_, caller) => createRandom(seed, caller));
  let isBeginning = true;
  let accepted = 0;
  let answered = 0;

  function onStrange(what: string): void {
    if (strange.length < mostStrange) strange.push(what);
  }

  function onAnswer(conversation: Conversation, text: string): void {
    if (!isAnswered(conversation)) {
      answered += 1;
      conversation.answeredAt = performance.now();
    }
    conversation.answers.add(text);
    stalls.answered();
  }

  async function converse(caller: number): Promise<void> {
    const random = randoms[caller];
    if (random === undefined) return;
    while (isBeginning && accepted - answered > mostOpen) await pause(shortPauseMs);
    const [way, queue] = [random.pick(ways), random.pick(queues)];
    const conversation: Conversation = {
      ...{
        id: randomUUID(),
        way,
        queue,
        caller,
        isAccepted: false,
        beganAt: performance.now(),
        answeredAt: null,
      },
      ...{ answers: new Set<string>(), forwards: [] },
    };
    all.set(conversation.id, conversation);
    const first = await calls.post(conversation);
    if (!conversation.isAccepted) return;
    accepted += 1;
    if (first !== null) onAnswer(conversation, first);
    else if (way !== 'reply-to') {
      const answer = await calls.reply(conversation);
      if (answer !== null) onAnswer(conversation, answer.text());
    }
    await pause(random.below(shortPauseMs));
  }

  const running = callInTurns(callers, () => isBeginning, converse);
  return {
    get conversations() {
      return [...all.values()];
    },
    strange,
    accepted: () => accepted,
    answered: () => answered,
    longestStallMs: () => stalls.longestMs(),
    forwarded({ requestId, messageId, text }) {
      const conversation = all.get(requestId);
      if (conversation === undefined) {
        onStrange(`a message to no request came to the Reply-To queue: ${text.slice(0, 300)}`);
        return;
      }
      conversation.forwards.push(messageId);
      onAnswer(conversation, text);
    },
    async finish(withinMs) {
      isBeginning = false;
      stalls.stop();
      const isDone = (): boolean => accepted === answered;
      const ended = running.then(() => until(isDone, { what: 'all answers', withinMs }));
      const late = new Promise<void>((resolve) => setTimeout(resolve, withinMs).unref());
      await Promise.race([ended.catch(() => undefined), late]);
      giveUp.abort();
      await running;
    },
    abort: () => giveUp.abort(),
  };
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
