import type { Load, LoadOutcome } from '../load/load.js';

/** What a program that asks without HTTP can be told. */
export interface RequestorCalls {
  start(place: RequestorPlace): Promise<{
    /** Why it cannot be used with this store, in words; null: it is ready. */
    readonly unsupported: string | null;
  }>;
  load(load: Load): Promise<LoadOutcome>;
}

export interface RequestorPlace {
  readonly brokerUrl: string;
  readonly queue: string;
  readonly replyQueue: string;
  /** Of the product's own queues. */
  readonly prefix: string;
  /** Address of a store of the library; null: none. */
  readonly storeUrl: string | null;
  /** File URL of the library. */
  readonly library: string;
}
