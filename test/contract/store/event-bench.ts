import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { EventLog, SubjectState } from '#core/ports/event-log.js';
import type { SequencedEvent, StatusEvent } from '#core/status-event.js';
import type { StoreBench } from './bench.js';
import { leaseMs } from './bench.js';

/** The log of events of a bench's store, and what a sequencer does with it. */
export interface EventBench {
  readonly log: () => EventLog;
  readonly append: (event: StatusEvent) => ReturnType<EventLog['append']>;
  /** So many, at once, with the texts `0`, `1` and so on. */
  readonly appendMany: (project: string, count: number) => Promise<StatusEvent[]>;
  /** Numbers all there is, as the sequencer `s` unless it is another. */
  readonly number: (owner?: string) => Promise<SequencedEvent[]>;
  /** 100 events behind 0 unless said otherwise. */
  readonly page: (project: string, after?: number, limit?: number) => ReturnType<EventLog['page']>;
  /** The latest of a subject, which must be known. */
  readonly subjectOf: (project: string, subject: string) => Promise<SubjectState>;
}

/** An event of the kind `log` about `somebody` unless said otherwise. */
export function newEvent(project: string | null, parts: Partial<StatusEvent> = {}): StatusEvent {
  return { id: randomUUID(), project, subject: 'somebody', kind: 'log', time: 1_552_959_300_500, ...parts };
}

export function createEventBench(bench: StoreBench): EventBench {
  const log = (): EventLog => bench.store.events;
  const append: EventBench['append'] = (event) => log().append(event);
  return {
    log,
    append,
    async appendMany(project, count) {
      const events = Array.from({ length: count }, (_, index) => newEvent(project, { text: String(index) }));
      await Promise.all(events.map(append));
      return events;
    },
    async number(owner = 's') {
      expect(await log().claimDuty(owner, leaseMs)).to.equal(true);
      const all: SequencedEvent[] = [];
      for (;;) {
        const numbered = await log().number(owner, 7);
        if (numbered === null) return expect.fail('the duty was lost');
        if (numbered.length === 0) return all;
        all.push(...numbered);
      }
    },
    page: (project, after = 0, limit = 100) => log().page(project, { after, limit }),
    async subjectOf(project, subject) {
      const states = await log().subjects(project, { limit: 100 });
      return states.find((state) => state.subject === subject) ?? expect.fail(`nothing of ${subject}`);
    },
  };
}
