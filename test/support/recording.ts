import type { Logger } from '#core/ports/logger.js';
import type { CountedEvent, Meter } from '#core/ports/meter.js';

interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** With those of the logger's ancestors. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly sentence: string;
}

/** A logger that keeps what it is told. */
export interface RecordingLogger extends Logger {
  readonly entries: readonly LogEntry[];
  /** Sentences of one level. */
  sentences(level: LogEntry['level']): string[];
  /** All of it as one text, causes of errors included, to search for what must not be there. */
  text(): string;
}

export function createRecordingLogger(): RecordingLogger {
  const entries: LogEntry[] = [];
  const at =
    (level: LogEntry['level'], known: object) =>
    (facts: object, sentence: string): void =>
      void entries.push({ level, facts: { ...known, ...facts }, sentence });
  const create = (known: Record<string, unknown>): RecordingLogger => ({
    debug: at('debug', known),
    info: at('info', known),
    warn: at('warn', known),
    error: at('error', known),
    child: (facts) => create({ ...known, ...facts }),
    entries,
    sentences: (level) => entries.filter((entry) => entry.level === level).map(({ sentence }) => sentence),
    text: () => entries.map((entry) => `${entry.level} ${entry.sentence} ${textOf(entry.facts)}`).join('\n'),
  });
  return create({});
}

/** Everything that can be read off a value, whatever its class. */
export function textOf(value: unknown): string {
  const seen = new Set<unknown>();
  const visit = (one: unknown): string => {
    if (typeof one !== 'object' || one === null) return String(one);
    if (seen.has(one)) return '';
    seen.add(one);
    const named = Object.getOwnPropertyNames(one).map((name) => {
      const member: unknown = Reflect.get(one, name);
      return `${name}=${visit(member)}`;
    });
    return named.join(' ');
  };
  return visit(value);
}

/** A meter that keeps its counts. */
export interface CountingMeter extends Meter {
  /** 0 when it was never counted. */
  of(event: CountedEvent): number;
  /** Everything that was counted. */
  counts(): Partial<Record<CountedEvent, number>>;
  readonly repliedAfterMs: readonly number[];
  /** Each stage that was timed: stage, outcome, queue of the request, milliseconds. */
  readonly stages: readonly (readonly [stage: string, outcome: string, queue: string | null, ms: number])[];
}

export function createCountingMeter(): CountingMeter {
  const counts = new Map<CountedEvent, number>();
  const repliedAfterMs: number[] = [];
  const stages: [string, string, string | null, number][] = [];
  return {
    count: (event, amount = 1) => void counts.set(event, (counts.get(event) ?? 0) + amount),
    replied: (afterMs) => void repliedAfterMs.push(afterMs),
    of: (event) => counts.get(event) ?? 0,
    counts: () => Object.fromEntries(counts),
    repliedAfterMs,
    took: (stage, outcome, queue, ms) => void stages.push([stage, outcome, queue, ms]),
    stages,
  };
}
