import type { Store } from '#adapters/store/store.js';
import { queue } from '#core/destination.js';
import type { Outbox } from '#core/ports/outbox.js';
import type { RequestStore } from '#core/ports/request-store.js';
import type { NewRequest, RequestRecord } from '#core/request.js';
import type { Admission } from '#messaging/admission.js';
import { createAdmission } from '#messaging/admission.js';
import type { OutboxRelay, OutboxRelayOptions } from '#messaging/outbox-relay.js';
import { createOutboxRelay } from '#messaging/outbox-relay.js';
import type { RequestChange, RequestWatch } from '#messaging/request-watch.js';
import { createRequestWatch } from '#messaging/request-watch.js';
import { easyAdmission } from '../../support/admission.js';
import { settled } from '../../support/event-loop.js';
import type { FakeChannel } from '../../support/fake-channel.js';
import { createFakeChannel } from '../../support/fake-channel.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { openMemoryStore } from '../../support/memory-store.js';
import type { CountingMeter, RecordingLogger } from '../../support/recording.js';
import { createCountingMeter, createRecordingLogger } from '../../support/recording.js';
import { newReply, newRequest } from '../../support/requests.js';

export const receiptTimeoutMs = 30_000;
export const leaseMs = 60_000;

/** An outbox relay on a real store and a fake channel. */
export interface RelayBench {
  readonly clock: ManualClock;
  readonly channel: FakeChannel;
  readonly store: Store;
  readonly watch: RequestWatch;
  readonly admission: Admission;
  readonly meter: CountingMeter;
  readonly logger: RecordingLogger;
  /** The relay of instance `a`, not started yet. */
  readonly relay: OutboxRelay;
  /** Another relay on the same store and channel. */
  another(options?: Partial<OutboxRelayOptions>): OutboxRelay;
  /** A stored request that nobody sends yet. */
  stored(parts?: Partial<NewRequest>): Promise<RequestRecord>;
  /** A stored reply that is to go to `queue`. */
  forwarded(queue: string): Promise<RequestRecord>;
  record(id: string): Promise<RequestRecord>;
  /** The changes of a request that watchers hear of from now on. */
  changes(id: string): RequestChange[];
  /** From now on these methods of the store reject, or work again when given nothing. */
  break(...methods: (keyof RequestStore | keyof Outbox)[]): void;
}

/** To be called inside `describe`. */
export function relayBench(options: Partial<OutboxRelayOptions> = {}): RelayBench {
  let parts: Omit<RelayBench, 'relay' | 'another' | 'stored' | 'forwarded' | 'record' | 'changes' | 'break'>;
  let relays: OutboxRelay[] = [];
  let broken: ReadonlySet<string> = new Set();

  /** The same port, whose methods reject while they are broken. */
  function breakable<T extends object>(port: T): T {
    return new Proxy(port, {
      get: (target, name, receiver) =>
        broken.has(String(name))
          ? () => Promise.reject(new Error(`${String(name)} is broken`))
          : (Reflect.get(target, name, receiver) as unknown),
    });
  }

  function createRelay(more: Partial<OutboxRelayOptions> = {}): OutboxRelay {
    const { store, channel, watch, admission, clock, logger, meter } = parts;
    const relay = createOutboxRelay({
      ...{ channel, watch, admission, clock, logger, meter, receiptTimeoutMs },
      store: breakable(store.requests),
      outbox: breakable(store.outbox),
      outgoing: breakable(store.outgoing),
      storeTime: store.time,
      deployment: { storeId: store.id, secret: store.secret, replies: queue('replyto.replies') },
      instance: 'a',
      // Else nothing is stored before the clock goes on.
      holdMarksMs: 0,
      random: () => 0.5,
      ...options,
      ...more,
    });
    relays.push(relay);
    return relay;
  }

  beforeEach(() => {
    broken = new Set();
    relays = [];
    const clock = createManualClock(1_700_000_000_000);
    const store = openMemoryStore(clock);
    const logger = createRecordingLogger();
    parts = {
      clock,
      store,
      logger,
      channel: createFakeChannel(),
      meter: createCountingMeter(),
      watch: createRequestWatch(clock),
      admission: createAdmission({
        ...easyAdmission,
        ...{ store: store.requests, clock, logger },
      }),
    };
    createRelay();
  });
  afterEach(async () => {
    const stopped = relays.map((relay) => relay.stop(0));
    parts.clock.advance(0);
    await Promise.all(stopped);
    await settled();
    await parts.store.close();
  });

  const bench: RelayBench = {
    get clock() {
      return parts.clock;
    },
    get channel() {
      return parts.channel;
    },
    get store() {
      return parts.store;
    },
    get watch() {
      return parts.watch;
    },
    get admission() {
      return parts.admission;
    },
    get meter() {
      return parts.meter;
    },
    get logger() {
      return parts.logger;
    },
    get relay() {
      return relays[0]!;
    },
    another: createRelay,
    async stored(given) {
      const outcome = await parts.store.requests.accept(newRequest(given), { owner: null, leaseMs });
      if (outcome.kind !== 'created') throw new Error(outcome.kind);
      return outcome.record;
    },
    async forwarded(name) {
      const { id } = await bench.stored({ replyTo: name });
      await parts.store.requests.settle(newReply(id));
      return await bench.record(id);
    },
    async record(id) {
      const record = await parts.store.requests.find(id);
      if (record === null) throw new Error(`no request ${id}`);
      return record;
    },
    changes(id) {
      const changes: RequestChange[] = [];
      parts.watch.watch(id, (change) => changes.push(change));
      return changes;
    },
    break: (...methods) => void (broken = new Set<string>(methods)),
  };
  return bench;
}

/** Message ids of frames, in their order. */
export function idsOf(frames: FakeChannel['sent']): string[] {
  return frames.map(({ message }) => message.messageId);
}
