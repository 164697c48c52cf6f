/**
 * What the clients of one measurement learn, and when. A delay counts from the planned instant of the step, not from
 * when somebody got round to publishing or looking: what waits in line is not left out (no coordinated omission).
 */
import type { Histogram } from 'hdr-histogram-js';
import { nowUs } from '../tools/clock.js';
import { createDelays } from '../tools/delays.js';
import type { Schedule } from './schedule.js';

export interface Recorder {
  /**
   * The client now knows that its task has reached this step (1, 2, …), and so all before it too; only this one it has
   * seen itself. 0 says nothing.
   *
   * @returns whether that was news
   */
  learned(client: number, step: number): boolean;
  /** A question of a client (call, query, listing) was answered. */
  asked(wasted: boolean): void;
  /** Something went wrong and was got over. */
  readonly failed: (reason: string) => void;
  /** From here on, the instant of {@link nowUs} from which the schedule counts. */
  begin(startsAt: number): void;
  /** Resolves when every step is known. */
  readonly completed: Promise<void>;
  counts(): { readonly questions: number; readonly wasted: number };
  /** To be asked once, at the end: of what nobody has learned, the delays count up to now. */
  outcome(): RecordedOutcome;
}

/** Of the steps from the start on. */
export interface RecordedOutcome {
  /** Microseconds. */
  readonly delays: Histogram;
  readonly events: number;
  /** Steps of which a client learned, be it by a later one. */
  readonly known: number;
  /** Steps that a client saw themselves. */
  readonly seen: number;
  readonly repeated: number;
  readonly failures: Readonly<Record<string, number>>;
  /** Microseconds from the start, by client and step; null: never. */
  readonly knownAt: readonly (readonly (number | null)[])[];
  readonly seenSteps: readonly (readonly boolean[])[];
}

export function createRecorder(schedule: Schedule): Recorder {
  const delays = createDelays();
  const events = schedule.flat().filter(isCounted).length;
  const knownAt = schedule.map((steps) => new Array<number | null>(steps.length).fill(null));
  const seenSteps = schedule.map((steps) => new Array<boolean>(steps.length).fill(false));
  const reached = new Array<number>(schedule.length).fill(0);
  const failures = new Map<string, number>();
  let startedAt = 0;
  let known = 0;
  let seen = 0;
  let repeated = 0;
  let questions = 0;
  let wasted = 0;
  let complete: () => void = () => undefined;
  const completed = new Promise<void>((resolve) => (complete = resolve));
  if (events === 0) complete();

  function learned(client: number, step: number): boolean {
    if (step === 0) return false;
    const seenHere = seenSteps[client];
    const knownHere = knownAt[client];
    const instants = schedule[client];
    if (seenHere === undefined || knownHere === undefined || instants === undefined) {
      throw new RangeError(`client ${client} of ${schedule.length}`);
    }
    if (step > instants.length) throw new RangeError(`step ${step} of ${instants.length}`);
    if (seenHere[step - 1] === true) {
      repeated += 1;
      return false;
    }
    seenHere[step - 1] = true;
    if (isCounted(instants[step - 1] ?? 0)) seen += 1;
    const at = nowUs() - startedAt;
    const before = reached[client] ?? 0;
    for (let index = before; index < step; index += 1) {
      knownHere[index] = at;
      const instant = instants[index] ?? 0;
      if (!isCounted(instant)) continue;
      delays.recordValue(Math.max(1, at - instant));
      known += 1;
    }
    reached[client] = Math.max(before, step);
    if (known === events) complete();
    return true;
  }

  return {
    learned,
    asked(isWasted) {
      questions += 1;
      if (isWasted) wasted += 1;
    },
    failed: (reason) => void failures.set(reason, (failures.get(reason) ?? 0) + 1),
    begin: (at) => void (startedAt = at),
    completed,
    counts: () => ({ questions, wasted }),
    outcome() {
      const now = nowUs() - startedAt;
      for (const [client, instants] of schedule.entries()) {
        for (const instant of instants.slice(reached[client]).filter(isCounted)) {
          delays.recordValue(Math.max(1, now - instant));
        }
      }
      return {
        ...{ delays, events, known, seen, repeated },
        failures: Object.fromEntries(failures),
        knownAt,
        seenSteps,
      };
    },
  };
}

function isCounted(instant: number): boolean {
  return instant >= 0;
}
