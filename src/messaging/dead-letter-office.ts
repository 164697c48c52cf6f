/**
 * What people do with dead letters, invalid messages and unmatched replies: look, edit, send again, drop, one by one or
 * all that a filter means. Guarantee: each change of a letter is one transaction of the store; what is sent again goes by
 * the outbox relay, with a receipt. Failure: a change of many that ends early has done what it says, and can be gone on
 * with. Shutdown: a change of many ends after the batch that is under way.
 */
import { ReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type {
  DeadLetters,
  KeptLetter,
  LetterBatch,
  LetterBatchOutcome,
  LetterChange,
  LetterFilter,
  LetterKey,
} from '#core/ports/dead-letters.js';
import type { CountedEvent, Meter } from '#core/ports/meter.js';
import { contentDigest } from './digest.js';

export interface DeadLetterOfficeOptions {
  readonly letters: DeadLetters;
  readonly clock: Clock;
  readonly meter: Meter;
  /** Called after a commit that queued a message for the broker. */
  readonly onOutgoing: () => void;
}

/** What is to be another in the message that is sent again; what is absent stays. */
export interface LetterEdit {
  readonly contentType?: string | null;
  /** All of them, in place of those before. */
  readonly applicationHeaders?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** All letters that a filter means, from the oldest on. */
export interface ManyLetters extends LetterFilter {
  /** Only letters with higher numbers; default: from the first on. */
  readonly after?: number;
  /** The last number that is meant; default: the newest letter that there is now. */
  readonly until?: number;
}

export interface ManyOutcome {
  readonly done: number;
  /** Those that cannot be sent again; they stay. */
  readonly skipped: number;
  /** Where to go on; null: all that was meant is done. */
  readonly next: { readonly after: number; readonly until: number } | null;
}

/**
 * Changes of single letters throw LETTER_NOT_FOUND; LETTER_CHANGED when it is no longer as the version of the key says;
 * LETTER_INCOMPLETE; STORE_UNAVAILABLE.
 */
export interface DeadLetterOffice {
  /** The letter as it is afterwards. */
  edit(letter: KeptLetter, edit: LetterEdit): Promise<KeptLetter>;
  /** The letter as it was. */
  retry(key: LetterKey): Promise<KeptLetter>;
  drop(key: LetterKey): Promise<KeptLetter>;
  /** Ends early when `isOver` says so, and after so many letters or so long that nobody takes it for lost. */
  retryMany(which: ManyLetters, isOver: () => boolean): Promise<ManyOutcome>;
  dropMany(which: ManyLetters, isOver: () => boolean): Promise<ManyOutcome>;
}

/** Of one batch, which is some milliseconds in which nobody else is served. */
const batch = { limit: 25, enoughBytes: 1024 * 1024 };
const mostAtOnce = 10_000;
const mostMs = 10_000;

export function createDeadLetterOffice(options: DeadLetterOfficeOptions): DeadLetterOffice {
  const { letters, clock, meter, onOutgoing } = options;

  function counted(event: CountedEvent, change: LetterChange, { number }: LetterKey): KeptLetter {
    if (change.kind !== 'done') throw letterProblem(change.kind, number);
    meter.count(event);
    return change.letter;
  }

  async function many(
    { after: from = 0, until: given, ...filter }: ManyLetters,
    isOver: () => boolean,
    run: (part: LetterBatch) => Promise<LetterBatchOutcome>,
  ): Promise<ManyOutcome> {
    const until = given ?? (await letters.newest());
    const endAt = clock.monotonic() + mostMs;
    let after = from;
    let done = 0;
    let skipped = 0;
    for (;;) {
      const outcome = await run({ ...filter, ...batch, after, until });
      done += outcome.done;
      skipped += outcome.skipped;
      if (outcome.through === null) return { done, skipped, next: null };
      after = outcome.through;
      const isEnough = done + skipped >= mostAtOnce || clock.monotonic() >= endAt || isOver();
      if (isEnough) return { done, skipped, next: { after, until } };
    }
  }

  return {
    async edit(letter, { contentType, applicationHeaders, body }) {
      const { number, kind, version, again } = letter;
      if (again === null) throw letterProblem('incomplete', number);
      const { message } = again;
      const key = { number, kinds: [kind], version };
      const change = await letters.edit(key, {
        ...message,
        ...(contentType === undefined ? {} : { contentType }),
        ...(applicationHeaders === undefined ? {} : { applicationHeaders }),
        ...(body === undefined ? { body: letter.body } : withBody(message, body)),
      });
      return counted('letters-edited', change, key);
    },

    async retry(key) {
      const letter = counted('letters-retried', await letters.retry(key), key);
      onOutgoing();
      return letter;
    },

    drop: async (key) => counted('letters-dropped', await letters.drop(key), key),

    retryMany: (which, isOver) =>
      many(which, isOver, async (part) => {
        const outcome = await letters.retryBatch(part);
        meter.count('letters-retried', outcome.done);
        if (outcome.done > 0) onOutgoing();
        return outcome;
      }),

    dropMany: (which, isOver) =>
      many(which, isOver, async (part) => {
        const outcome = await letters.dropBatch(part);
        meter.count('letters-dropped', outcome.done);
        return outcome;
      }),
  };
}

/** What a message said of its body before is not true of another one. */
function withBody(
  { properties: { form: _form, ...properties } }: NonNullable<KeptLetter['again']>['message'],
  body: Uint8Array,
): Pick<Parameters<DeadLetters['edit']>[1], 'body' | 'properties'> {
  const hasDigest = properties.contentDigest !== undefined;
  return {
    body,
    properties: { ...properties, ...(hasDigest ? { contentDigest: contentDigest(body) } : {}) },
  };
}

/** Why a letter was not changed. */
export function letterProblem(kind: Exclude<LetterChange['kind'], 'done'>, number: number): ReplytoError {
  switch (kind) {
    case 'unknown':
      return letterNotFound(String(number));
    case 'changed':
      return new ReplytoError('LETTER_CHANGED', { detail: `letter ${number} was changed by somebody else` });
    case 'incomplete':
      return new ReplytoError('LETTER_INCOMPLETE', {
        detail: `letter ${number} does not say all that would have to be sent; it can be looked at and dropped`,
      });
  }
}

export function letterNotFound(id: string): ReplytoError {
  return new ReplytoError('LETTER_NOT_FOUND', {
    detail: `no letter '${id.slice(0, 64)}' is kept here: it was sent again, matched or dropped, its retention is over, or its queue is nothing that the caller may read`,
  });
}
