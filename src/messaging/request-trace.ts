/**
 * Message History (https://www.enterpriseintegrationpatterns.com/MessageHistory.html) of one request, as the store tells it:
 * every state, send, receipt, reply and forward in the order in which they happened, with the instance that did it.
 */
import type { LetterKind } from '#core/ports/dead-letters.js';
import type {
  Incident,
  IncidentKind,
  LetterSubject,
  LifeDelivery,
  LifeEvent,
  LifeLease,
  LifeLetter,
  LifeReply,
  RequestLife,
} from '#core/ports/request-lives.js';
import type { LeaseEnd } from '#core/lease.js';
import type { RequestRecord, RequestState } from '#core/request.js';
import { toldState } from '#core/told-state.js';

/** What an entry of a trace may be. `event`: what the service said of its work. */
type TraceWhat =
  | RequestState
  | IncidentKind
  | LetterKind
  | `lease-${LeaseEnd}`
  | 'late-reply'
  | 'duplicate-reply'
  | 'event'
  | 'forward-queued'
  | 'forwarded';

type TraceDetail = Readonly<Record<string, string | number | boolean>>;

export interface TraceEntry {
  /** Epoch milliseconds of the store's clock; of an `event`, of the clock of who sent it. */
  readonly at: number;
  readonly what: TraceWhat;
  /** Where it happened; null where nobody knows. */
  readonly instance: string | null;
  /** In words. */
  readonly says: string;
  /** Ids, names and figures, by name; where the name ends in `At` it is an instant, as above. */
  readonly detail: TraceDetail;
}

/** In order. */
export function traceOf(life: RequestLife): TraceEntry[] {
  const entries = [
    ...placedEvents(life),
    ...life.incidents.map((incident) => placed(ofIncident(incident))),
    ...life.deliveries.flatMap(ofDelivery).map(placed),
    ...life.letters.map((letter) => placed(ofLetter(letter))),
    ...life.leases.flatMap(ofLease).map(placed),
  ];
  return entries.sort((a, b) => a.place - b.place).map(({ entry }) => entry);
}

interface Placed {
  readonly entry: TraceEntry;
  readonly place: number;
}

function placed(entry: TraceEntry): Placed {
  return { entry, place: entry.at };
}

/** The history has its own order: where the clock of a service is wrong, its events stay between those around them. */
function placedEvents({ record, events, replies }: RequestLife): Placed[] {
  let last = record.createdAt;
  const replyOf = repliesInOrder(replies);
  return events.map((event) => {
    const entry = ofEvent(event, { record, replyOf });
    if (entry.what !== 'event') last = Math.max(last, entry.at);
    return { entry, place: last };
  });
}

type NextReply = () => LifeReply | undefined;

/** Each event about a reply is about the next one. */
function repliesInOrder(replies: readonly LifeReply[]): NextReply {
  let next = 0;
  return () => replies[next++];
}

const aboutReplies: ReadonlySet<TraceWhat> = new Set(['replied', 'faulted', 'late-reply', 'duplicate-reply']);

function ofEvent(
  event: LifeEvent,
  { record, replyOf }: { readonly record: RequestRecord; readonly replyOf: NextReply },
): TraceEntry {
  const what = whatOf(event);
  const reply = aboutReplies.has(what) ? replyOf() : undefined;
  const said = event.text ?? event.kind;
  return {
    ...{ at: event.time, what, instance: event.instance },
    says: what === 'event' ? said : (sentences[what]?.(record) ?? said),
    detail: what === 'event' ? ofService(event) : { ...ofState(what, record), ...ofReply(reply) },
  };
}

function whatOf(event: LifeEvent): TraceWhat {
  const state = toldState(event);
  if (state !== undefined) return state;
  const { status } = { ...(event.data as { readonly status?: unknown } | undefined) };
  if (event.kind === 'log' && status === 'late') return 'late-reply';
  return event.kind === 'log' && status === 'duplicate' ? 'duplicate-reply' : 'event';
}

/** Where a trace says more than the history does. */
const sentences: Partial<Record<TraceWhat, (record: RequestRecord) => string>> = {
  accepted: ({ queue }) => `accepted for ${queue}`,
  sent: ({ queue }) => `the broker confirmed that it is in ${queue}`,
  completed: ({ queue }) => `the broker confirmed that it is in ${queue}; no reply is expected`,
};

function ofState(what: TraceWhat, record: RequestRecord): TraceDetail {
  const { queue, replyTo, postedBy, project, conversationId } = record;
  if (what === 'accepted') return given({ queue, replyTo, postedBy, project, conversationId });
  return what === 'sent' || what === 'completed' ? { queue } : {};
}

function ofReply(reply: LifeReply | undefined): TraceDetail {
  if (reply === undefined) return {};
  const { number, messageId, bytes, contentType, fault } = reply;
  return given({ reply: number, messageId, bytes, contentType, fault });
}

function ofService({ kind, percent }: LifeEvent): TraceDetail {
  return given({ kind, percent });
}

function ofIncident({ kind, at, instance, detail }: Incident): TraceEntry {
  return { at, what: kind, instance, says: incidentSentences[kind](detail), detail: given({ ...detail }) };
}

const incidentSentences: Readonly<Record<IncidentKind, (detail: Incident['detail']) => string>> = {
  'send-failed': ({ error }) => `sent, and not confirmed: ${error ?? 'nobody knows why'}`,
  'sent-again': ({ count = 1, before = '?' }) =>
    `taken over to be sent again, for the ${ordinal(count)} time; before, instance ${before} had it`,
  'forward-failed': ({ reply = 1, queue = '?', error = '?' }) =>
    `${replyInWords(reply)} did not reach ${queue}: ${error}`,
  'forward-taken-over': ({ reply = 1, queue = '?', before = '?' }) =>
    `taken over: ${replyInWords(reply)} to ${queue}, which instance ${before} was sending`,
  'forward-given-up': ({ reply = 1, queue = '?', error = '?', count = 1 }) =>
    `given up after ${count} attempts: ${replyInWords(reply)} to ${queue}: ${error}`,
  'reply-matched': ({ letter = 0 }) => `somebody named this request for the unmatched reply ${letter}`,
  'letter-sent-again': ({ letter = 0, reason = '?' }) =>
    `somebody sent the dead letter ${letter} again, which was here because: ${reason}`,
  'letter-dropped': ({ letter = 0, reason = '?' }) =>
    `somebody dropped the letter ${letter}, which was here because: ${reason}`,
};

function ordinal(count: number): string {
  const ending = { 1: 'st', 2: 'nd', 3: 'rd' }[Math.floor(count / 10) % 10 === 1 ? 0 : count % 10] ?? 'th';
  return `${count}${ending}`;
}

/** @param reply its number; 0 = the Fault of an expired request */
export function replyInWords(reply: number | null): string {
  if (reply === 0) return 'the Fault';
  return reply === null || reply === 1 ? 'the reply' : `reply ${reply}`;
}

function ofDelivery(delivery: LifeDelivery): TraceEntry[] {
  const { id, queue, state, replyNumber, createdAt, endedAt, endedBy, attempts } = delivery;
  // That of the Reply-To is queued with the reply.
  if (id === null) return [];
  const detail = given({ queue, reply: replyNumber });
  const isPending = state === 'pending' || state === 'cancelled';
  const says = isPending
    ? `${queue} waits for the reply`
    : `${replyInWords(replyNumber)} is to go to ${queue}`;
  const queued = { at: createdAt, what: 'forward-queued', instance: null, says, detail } as const;
  if (state !== 'delivered' || endedAt === null) return [queued];
  const forwarded = `the broker confirmed that ${replyInWords(replyNumber)} is in ${queue}`;
  return [
    queued,
    {
      ...{ at: endedAt, what: 'forwarded', instance: endedBy, says: forwarded },
      detail: { ...detail, attempts: attempts + 1 },
    },
  ];
}

const letterSentences: Readonly<Record<LetterSubject, string>> = {
  request: 'the request became a dead letter',
  reply: 'a message that names this request was put aside',
  forward: 'the reply became a dead letter',
};

function ofLetter({ kind, receivedAt, about, reason, number, queue }: LifeLetter): TraceEntry {
  const says = `${letterSentences[about]}: ${reason}`;
  return { at: receivedAt, what: kind, instance: null, says, detail: { letter: number, queue } };
}

const leaseSentences: Readonly<Record<LeaseEnd, string>> = {
  acknowledged: 'a reader over HTTP acknowledged it',
  replied: 'a reader over HTTP answered it',
  released: 'a reader over HTTP gave it back',
  lapsed: 'a reader over HTTP let its lease run out',
};

function ofLease({ holder, end, endedAt }: LifeLease): TraceEntry[] {
  if (end === null || endedAt === null) return [];
  const says = leaseSentences[end];
  return [{ at: endedAt, what: `lease-${end}`, instance: null, says, detail: given({ holder }) }];
}

/** Without what is not known. */
function given(facts: Readonly<Record<string, string | number | boolean | null | undefined>>): TraceDetail {
  return Object.fromEntries(
    Object.entries(facts).filter((entry): entry is [string, string | number | boolean] => {
      const [, value] = entry;
      return value !== null && value !== undefined;
    }),
  );
}
