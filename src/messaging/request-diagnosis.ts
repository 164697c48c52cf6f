/**
 * Why a request is where it is: what it waits for, since when, what else is known of it, and what somebody can do. Made of what
 * the store knows of it, how this instance stands with the broker, and what the broker tells of the queue.
 */
import type { Clock } from '#core/ports/clock.js';
import type { Instances } from '#core/ports/instances.js';
import type { QueueInspection, QueueView } from '#core/ports/queue-inspection.js';
import type { RequestLife, RequestLives } from '#core/ports/request-lives.js';
import type { Finding } from './request-findings.js';
import { findingsOf } from './request-findings.js';
import type { Surroundings, WaitReason } from './request-wait.js';
import { waitOf } from './request-wait.js';

export interface Diagnosis {
  readonly life: RequestLife;
  readonly waitsFor: WaitReason;
  /** In words. */
  readonly says: string;
  /** Epoch milliseconds of the store's clock. */
  readonly since: number | null;
  /** How its queue stands; null where that is not asked. */
  readonly queue: QueueView | null;
  readonly findings: readonly Finding[];
  /** Sentences, the first of which matters most. */
  readonly whatToDo: readonly string[];
}

/** What may be told to who asks. */
interface DiagnosisRights {
  /** How the queue of the request stands, who reads it, and letters of it. */
  readonly queue: boolean;
  /** Letters of this queue; of unmatched replies it is empty. */
  readonly mayReadLetters: (queue: string) => boolean;
}

export interface RequestDiagnosisOptions {
  readonly lives: RequestLives;
  readonly instances: Pick<Instances, 'list'>;
  readonly inspection: QueueInspection;
  readonly storeTime: Pick<Clock, 'now'>;
  /** This instance. */
  readonly instance: string;
  readonly isBrokerUp: () => boolean;
  /** Queues that the broker takes nothing for at present. */
  readonly heldQueues: () => readonly string[];
}

export interface RequestDiagnosis {
  /** Null when the request is unknown. Takes a second at most, where the broker does not answer. */
  of(id: string, rights: DiagnosisRights): Promise<Diagnosis | null>;
}

/** Of its history nothing is asked but its ends. */
const mostEvents = 10;
const askBrokerMs = 1_000;

export function createRequestDiagnosis(options: RequestDiagnosisOptions): RequestDiagnosis {
  const { lives, inspection, storeTime } = options;

  async function inspect({ record }: RequestLife, rights: DiagnosisRights): Promise<QueueView | null> {
    // Before it was sent there may be no queue, and asking could make one.
    const isAtBroker = record.status === 'sent' || (record.status === 'accepted' && record.attempts > 0);
    if (!rights.queue || !isAtBroker) return null;
    if (!options.isBrokerUp()) return null;
    return inspection.inspect(record.queue, { messageId: record.id, withinMs: askBrokerMs });
  }

  async function aliveInstances(now: number): Promise<ReadonlySet<string> | null> {
    const known = await options.instances.list();
    if (known.length === 0) return null;
    return new Set(known.filter(({ leaseUntil }) => leaseUntil > now).map(({ id }) => id));
  }

  return {
    async of(id, rights) {
      const found = await lives.of(id, mostEvents);
      if (found === null) return null;
      const letters = found.letters.filter((letter) => rights.mayReadLetters(letter.queue));
      const life = {
        ...found,
        letters,
        unmatchedSince: rights.mayReadLetters('') ? found.unmatchedSince : 0,
        leases: rights.queue ? found.leases : found.leases.map((lease) => ({ ...lease, holder: null })),
      };
      const view = await inspect(life, rights);
      const now = storeTime.now();
      const surroundings: Surroundings = {
        ...{ now, view, instance: options.instance, isBrokerUp: options.isBrokerUp() },
        isHeld: options.heldQueues().includes(life.record.queue),
        alive: await aliveInstances(now),
      };
      return diagnose(life, surroundings);
    },
  };
}

/** Of what is known alone, so that each case can be shown. */
export function diagnose(life: RequestLife, surroundings: Surroundings): Diagnosis {
  const wait = waitOf(life, surroundings);
  const findings = findingsOf(life, surroundings);
  const advice = [...wait.whatToDo, ...findings.flatMap(({ whatToDo }) => whatToDo)];
  return {
    ...{ life, waitsFor: wait.waitsFor, says: wait.says, since: wait.since },
    ...{ queue: surroundings.view, findings, whatToDo: [...new Set(advice)] },
  };
}
