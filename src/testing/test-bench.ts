/**
 * What a test of a service needs, put together: a broker in memory, a network in front of it, a requestor, and for the
 * parts of the library that run in this process a clock that the test moves.
 */
import { connectBrokerOn } from '#app/library/connect-broker.js';
import type { Broker, ConnectBrokerOptions } from '#app/library/connect-broker.js';
import { nameProblems, numberProblem, toOptions } from '#app/library/option-checks.js';
import { openStoreOn } from '#app/library/open-store.js';
import { systemClock } from '#app/system-clock.js';
import type { Store } from '#adapters/store/store.js';
import { toProblem } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import { silentLogger } from '#core/ports/logger.js';
import { refuseProblems } from '#core/refuse-problems.js';
import { valueInWords } from '#schema/problems.js';
import type { ManualClock } from './manual-clock.js';
import { createManualClock } from './manual-clock.js';
import type { FaultyNetwork } from './network/faulty-network.js';
import { startFaultyNetwork } from './network/faulty-network.js';
import type { FaultyNetworkOptions } from './network/network-options.js';
import { seedProblem } from './network/network-options.js';
import type { TestRequestor } from './requestor/test-requestor.js';
import { startTestRequestor } from './requestor/test-requestor.js';
import type { TestBroker } from './test-broker.js';
import { startTestBroker } from './test-broker.js';

export interface TestBenchOptions {
  /**
   * `virtual`: time stands still until `advance`, for the delays of the network and for all that is made with `connect` and
   * `openStore`. Services in other processes, the broker and the requestor always have the machine's. Default `real`.
   */
  readonly clock?: 'real' | 'virtual';
  /** Where a virtual clock starts, epoch milliseconds; default now. */
  readonly startsAt?: number;
  /** Of the network, see there. */
  readonly seed?: number;
}

export interface TestBench {
  readonly broker: TestBroker;
  /** In front of the broker; services are given its `url`. */
  readonly network: FaultyNetwork;
  /** Directly at the broker: what goes wrong in the network goes wrong for the service alone. */
  readonly requestor: TestRequestor;
  readonly clock: Clock;
  /**
   * Connects as `connectBroker` does, on the clock of the bench, through the network unless `url` says otherwise. For
   * `createReplier`, `createRequestor` and `sendReply`. Default `logger` silent; on a virtual clock default `heartbeatMs` 0.
   */
  connect(options?: ConnectBrokerOptions): Promise<Broker>;
  /** Opens a store in memory, on the clock of the bench; it is closed with the bench. */
  openStore(): Store;
  /**
   * Moves the virtual clock on, from one timer to the next. After each step what is under way between the parts in this
   * process comes to rest; a handler that waits for something else, such as a file, is not waited for.
   *
   * @throws Error on a real clock
   */
  advance(ms: number): Promise<void>;
  /**
   * Stops these, in their order, such as repliers and requestors of the library; then ends all of the bench. A virtual clock
   * moves on meanwhile, so that what waits for a deadline ends.
   */
  stop(...parts: readonly Stoppable[]): Promise<void>;
}

interface Stoppable {
  stop(deadlineMs?: number): Promise<void>;
}

const optionNames = Object.keys({
  clock: true,
  startsAt: true,
  seed: true,
} satisfies Record<keyof TestBenchOptions, true>);

/** Turns of the event loop without traffic after which nothing is under way: a hop between two parts takes two or three. */
const quietTurns = 12;
/** Milliseconds of a virtual clock for each of real time, while it is moved only to let something end. */
const stepMs = 50;
/** Milliseconds that each part has to stop. */
const stopMs = 5_000;

/**
 * @throws INVALID_ARGUMENT
 * @example const bench = await startTestBench({ clock: 'virtual' });
 */
export async function startTestBench(options: TestBenchOptions = {}): Promise<TestBench> {
  const { clock: kind = 'real', startsAt = systemClock.now(), seed } = toOptions(options);
  refuseProblems([
    ...nameProblems(options, optionNames),
    ['real', 'virtual'].includes(kind)
      ? undefined
      : toProblem('clock', valueInWords(kind), "'real' or 'virtual'"),
    numberProblem('startsAt', startsAt, { min: 0, max: Number.MAX_SAFE_INTEGER }),
    seedProblem(seed),
  ]);
  const virtual = kind === 'virtual' ? createManualClock(startsAt) : undefined;
  const clock = virtual ?? systemClock;
  const broker = await startTestBroker();
  const { network, requestor } = await startBeside(broker, {
    ...{ broker: broker.url, clock },
    ...(seed === undefined ? {} : { seed }),
  });
  const connected: Broker[] = [];
  const stores: Store[] = [];

  function isMoved(): number {
    return network.bytes + broker.traffic;
  }

  /** Resolves when nothing has moved for some turns of the event loop. */
  async function settle(): Promise<void> {
    let before = isMoved();
    for (let turns = 0; turns < quietTurns; turns += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      const now = isMoved();
      if (now !== before) turns = 0;
      before = now;
    }
  }

  async function end(parts: readonly Stoppable[]): Promise<void> {
    network.clear();
    network.resume();
    // Each in its turn, and all of them: what one leaves would keep the test process alive.
    const steps = [
      ...parts.map((part) => () => part.stop(stopMs)),
      ...connected.map((one) => () => one.close()),
      ...stores.map((store) => () => store.close()),
      () => requestor.stop(),
      () => network.stop(),
      () => broker.stop(),
    ];
    const failures: unknown[] = [];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  return {
    broker,
    network,
    requestor,
    clock,
    async connect(given = {}) {
      const quiet = virtual === undefined ? {} : { heartbeatMs: 0 };
      const made = await connectBrokerOn(clock, {
        ...{ url: network.url, logger: silentLogger },
        ...quiet,
        ...toOptions(given),
      });
      connected.push(made);
      return made;
    },
    openStore() {
      const store = openStoreOn(clock, 'sqlite::memory:', {});
      stores.push(store);
      return store;
    },
    async advance(ms) {
      refuseProblems([numberProblem('ms', ms, { min: 0, max: Number.MAX_SAFE_INTEGER })]);
      if (virtual === undefined) throw new Error("the clock of this bench is real; see clock: 'virtual'");
      const until = virtual.now() + ms;
      await settle();
      for (let next = virtual.nextAt; next !== undefined && next <= until; next = virtual.nextAt) {
        virtual.advance(Math.max(0, next - virtual.now()));
        await settle();
      }
      virtual.advance(until - virtual.now());
    },
    stop: (...parts) => (virtual === undefined ? end(parts) : moving(virtual, end(parts))),
  };
}

/** What a bench has besides its broker; the broker ends when it cannot be had. */
async function startBeside(
  broker: TestBroker,
  options: FaultyNetworkOptions,
): Promise<{ readonly network: FaultyNetwork; readonly requestor: TestRequestor }> {
  let requestor: TestRequestor | undefined;
  try {
    requestor = await startTestRequestor({ broker });
    return { requestor, network: await startFaultyNetwork(options) };
  } catch (error) {
    await requestor?.stop();
    await broker.stop();
    throw error;
  }
}

/** Waits for something whose deadlines are those of a virtual clock. */
async function moving(clock: ManualClock, done: Promise<void>): Promise<void> {
  const timer = setInterval(() => clock.advance(stepMs), 1);
  try {
    await done;
  } finally {
    clearInterval(timer);
  }
}
