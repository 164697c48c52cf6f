import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Store, StoreOptions } from '#adapters/store/store.js';
import type { OutboxDelivery } from '#core/ports/outbox.js';
import type { AcceptOptions, SendClaim } from '#core/ports/request-store.js';
import type { NewRequest, RequestRecord } from '#core/request.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { newRequest } from '../../support/requests.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** Milliseconds of a send lease and of retention in the cases. */
export const leaseMs = 60_000;
export const retentionMs = 7 * 86_400_000;
/** Few, so that a case reaches behind them. */
export const eventRetention = { statusMs: retentionMs, statusEvents: 50 };

/** Where a store is, and what it is opened with. */
interface ContractStoreOptions extends Required<Omit<StoreOptions, 'instance'>> {
  /** An empty folder of the running case alone; its name is unique. */
  readonly folder: string;
}

export type OpenContractStore = (options: ContractStoreOptions) => Store | Promise<Store>;

/** What a case works with; all that it opens is closed after the case. */
export interface StoreBench {
  readonly store: Store;
  /** The clock of every store that the bench opens. */
  readonly clock: ManualClock;
  /** Another store on the same place, while the first is open. */
  openAnother(): Promise<Store>;
  /** Another store on a place of its own, which is nobody else's. */
  openElsewhere(): Promise<Store>;
  /** Closes the store and opens it again. */
  reopen(): Promise<Store>;
  /** A request that was accepted now; `a` sends it unless said otherwise. */
  accepted(parts?: Partial<NewRequest>, options?: Partial<AcceptOptions>): Promise<RequestRecord>;
  /** A request that was accepted and sent. */
  sent(parts?: Partial<NewRequest>): Promise<RequestRecord>;
  /** The record, which must be kept. */
  record(id: string): Promise<RequestRecord>;
  /** What the history says about the state, in order: `accepted`, `sent`, ... and `progress` and the like. */
  history(id: string): Promise<string[]>;
  /** Claims of the outbox whatever is due. */
  due(claim?: Partial<SendClaim>): Promise<OutboxDelivery[]>;
  /** Ids of the requests that `owner` can claim now. */
  claimed(owner: string, claim?: Partial<SendClaim>): Promise<string[]>;
}

/** To be called inside `describe`: every test gets a store of its own. */
export function createStoreBench(open: OpenContractStore): StoreBench {
  const folder = temporaryFolder();
  let current: Store | undefined;
  let clock = createManualClock();
  const others: Store[] = [];

  const openAt = async (at: string): Promise<Store> =>
    await open({ folder: at, clock, newId: randomUUID, retentionMs, eventRetention });

  beforeEach(async () => {
    clock = createManualClock(1_700_000_000_000);
    current = await openAt(folder());
  });
  afterEach(async () => {
    for (const other of others.splice(0)) await other.close();
    await current?.close();
    current = undefined;
  });

  const bench: StoreBench = {
    get store() {
      if (current === undefined) throw new Error('the bench is for tests and their hooks');
      return current;
    },
    get clock() {
      return clock;
    },
    openAnother: async () => track(await openAt(folder())),
    openElsewhere: async () => track(await openAt(`${folder()}/${randomUUID()}`)),
    async reopen() {
      await current?.close();
      current = await openAt(folder());
      return current;
    },
    async accepted(parts, options) {
      const outcome = await bench.store.requests.accept(newRequest(parts), {
        owner: 'a',
        leaseMs,
        ...options,
      });
      if (outcome.kind !== 'created') return expect.fail(`the request was not created: ${outcome.kind}`);
      return outcome.record;
    },
    async sent(parts) {
      const { id } = await bench.accepted(parts);
      return (await bench.store.requests.markSent(id)) ?? expect.fail('the request was not sent');
    },
    async record(id) {
      return (await bench.store.requests.find(id)) ?? expect.fail(`no request ${id} is kept`);
    },
    async history(id) {
      const events = await bench.store.requests.events(id, 0, 1_000);
      return events.map(({ data, kind }) => (data as { status?: string } | undefined)?.status ?? kind);
    },
    due: (claim = {}) => bench.store.outbox.claimDue({ owner: 'a', leaseMs, limit: 100, ...claim }),
    async claimed(owner, claim = {}) {
      const requests = await bench.store.requests.claimUnsent({ owner, leaseMs, limit: 100, ...claim });
      return requests.map(({ id }) => id);
    },
  };

  function track(store: Store): Store {
    others.push(store);
    return store;
  }

  return bench;
}
