/** A row of the crash table: what is killed, on which parts, and what may come of it. */
import type { Random } from '#testing/random.js';
import type { Load } from '../load/load.js';
import type { Stage, System } from '../parts/system.js';

export interface Row {
  /** For `--row`. */
  readonly name: string;
  readonly killed: string;
  /** When, in the words of the crash table. */
  readonly between: string;
  /** What becomes of the requests, in a sentence. */
  readonly shows: string;
  readonly stage: Stage;
  /** Whether a reply may come more than once to the Reply-To queue, with the same Message-ID. */
  readonly mayForwardAgain: boolean;
  /** Whether a service that remembers may run a request twice, because it is killed itself. */
  readonly mayRunTwice: boolean;
  /** Kills, while the callers call. All parts run when it resolves. @throws Error in words, when a kill did not happen */
  readonly disturb: (scene: Scene) => Promise<void>;
}

export interface Scene {
  readonly system: System;
  readonly load: Load;
  readonly random: Random;
  readonly size: Size;
  /** Writes down what was done, in words. */
  readonly done: (what: string) => void;
  readonly signal: AbortSignal;
}

export interface Size {
  /** Accepted at least, in a row. */
  readonly requests: number;
  readonly kills: number;
  /** How long a stopped gateway is away, at most, and how long chance reigns. */
  readonly stopMs: number;
  readonly randomMs: number;
}
