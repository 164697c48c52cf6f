/** One measurement: a variant, so many clients, one schedule. */
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { within } from '../../test/support/until.js';
import { nowUs, untilUs } from './clock.js';
import { cpuSeconds } from './cpu.js';
import type { ClientOutcome } from './generator-calls.js';
import { createCaller } from './publishers/caller.js';
import { createFileWriter } from './publishers/file-writer.js';
import { publishSchedule } from './publishers/publish-schedule.js';
import type { Publisher } from './publishers/publisher.js';
import { connectTableWriter } from './publishers/table-writer.js';
import type { CpuTimes, MeasuredRun } from './results.js';
import type { Schedule } from './schedule.js';
import type { System } from './system.js';
import { intervalOf } from './variants.js';
import type { Variant } from './variants.js';

export interface MeasurementOptions {
  readonly variant: Variant;
  readonly schedule: Schedule;
  readonly windowMs: number;
  readonly away: { readonly leaveAtMs: number; readonly backAtMs: number } | null;
  readonly seed: number;
  readonly giveUpMs: number;
}

export interface Measured {
  readonly run: MeasuredRun;
  /** Microseconds from the start, by client and step; null: never. */
  readonly knownAt: ClientOutcome['knownAt'];
  readonly seenSteps: ClientOutcome['seenSteps'];
}

/** From telling the clients the start until it; the gateway has yet to tell of the requests that it has just sent. */
const noticeUs = 300_000;
const noticePerClientUs = 1_000;
const connectWithinMs = 120_000;

export async function measure(system: System, options: MeasurementOptions): Promise<Measured> {
  const { variant, schedule, windowMs, away, seed } = options;
  const { generator, requests, queue } = system;
  const id = randomUUID().slice(0, 8);
  const project = `bench-${id}`;
  const folder = join(system.folder, id);
  await mkdir(folder);
  const count = schedule.length;
  const posted = variant.publishing.to === 'gateway' ? await requests.post({ queue, project, count }) : null;
  const subjects = posted ?? Array.from({ length: count }, () => randomUUID());
  const files = variant.publishing.to === 'folder' ? await createFileWriter(folder, count) : null;
  let publisher: Publisher | undefined;
  try {
    const opening = generator.open({
      ...{ id, project, subjects, schedule, windowMs, away, seed, reading: variant.reading },
      surroundings: {
        gatewayUrl: system.gateway.url,
        brokerUrl: system.brokerUrl,
        selectors: system.selectors,
        database: system.database?.place ?? null,
        folder,
      },
    });
    const { addresses } = await within(opening, {
      what: 'all clients to be there',
      withinMs: connectWithinMs,
    });
    publisher = files ?? (await createOwnPublisher(system, variant, addresses)) ?? system.service;
    const startsAt = nowUs() + noticeUs + count * noticePerClientUs;
    const giveUpMs = options.giveUpMs + 2 * intervalOf(variant);
    const [outcome, late, cpu] = await Promise.all([
      within(generator.measure({ id, startsAt, giveUpMs }), {
        what: 'the outcome of the clients',
        withinMs: windowMs + giveUpMs + connectWithinMs,
      }),
      publishSchedule(publisher, schedule, { startsAt, project, subjects }),
      measureCpu(system, variant, { startsAt, windowMs }),
    ]);
    const failures = await publisher.settled();
    const { knownAt, seenSteps, ...counts } = outcome;
    return {
      knownAt,
      seenSteps,
      run: {
        ...counts,
        failures: { ...failures, ...counts.failures },
        cpu,
        publisherLate: {
          p50: late.getValueAtPercentile(50),
          p99: late.getValueAtPercentile(99),
          max: late.maxValue,
        },
      },
    };
  } finally {
    await within(generator.close({ id }), { what: 'all clients to leave', withinMs: connectWithinMs });
    if (publisher !== system.service) await publisher?.close();
    if (posted !== null) await requests.cancel(posted);
  }
}

async function createOwnPublisher(
  { database }: System,
  { publishing }: Variant,
  addresses: readonly string[],
): Promise<Publisher | null> {
  switch (publishing.to) {
    case 'database': {
      if (database === null) throw new Error('there is no database');
      const { url, schema } = database.place;
      return connectTableWriter({ url, schema, notifies: publishing.notifies });
    }
    case 'callback':
      return createCaller({ addresses, retries: publishing.retries });
    case 'gateway':
    case 'folder':
      return null;
  }
}

/** Of all parts that the variant uses, within the window. */
async function measureCpu(
  system: System,
  { publishing }: Variant,
  { startsAt, windowMs }: { readonly startsAt: number; readonly windowMs: number },
): Promise<CpuTimes> {
  const usesGateway = publishing.to === 'gateway';
  const usesDatabase = publishing.to === 'database';

  async function read(): Promise<CpuTimes> {
    return {
      gateway: usesGateway ? cpuSeconds(system.gateway.pid) : null,
      broker: usesGateway && system.brokerPid !== null ? cpuSeconds(system.brokerPid) : null,
      database: usesDatabase && system.database !== null ? await system.database.cpuSeconds() : null,
      clients: cpuSeconds(system.generator.pid),
      publisher: cpuSeconds(process.pid),
    };
  }

  await untilUs(startsAt);
  const before = await read();
  await untilUs(startsAt + windowMs * 1_000);
  const after = await read();
  const between = (name: keyof CpuTimes): number | null => {
    const [from, to] = [before[name], after[name]];
    return from === null || to === null ? null : Math.max(0, to - from);
  };
  return {
    gateway: between('gateway'),
    broker: between('broker'),
    database: between('database'),
    clients: between('clients'),
    publisher: between('publisher'),
  };
}
