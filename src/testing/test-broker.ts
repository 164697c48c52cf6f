import { createEmbeddedBroker } from '#adapters/broker/embedded-broker.js';
import { productVersion } from '#app/version.js';
import { systemClock } from '#app/system-clock.js';
import { nameProblems, numberProblem, textProblem, toOptions } from '#app/library/option-checks.js';
import { refuseProblems } from '#core/refuse-problems.js';
import type { WithinOptions } from './waiting.js';
import { usualWithinMs } from './waiting.js';

export interface TestBrokerOptions {
  /** Where it listens; default 127.0.0.1. */
  readonly host?: string;
  /** Default 0, any free port. */
  readonly port?: number;
  /** Bytes that the body of a message may have, 1 to 1 GiB; default 64 MiB. What is larger is refused with ERROR. */
  readonly maxBodyBytes?: number;
}

/** How a queue stands. */
export interface QueueFigures {
  /** Messages that wait for a consumer. */
  readonly depth: number;
  /** Delivered and not acknowledged. */
  readonly inFlight: number;
  readonly consumers: number;
}

/**
 * The embedded broker in this process, in memory: STOMP 1.2 and 1.1 over TCP, for clients of any process and language. It
 * runs on the machine's clock, also in a test bench with a virtual one.
 */
export interface TestBroker {
  /** `stomp://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  /** Zeros for a queue that it does not know (any more). */
  queue(name: string): QueueFigures;
  /**
   * Waits until nothing waits in these queues and nothing is in flight there: whoever consumes them is done with what was
   * sent so far.
   *
   * @throws Error that says how they stand, when that takes longer than `withinMs` milliseconds of real time, default 10,000
   */
  drained(queues: readonly string[], options?: WithinOptions): Promise<void>;
  /** Messages taken, given out and stored since the start. */
  readonly traffic: number;
  /** Ends every connection; what it holds is gone. */
  stop(): Promise<void>;
}

const optionNames = Object.keys({
  host: true,
  port: true,
  maxBodyBytes: true,
} satisfies Record<keyof TestBrokerOptions, true>);

const usualBodyBytes = 64 * 1024 * 1024;
const mostBodyBytes = 1024 * 1024 * 1024;
const lookEveryMs = 5;
const stopMs = 1_000;

/**
 * Starts a broker for tests.
 *
 * @throws INVALID_ARGUMENT, PORT_TAKEN
 * @example const broker = await startTestBroker();
 */
export async function startTestBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const { host = '127.0.0.1', port = 0, maxBodyBytes = usualBodyBytes } = toOptions(options);
  refuseProblems([
    ...nameProblems(options, optionNames),
    textProblem('host', host, () => undefined),
    numberProblem('port', port, { min: 0, max: 65_535 }),
    numberProblem('maxBodyBytes', maxBodyBytes, { min: 1, max: mostBodyBytes }),
  ]);
  const broker = createEmbeddedBroker({
    ...{ path: ':memory:', clock: systemClock, host, port, version: productVersion },
    // Room for several of the largest.
    limits: { bodyBytes: maxBodyBytes, memoryBytes: 4 * Math.max(maxBodyBytes, usualBodyBytes) },
  });
  const listening = await broker.start();

  function figuresOf(name: string): QueueFigures {
    const found = broker.statistics().queues.find((one) => one.name === name);
    return { depth: found?.depth ?? 0, inFlight: found?.inFlight ?? 0, consumers: found?.consumers ?? 0 };
  }

  const shownHost = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return {
    url: `stomp://${shownHost.includes(':') ? `[${shownHost}]` : shownHost}:${listening.port}`,
    port: listening.port,
    queue: figuresOf,
    async drained(queues, { withinMs = usualWithinMs } = {}) {
      const endAt = performance.now() + withinMs;
      for (;;) {
        const left = queues
          .map((name) => ({ name, ...figuresOf(name) }))
          .filter(({ depth, inFlight }) => depth > 0 || inFlight > 0);
        if (left.length === 0) return;
        if (performance.now() > endAt) {
          const words = left.map(
            ({ name, depth, inFlight }) => `${name}: ${depth} wait, ${inFlight} in flight`,
          );
          throw new Error(`the queues were not drained within ${withinMs} ms; ${words.join('; ')}`);
        }
        await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
      }
    },
    get traffic() {
      const { sent, delivered, transactions } = broker.statistics();
      return sent + delivered + transactions;
    },
    stop: () => broker.stop(stopMs),
  };
}
