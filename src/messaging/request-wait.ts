/** What a request waits for, and what somebody can do about that. */
import type { QueueView } from '#core/ports/queue-inspection.js';
import type { RequestLife } from '#core/ports/request-lives.js';
import { isFinal } from '#core/request.js';
import { replyInWords } from './request-trace.js';

/**
 * `broker`: it is away; `queue`: the broker takes nothing for it at present; `send-lease`: another instance sends it, or died;
 * `receipt`: it is being sent; `turn`: it is about to be; `service`: to answer; `reader`: of the queue over HTTP, to answer;
 * `person`: its message is a dead letter; `forward`: the reply is on its way; `nothing`: it has ended.
 */
export type WaitReason =
  | 'broker'
  | 'queue'
  | 'send-lease'
  | 'receipt'
  | 'turn'
  | 'service'
  | 'reader'
  | 'person'
  | 'forward'
  | 'nothing';

export interface Wait {
  readonly waitsFor: WaitReason;
  readonly says: string;
  readonly since: number | null;
  readonly whatToDo: readonly string[];
}

/** What is known besides the store. */
export interface Surroundings {
  readonly now: number;
  readonly instance: string;
  readonly isBrokerUp: boolean;
  readonly isHeld: boolean;
  /** Ids of the instances that were heard of lately; null where there is only one ever. */
  readonly alive: ReadonlySet<string> | null;
  readonly view: QueueView | null;
}

export function waitOf(life: RequestLife, surroundings: Surroundings): Wait {
  const { status } = life.record;
  if (isFinal(status)) return ofEnded(life);
  return status === 'accepted' ? ofUnsent(life, surroundings) : ofSent(life, surroundings);
}

function ofUnsent(life: RequestLife, surroundings: Surroundings): Wait {
  const { record, sending } = life;
  const { now, instance, alive, isBrokerUp, isHeld } = surroundings;
  const since = record.createdAt;
  const { queue } = record;
  const owner = sending.until > now ? sending.owner : null;
  if (owner !== null && owner !== instance) {
    const isDead = alive !== null && !alive.has(owner);
    return {
      ...{ waitsFor: 'send-lease', since: lastSendAt(life) ?? since },
      says: `instance ${owner} has the right to send it${isDead ? ', and has not been heard of lately' : ''}`,
      whatToDo: isDead
        ? ['Nothing: another instance takes it over as soon as that right is over.']
        : [
            `Nothing yet. If this lasts, look at instance ${owner}: its log, and its connection to the broker.`,
          ],
    };
  }
  if (!isBrokerUp) {
    return {
      ...{ waitsFor: 'broker', since },
      says: 'the broker is away; the request is kept and sent when it is back',
      whatToDo: [
        'Start the broker, or mend the way to it: `replyto doctor` says what is wrong.',
        'Post nothing again: what was accepted is sent, once.',
      ],
    };
  }
  if (isHeld) {
    return {
      ...{ waitsFor: 'queue', since },
      says: `the broker takes nothing for ${queue} at present; it is tried again and again`,
      whatToDo: [
        `Make room in ${queue}, or at the broker: it is full, paused, or refuses this login the right to write there.`,
      ],
    };
  }
  if (owner !== null) {
    return {
      ...{ waitsFor: 'receipt', since: lastSendAt(life) ?? since },
      says: 'it is being sent: the broker has not confirmed it yet',
      whatToDo: ['Nothing yet. If this lasts, the broker is slow or full: look at its disk and its log.'],
    };
  }
  return {
    ...{ waitsFor: 'turn', since },
    says: 'it is about to be sent',
    whatToDo: ['Nothing yet. If this lasts, more is accepted than the broker takes: see /metrics.'],
  };
}

function lastSendAt({ incidents }: RequestLife): number | undefined {
  return incidents.findLast(({ kind }) => kind === 'sent-again')?.at;
}

function ofSent(life: RequestLife, { now, view }: Surroundings): Wait {
  const { record, leases, letters } = life;
  const { queue, sentAt } = record;
  const lease = leases.find(({ end, expiresAt }) => end === null && expiresAt > now);
  if (lease !== undefined) {
    const who = lease.holder === null ? 'a reader' : `the reader '${lease.holder}'`;
    return {
      ...{ waitsFor: 'reader', since: sentAt },
      says: `${who} took it from ${queue} over HTTP and has not answered`,
      whatToDo: [
        'Wait for that reader, or until its lease is over: then the message goes back to the queue.',
      ],
    };
  }
  const letter = letters.find(({ about }) => about === 'request');
  if (letter !== undefined) {
    return {
      ...{ waitsFor: 'person', since: letter.receivedAt },
      says: `its message is the dead letter ${letter.number}: ${letter.reason}`,
      whatToDo: [
        `Look at it with \`replyto dead-letters show ${letter.number}\`, mend the cause, and send it again with \`replyto dead-letters retry ${letter.number}\`.`,
      ],
    };
  }
  return {
    ...{ waitsFor: 'service', since: sentAt },
    says: `a service of ${queue} has to answer${withConsumers(view)}`,
    whatToDo: serviceAdvice(life, view),
  };
}

function withConsumers(view: QueueView | null): string {
  if (view?.consumers !== 0) return '';
  return view.message === 'gone'
    ? '; its message is not in the queue any more'
    : '; nobody consumes the queue';
}

function serviceAdvice({ record: { queue } }: RequestLife, view: QueueView | null): string[] {
  if (view?.message === 'gone') {
    return [
      `Look into the log of the service of ${queue}: it took the message, acknowledged it, and has not answered to its reply-to.`,
      'If it was lost there, post the request again under another Message-ID.',
    ];
  }
  if (view?.consumers === 0) {
    return [`Start a service that consumes ${queue}; the message is kept until then.`];
  }
  if (view?.message === 'held') {
    return ['Wait, or look into the log of the service: it has the message and is working on it.'];
  }
  if (view?.message === 'waiting' || view?.message === 'there') {
    return [
      `Wait, or start more services of ${queue}: others are before it, or each of its consumers is busy or stuck.`,
    ];
  }
  return [`Look whether a service consumes ${queue}, and into its log.`];
}

function ofEnded(life: RequestLife): Wait {
  const { record, endedAt, deliveries } = life;
  const waiting = deliveries.find(({ state }) => state === 'waiting');
  if (waiting !== undefined) {
    const { queue, replyNumber, createdAt } = waiting;
    return {
      ...{ waitsFor: 'forward', since: createdAt },
      says: `it is ${record.status}; ${replyInWords(replyNumber)} is on its way to ${queue}`,
      whatToDo: [],
    };
  }
  return {
    ...{ waitsFor: 'nothing', since: endedAt },
    says: endings[record.status] ?? `it is ${record.status}`,
    whatToDo: endingAdvice[record.status] ?? [],
  };
}

const endings: Partial<Record<RequestLife['record']['status'], string>> = {
  replied: 'it is replied; nothing waits',
  faulted: 'the service answered with a fault, or it could not be sent; nothing waits',
  expired: 'no reply came in time; nothing waits, and a reply that still comes is kept as late',
  cancelled: 'it was cancelled; nothing waits',
  completed: 'it was sent and expects no reply; nothing waits',
};

const endingAdvice: Partial<Record<RequestLife['record']['status'], readonly string[]>> = {
  replied: ['Fetch the reply with `replyto status ID --reply`, or GET /requests/{id}/reply.'],
  faulted: [
    'Read the fault with `replyto status ID --reply`, and post a new request when its cause is mended.',
  ],
  expired: ['Post it again under another Message-ID, with a longer Request-Timeout if the service needs it.'],
};
