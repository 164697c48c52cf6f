/** The page in Markdown; not a word of it is written by hand afterwards. */
import { markdownTable } from '#schema/markdown-table.js';
import type { Results } from '../results.js';
import { toFigures } from './figures.js';
import { msText } from './number-text.js';
import type { Picture } from './pictures.js';
import { toFindings } from './sentences.js';
import { awayTable, measuredTables } from './tables.js';

export interface PageOptions {
  readonly pictures: readonly Picture[];
  /** Of the pictures, seen from the page; empty or with a slash at its end. */
  readonly folder: string;
}

export function pageOf(results: Results, { pictures, folder }: PageOptions): string {
  const findings = toFindings(results);
  const list = (sentences: readonly string[]): string =>
    sentences.map((sentence) => `- ${sentence}`).join('\n');
  const picture = (name: string): string => {
    const found = pictures.find((one) => one.name === name);
    return found === undefined ? '' : `![${found.title}](${folder}${found.name})`;
  };
  const tables = [...measuredTables(results)].map(
    ([clients, table]) => `### ${clients.toLocaleString('en-US')} clients\n\n${table}`,
  );
  const blocks = [
    '# How does a client best learn that its long task moved on?',
    '<!-- Written by `npm run bench:status -- --publish`; the next one overwrites it. -->',
    `Eight ways, measured side by side. Each client has one task, and each task makes ${results.steps} steps at known instants within ${results.windowMs / 1_000} s. ${describeRun(results)}`,
    '## When to choose which',
    `The figures are those at ${findings.clients.toLocaleString('en-US')} clients.`,
    markdownTable(['you have', 'take', 'because'], findings.advice),
    '## What the figures say',
    list([...findings.speed, ...findings.price, ...findings.growth, ...findings.away]),
    '## Pictures',
    pictures.map(({ name }) => picture(name)).join('\n\n'),
    '## Figures',
    tableText(results),
    ...tables,
    '### Clients that were away',
    `Five clients left for ${results.awayMs / 1_000} s, in which their tasks made steps, and came back as well as their way allows. Missed: never seen, neither then nor later.`,
    awayTable(results),
    '## How it was measured',
    list(describeMethod(results)),
    '## On what',
    list(describeMachine(results)),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function describeRun({ size, measured, startedAt, tookMs }: Results): string {
  const repeats = Math.max(0, ...measured.map(({ runs }) => runs.length));
  const passes = repeats === 1 ? 'one pass' : `${repeats} passes`;
  return `This is a ${size} run of ${startedAt.slice(0, 10)}: ${passes}, ${Math.round(tookMs / 60_000)} minutes.`;
}

function tableText({ measured }: Results): string {
  const repeated = measured.some(({ runs }) => runs.length > 1);
  return [
    'Delay in milliseconds from the instant of the event. Questions are calls, queries or listings of a folder; for callbacks, calls to the client. Wasted: those that brought nothing new.',
    'CPU in seconds per 1,000 events. Seen: the client saw the event itself, and not only that a later one was there.',
    ...(repeated ? ['In parentheses the least and the greatest of the repeats.'] : []),
  ].join(' ');
}

function describeMethod(results: Results): string[] {
  const late = Math.max(...toFigures(results).map(({ publisherLateMs }) => publisherLateMs));
  return [
    `A delay counts from the planned instant of the step, on a clock that all processes share; what waits in line is in it. So is the publisher’s own lateness (in the worst measurement ${msText(late)} ms for 99 % of its events).`,
    'Topic, server-sent events, WebSocket, long poll and polling get the same events: a service takes real requests over the broker and tells of their progress with persistent messages and receipts, as the library does. For database, callback and file the publisher writes the same event straight into the table, to the client, into the folder: no gateway takes part.',
    'Who sees a state (polling, long poll) learns by a later step that the earlier ones were made; those count as learned then, and as not seen.',
    'An event that had not come at the end counts with the delay that it had by then.',
    'Polling is at its best: one kept-alive connection per client, fixed instants, phases spread at random; with ETag the gateway answers 304 without a body. A client asks one question at a time: what falls into a slow answer is not asked.',
    results.selectors
      ? 'Each client of the topic subscribes with a selector for its own task.'
      : 'The broker has no selectors: each client of the topic gets the events of all tasks and drops those of the others.',
    ...(results.databaseConnections > 0
      ? [
          `The table has an index for its query. The clients have a connection each up to ${results.databaseConnections}; above that they share these, as behind a pooler. CPU of the database is that of the processes of these connections.`,
        ]
      : []),
    'The folder is on a local disk; bytes are the contents that the client read. What files cost the system is in the CPU of the clients.',
    'Questions, bytes and CPU are those within the window in which events come; streams and subscriptions were opened before it.',
    'All clients are in one process, beside gateway, broker and database on the same machine: with many clients they take CPU from each other.',
  ];
}

function describeMachine({ machine, parts, missing, failed, seed }: Results): string[] {
  const { processor, cores, memoryGib, system, load } = machine;
  return [
    `${processor}, ${cores} cores, ${memoryGib} GiB, ${system}. Load average before the start, from other work on the machine: ${load.toFixed(1)}${load > cores / 2 ? ', so read the ratios and not the figures' : ''}.`,
    `${Object.entries(parts)
      .map(([part, version]) => `${part}: ${version}`)
      .join('; ')}.`,
    `Seed ${seed}: the same instants come again with \`--seed ${seed}\`.`,
    ...missing,
    ...failed.map((words) => `Failed: ${words}.`),
  ];
}
