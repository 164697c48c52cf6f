import type { ByteMeter } from '../../tools/byte-meter.js';
import type { Recorder } from '../recorder.js';
import type { Schedule } from '../schedule.js';
import type { Reading } from '../variants.js';

/** One measurement, as the process of the clients gets it. */
export interface Measurement {
  readonly id: string;
  readonly reading: Reading;
  /** Of all tasks of this measurement and no others. */
  readonly project: string;
  /** One per client: the id of its request, which is also the subject of its events. */
  readonly subjects: readonly string[];
  readonly schedule: Schedule;
  readonly windowMs: number;
  /** When all clients leave and come back, from the start. */
  readonly away: { readonly leaveAtMs: number; readonly backAtMs: number } | null;
  /** For the phases of those who look from time to time. */
  readonly seed: number;
  readonly surroundings: Surroundings;
}

/** What the clients may speak to. */
interface Surroundings {
  readonly gatewayUrl: string;
  readonly brokerUrl: string;
  /** Whether the broker filters by a selector; where not, each client gets everything and filters itself. */
  readonly selectors: boolean;
  readonly database: DatabasePlace | null;
  /** Each client has the folder of its number in it. */
  readonly folder: string;
}

export interface DatabasePlace {
  readonly url: string;
  readonly schema: string;
  /** How many connections the clients may have together. */
  readonly connections: number;
}

export interface ClientContext {
  readonly measurement: Measurement;
  readonly recorder: Recorder;
  readonly meter: ByteMeter;
}

/** Somebody who waits for news of one task. */
export interface Client {
  /** Resolves when it hears or looks. Again after `stop`: it takes up where it was, as well as its way allows. */
  start(): Promise<void>;
  /** Resolves when it hears and looks no more. */
  stop(): Promise<void>;
  /** Lets go of what it kept for coming back; it is stopped by then. */
  close?(): Promise<void>;
}

export interface Clients {
  readonly all: readonly Client[];
  /** Where each can be called; empty for all ways but one. */
  readonly addresses: readonly string[];
  /** Ends what they share; they are stopped by then. */
  close(): Promise<void>;
}

/** One per subject, with nothing shared. */
export function separateClients(
  { measurement }: ClientContext,
  create: (subject: string, index: number) => Client,
): Clients {
  const all = measurement.subjects.map(create);
  return {
    all,
    addresses: [],
    close: async () => {
      for (const client of all) await client.close?.();
    },
  };
}
