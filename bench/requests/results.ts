/** What a run leaves: the JSON file from which tables, pictures and the page are made. */
import type { Machine } from '../tools/machine.js';
import type { LoadOutcome } from './load/load.js';
import type { PartFigures } from './parts.js';
import type { Size } from './plan.js';
import type { Kind } from './ways.js';

/** What the gateway under test says of itself, in the window unless it says otherwise. */
export interface GatewayFigures {
  readonly transactionsPerRequest: number;
  /** Seconds in which its garbage collector worked. */
  readonly gcSeconds: number;
  /** Means of all its replies: from the record of the request until the reply is there. */
  readonly acceptedToReplyMs: number;
  /** Means of so many of the last requests of the window: from the record to the receipt of the broker, and on to the record of the reply. */
  readonly sampled: number;
  readonly acceptedToSentMs: number;
  readonly sentToRepliedMs: number;
}

/** One measurement of one way with one load. */
export interface MeasuredRun extends LoadOutcome {
  /** Seconds. */
  readonly cpu: PartFigures;
  /** Seconds of everything that ran on the machine, the parts included; null where the system does not say. */
  readonly machineCpu: number | null;
  /** The most that was seen, bytes. */
  readonly memory: PartFigures;
  readonly gateway: GatewayFigures | null;
}

/** The measurements of one way with one load. */
export interface MeasuredCell {
  /** Its id. */
  readonly way: string;
  readonly width: number;
  /** Requests per second; null: as many as there can be. */
  readonly rate: number | null;
  readonly runs: readonly MeasuredRun[];
}

/** What of this run could not be measured: a way, and a sentence. */
export interface LeftOut {
  readonly way: string;
  readonly why: string;
}

/** Memory of one way over minutes. */
export interface MemoryRun {
  readonly way: string;
  readonly width: number;
  readonly minutes: number;
  readonly everyMs: number;
  /** Bytes, of the process under test. */
  readonly samples: readonly number[];
  readonly replied: number;
  readonly failures: Readonly<Record<string, number>>;
}

/** Where the time of the process under test goes, under one load. Shares are of the time that was looked at, 0-1. */
export interface ProfileResult {
  readonly way: string;
  readonly width: number;
  readonly seconds: number;
  /** With nothing to do. */
  readonly idleShare: number;
  readonly gcShare: number;
  /** Functions by their own time. */
  readonly own: readonly ProfiledFunction[];
  /** Functions of the product by their time with all that they call. */
  readonly total: readonly ProfiledFunction[];
  /** Folders of the product and packages, by their own time. */
  readonly places: readonly { readonly name: string; readonly share: number }[];
}

export interface ProfiledFunction {
  readonly name: string;
  /** File and line, or what stands for them. */
  readonly place: string;
  readonly own: number;
  readonly total: number;
}

export const format = 1;

export interface Results {
  readonly format: typeof format;
  readonly size: Size;
  /** Ids of the ways that were asked for. */
  readonly planned: readonly string[];
  /** Connections, and requests in flight, that were asked for. */
  readonly widths: Readonly<Record<Kind, readonly number[]>>;
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
  /** Requests per second of the measurements at a fixed rate; null where none was found. */
  readonly rates: Readonly<Record<Kind, number | null>>;
  readonly measured: readonly MeasuredCell[];
  /** Null: not watched. */
  readonly memory: MemoryRun | null;
  readonly profiles: readonly ProfileResult[];
}
