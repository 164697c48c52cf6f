/** What a run leaves: the JSON file from which tables, pictures and the page are made. */
import type { Machine } from '../tools/machine.js';
import type { Size } from './plan.js';

/** CPU seconds within the window; null: not measured, or not a process of its own. */
export interface CpuTimes {
  readonly gateway: number | null;
  readonly broker: number | null;
  readonly database: number | null;
  readonly clients: number | null;
  readonly publisher: number | null;
}

/** One measurement of one variant at one number of clients. */
export interface MeasuredRun {
  /** HDR histogram of microseconds, compressed, in base64. */
  readonly delays: string;
  /** Steps of all tasks. */
  readonly events: number;
  /** Of which the client learned, be it by a later one. */
  readonly known: number;
  /** That the client saw themselves. */
  readonly seen: number;
  readonly repeated: number;
  readonly failures: Readonly<Record<string, number>>;
  /** Calls, queries, listings within the window; and those that brought nothing new. */
  readonly questions: number;
  readonly wasted: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly cpu: CpuTimes;
  /** How late the publisher was, in microseconds; the delays contain it. */
  readonly publisherLate: { readonly p50: number; readonly p99: number; readonly max: number };
}

/** What clients that were away for a while know of it. */
export interface AwayRun {
  readonly clients: number;
  /** Steps while they were away. */
  readonly events: number;
  /** Of those, how many they never saw. */
  readonly missed: number;
  /** Milliseconds from the return until the last client knew the state of its task; null: not before the next step. */
  readonly caughtUpMs: number | null;
}

/** What this run could not measure. */
export interface LeftOut {
  /** Its id. */
  readonly variant: string;
  /** Only at this number of clients; null: at all, and of those who were away. */
  readonly clients: number | null;
  /** A sentence. */
  readonly why: string;
}

export const format = 2;

export interface Results {
  readonly format: typeof format;
  readonly size: Size;
  /** Ids of the variants that were asked for. */
  readonly planned: readonly string[];
  /** Numbers of clients that were asked for. */
  readonly clients: readonly number[];
  /** Passes that were asked for, and those that are done. */
  readonly repeats: number;
  readonly passes: number;
  readonly seed: number;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly tookMs: number;
  readonly machine: Machine;
  readonly parts: Readonly<Record<string, string>>;
  /** What is otherwise than it should be, in sentences. */
  readonly missing: readonly string[];
  readonly leftOut: readonly LeftOut[];
  /** Measurements that failed, and why. */
  readonly failed: readonly string[];
  readonly windowMs: number;
  /** Of each task within the window. */
  readonly steps: number;
  readonly awayMs: number;
  /** Of the same parts, while nobody did anything, in a window of the same length: one per pass. */
  readonly idle: readonly CpuTimes[];
  /** Connections to the database that the clients share; 0 without one. */
  readonly databaseConnections: number;
  /** Whether the broker filtered the topic by a selector. */
  readonly selectors: boolean;
  /** By variant and number of clients, each with its repeats. */
  readonly measured: readonly {
    readonly variant: string;
    readonly clients: number;
    readonly runs: readonly MeasuredRun[];
  }[];
  readonly away: readonly { readonly variant: string; readonly runs: readonly AwayRun[] }[];
}
