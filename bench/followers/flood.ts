/** Status events of a project that nobody asked about, as fast as the broker takes them. */
import { randomUUID } from 'node:crypto';
import { until } from '../../test/support/until.js';
import { startService } from '../status/publishers/service.js';
import { isAborted, pause } from '../tools/clock.js';
import type { Measuring } from './measuring.js';
import { eventsOf } from './measuring.js';

export interface Flood {
  /** Runs until `end` is called. */
  start(): void;
  /** Resolves when all of it is numbered. */
  end(): Promise<void>;
  close(): Promise<void>;
}

const project = 'flood';
/** Sent at once; and how many the gateway may be behind, so that what is left at the end is worked off soon. */
const batch = 250;
const mostBehind = 2_000;
const lookMs = 50;
const numberedWithinMs = 60_000;

/** @param statusQueue `{prefix}.status` */
export async function createFlood({ gateway, signal }: Measuring, statusQueue: string): Promise<Flood> {
  const publisher = await startService({ brokerUrl: gateway.brokerUrl, queue: 'flooding', statusQueue });
  let running: Promise<void> = Promise.resolve();
  let stopped = new AbortController();
  let published = 0;

  async function behind(): Promise<number> {
    return published - (await eventsOf(gateway, project));
  }

  async function run(): Promise<void> {
    const ended = AbortSignal.any([stopped.signal, signal]);
    while (!isAborted(ended)) {
      for (let count = 0; count < batch; count += 1) {
        const step = { project, client: 0, subject: randomUUID(), step: 1, steps: 1 };
        publisher.publish(step);
      }
      published += batch;
      await publisher.settled();
      while (!isAborted(ended) && (await behind()) > mostBehind) await pause(lookMs, ended);
    }
  }

  return {
    start() {
      stopped = new AbortController();
      running = run();
      // Told to the one who ends it.
      running.catch(() => undefined);
    },
    async end() {
      stopped.abort();
      await running;
      await until(async () => (await behind()) <= 0, {
        what: 'the flood to be numbered',
        withinMs: numberedWithinMs,
      });
    },
    close: () => publisher.close(),
  };
}
