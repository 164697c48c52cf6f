/** One measurement: a variant, so many clients, one schedule. */
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { within } from '../../test/support/until.js';
import { nowUs } from '../tools/clock.js';
import { wordsOf } from '../tools/words.js';
import { measureCpu } from './cpu-times.js';
import type { ClientOutcome } from './generator-calls.js';
import { leadMsOf } from './plan.js';
import { createCaller } from './publishers/caller.js';
import { createFileWriter } from './publishers/file-writer.js';
import { publishSchedule } from './publishers/publish-schedule.js';
import type { Publisher } from './publishers/publisher.js';
import { connectTableWriter } from './publishers/table-writer.js';
import type { MeasuredRun } from './results.js';
import type { Schedule } from './schedule.js';
import type { System } from './system.js';
import { intervalOf } from './variants.js';
import type { Variant } from './variants.js';

export interface MeasurementOptions {
  readonly variant: Variant;
  readonly schedule: Schedule;
  readonly windowMs: number;
  readonly away: { readonly leaveAtMs: number; readonly backAtMs: number } | null;
  /** Of the phases of clients that look from time to time. */
  readonly seed: number;
  readonly giveUpMs: number;
}

export interface Measured {
  readonly run: MeasuredRun;
  /** Microseconds from the start, by client and step; null: never. */
  readonly knownAt: ClientOutcome['knownAt'];
  readonly seenSteps: ClientOutcome['seenSteps'];
}

/** From telling the clients the start until it, beside the steps before it. */
const noticeUs = 300_000;
const noticePerClientUs = 1_000;
const connectWithinMs = 120_000;
const publishedWithinMs = 90_000;
/** Status events of a request that nobody answers: accepted, sent; and cancelled, when it is ended. */
const eventsBefore = 2;
const eventsAfter = 1;

/** What is to be ended after a measurement, in reverse order; a failure of one keeps none of the others. */
type Ends = (() => Promise<unknown>)[];

export async function measure(system: System, options: MeasurementOptions): Promise<Measured> {
  const ends: Ends = [];
  const troubles: Record<string, number> = {};
  const endAll = async (): Promise<void> => {
    for (const end of ends.reverse()) {
      await end().catch((error: unknown) => {
        const words = `after it: ${wordsOf(error)}`;
        troubles[words] = (troubles[words] ?? 0) + 1;
      });
    }
  };
  const { run, ...rest } = await measureWith(system, options, ends).finally(endAll);
  return { ...rest, run: { ...run, failures: { ...run.failures, ...troubles } } };
}

async function measureWith(system: System, options: MeasurementOptions, ends: Ends): Promise<Measured> {
  const { variant, schedule, windowMs, away, seed } = options;
  const { generator } = system;
  const id = randomUUID().slice(0, 8);
  const project = `bench-${id}`;
  const folder = join(system.folder, id);
  const count = schedule.length;
  const subjects = Array.from({ length: count }, () => randomUUID());
  await mkdir(folder);
  ends.push(() => rm(folder, { recursive: true, force: true }));
  if (variant.publishing.to === 'gateway') {
    await postRequests(system, { ids: subjects, project, schedule }, ends);
  }
  const files = variant.publishing.to === 'folder' ? await createFileWriter(folder, count) : null;
  ends.push(() =>
    within(generator.close({ id }), { what: 'all clients to leave', withinMs: connectWithinMs }),
  );
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
  const { addresses } = await within(opening, { what: 'all clients to be there', withinMs: connectWithinMs });
  const own = files ?? (await createOwnPublisher(system, variant, addresses));
  if (own !== null) ends.push(() => own.close());
  const publisher = own ?? system.service;
  const startsAt = nowUs() + noticeUs + count * noticePerClientUs + leadMsOf(variant) * 1_000;
  const giveUpMs = options.giveUpMs + 2 * intervalOf(variant);
  const failed = new AbortController();
  ends.push(() => {
    failed.abort();
    return Promise.resolve();
  });
  const [outcome, late, cpu] = await Promise.all([
    within(generator.measure({ id, startsAt, giveUpMs }), {
      what: 'the outcome of the clients',
      withinMs: (startsAt - nowUs()) / 1_000 + windowMs + giveUpMs + connectWithinMs,
    }),
    publishSchedule(publisher, schedule, { startsAt, project, subjects, signal: failed.signal }),
    measureCpu(system, variant.publishing, { startsAt, windowMs }),
  ]);
  const failures = await within(publisher.settled(), {
    what: 'the publisher to be through',
    withinMs: publishedWithinMs,
  });
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
}

/** Resolves when the gateway has told of all of them: nothing of that falls into the measurement, nor of their end into the next. */
async function postRequests(
  { requests, queue }: System,
  {
    ids,
    project,
    schedule,
  }: { readonly ids: readonly string[]; readonly project: string; readonly schedule: Schedule },
  ends: Ends,
): Promise<void> {
  const before = eventsBefore * ids.length;
  const events = before + schedule.flat().length + eventsAfter * ids.length;
  ends.push(() => requests.untilQuiet({ project, events }));
  ends.push(() => requests.cancel(ids));
  await requests.post({ ids, queue, project });
  await requests.untilQuiet({ project, events: before });
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
