/** How and on what it was measured, in sentences. */
import { countText, msText, numberText } from '../../tools/number-text.js';
import { machineText } from '../../tools/machine.js';
import { waitSeconds } from '../clients/polling.js';
import { retrying } from '../publishers/caller.js';
import type { CpuTimes, Results } from '../results.js';
import type { Figures } from './figures.js';

export function describeMethod(results: Results, figures: readonly Figures[]): string[] {
  return [
    ...describeLateness(figures),
    'Every variant gets the same steps at the same instants, and polls with the same interval look at the same ones, as far as number of clients and repeat are the same.',
    'Topic, server-sent events, WebSocket, long poll and polling get the same events: a service takes real requests over the broker and tells of their progress with persistent messages and receipts, as the library does. For database, callback and file the sender writes the same event straight into the table, to the client, into the folder: no gateway takes part.',
    'Polls read the status document, `GET /requests/{id}`. Who sees a state learns by a later step that the earlier ones were made; those count as learned then, and as not seen. “Page of events” and long poll read `GET /requests/{id}/events?after=…`, which has every step.',
    `A long poll waits at most ${waitSeconds} s (\`Prefer: wait\`), longer than anything here is silent: so none of its questions is wasted.`,
    'An event that had not come at the end counts with the delay that it had by then.',
    'Polling is at its best: one kept-alive connection per client, fixed instants, phases spread at random; with ETag the gateway answers 304 without a body. All are at it for an interval before the start, with steps of their tasks, so that no first question is counted. A client asks one question at a time: what falls into a slow answer is not asked.',
    results.selectors
      ? 'Each client of the topic subscribes with a selector for its own task.'
      : 'The broker has no selectors: each client of the topic gets the events of all tasks and drops those of the others.',
    ...(results.databaseConnections > 0
      ? [
          `The table has an index for its query. The clients have a connection each up to ${results.databaseConnections}; above that they share these, as behind a pooler. CPU of the database is that of the processes of these connections.`,
        ]
      : []),
    `A callback that is tried again is tried ${retrying.tries} times in ${numberText(retrying.withinMs / 1_000)} s, here from memory; absences were ${results.awayMs / 1_000} s. Longer ones would take more.`,
    'The folder is on a local disk; bytes are the contents that the client read. What files cost the system is in the CPU of the clients. A client that removes what it has read makes the system tell it of that too: each event of a watched folder costs a listing in vain.',
    'Questions, bytes and CPU are those within the window in which events come; streams and subscriptions were opened before it, and requests of one measurement are ended and told of before the next begins.',
    describeIdle(results),
    'All clients are in one process, beside gateway, broker and database on the same machine: with many clients they take CPU from each other.',
  ];
}

function describeLateness(figures: readonly Figures[]): string[] {
  if (figures.length === 0) return [];
  const [half, most] = [
    Math.max(...figures.map(({ publisherLate }) => publisherLate.p50)),
    Math.max(...figures.map(({ publisherLate }) => publisherLate.p99)),
  ];
  return [
    `A delay counts from the planned instant of the step, on a clock that all processes share; what waits in line is in it. So is the sender’s own lateness (in the worst measurement ${msText(half)} ms for half of its events and ${msText(most)} ms for 99 %).`,
  ];
}

function describeIdle({ idle, windowMs }: Results): string {
  if (idle.length === 0) {
    return 'What the processes use when nobody does anything was not measured: with few clients it is most of their CPU time.';
  }
  const mean = (name: keyof CpuTimes): number =>
    idle.reduce((sum, times) => sum + (times[name] ?? 0), 0) / idle.length;
  const times = (['gateway', 'broker'] as const)
    .filter((name) => idle.every((one) => one[name] !== null))
    .map((name) => `${name} ${numberText(mean(name))} s`);
  return `CPU time is less what the same processes use in ${windowMs / 1_000} s when nobody does anything (${times.join(', ')}; connections to the database nothing). It is counted in ticks of 10 ms, which with few clients is much of a figure; digits finer than a tick are not shown.`;
}

export function describeMachine({ machine, parts, missing, seed, clients }: Results): string[] {
  return [
    machineText(machine),
    `${Object.entries(parts)
      .map(([part, version]) => `${part}: ${version}`)
      .join('; ')}.`,
    `Seed ${seed}: the same instants come again with \`--seed ${seed}\` and the same numbers of clients (${clients.map(countText).join(', ')}).`,
    ...missing,
  ];
}
