/** The page in Markdown; not a word of it is written by hand afterwards. */
import { markdownTable } from '#schema/markdown-table.js';
import type { Picture } from '../../tools/chart.js';
import { countText } from '../../tools/number-text.js';
import type { Results } from '../results.js';
import { ways } from '../variants.js';
import { variantOf } from './figures.js';
import type { Figures } from './figures.js';
import { limitRule, sayLimits } from './growth.js';
import { describeMachine, describeMethod } from './method.js';
import { sayTroubles, toFindings } from './sentences.js';
import { awayTable, measuredTables } from './tables.js';

export interface PageOptions {
  /** Of these results. */
  readonly figures: readonly Figures[];
  readonly pictures: readonly Picture[];
  /** Of the pictures, seen from the page; empty or with a slash at its end. */
  readonly folder: string;
}

export function pageOf(results: Results, { figures, pictures, folder }: PageOptions): string {
  const findings = toFindings(results, figures);
  const troubles = [
    ...sayTroubles(figures),
    ...results.failed.map((words) => `Failed: ${words}.`),
    ...results.leftOut.map(({ why }) => why),
    ...(results.passes < results.repeats
      ? [`The run was ended after ${results.passes} of ${results.repeats} passes.`]
      : []),
  ];
  const tables = [...measuredTables(figures)].map(
    ([clients, table]) => `### ${countText(clients)} clients\n\n${table}`,
  );
  const said = [...findings.speed, ...findings.price, ...findings.growth, ...findings.away];
  const blocks = [
    '# How does a client best learn that its long task moved on?',
    '<!-- Written by `npm run bench:status -- --publish`; the next one overwrites it. -->',
    `${describeWays(results)} Each client has one task, and each task makes ${results.steps} steps at known instants within ${results.windowMs / 1_000} s. ${describeRun(results)}`,
    '## When to choose which',
    ...(findings.clients === null
      ? []
      : [`The figures are those at ${countText(findings.clients)} clients.`]),
    markdownTable(['you have', 'take', 'because'], findings.advice),
    ...section('What the figures say', said),
    ...section('Where polling stops being reasonable', sayLimits(figures), limitRule),
    ...section('What was not as it should be', troubles),
    '## Pictures',
    pictures.map(({ name, title }) => `![${title}](${folder}${name})`).join('\n\n'),
    '## Figures',
    tableText(results),
    ...tables,
    '### Clients that were away',
    `${clientsAway(results)} left for ${results.awayMs / 1_000} s, in which their tasks made steps, and came back as well as their way allows. Missed: never seen, neither then nor later.`,
    awayTable(results),
    '## How it was measured',
    list(describeMethod(results, figures)),
    '## On what',
    list(describeMachine(results)),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function section(title: string, sentences: readonly string[], before?: string): string[] {
  if (sentences.length === 0) return [];
  return [`## ${title}`, ...(before === undefined ? [] : [before]), list(sentences)];
}

function list(sentences: readonly string[]): string {
  return sentences.map((sentence) => `- ${sentence}`).join('\n');
}

function describeWays({ measured, away }: Results): string {
  const found = [...measured, ...away].map(({ variant }) => variantOf(variant).way);
  const count = new Set(found.filter((way) => way !== null)).size;
  const all = Object.keys(ways).length;
  return count === all
    ? `${all} ways, measured side by side.`
    : `${count} of ${all} ways, measured side by side.`;
}

function describeRun({ size, passes, startedAt, tookMs }: Results): string {
  const times = passes === 1 ? 'one pass' : `${passes} passes`;
  return `This is a ${size} run of ${startedAt.slice(0, 10)}: ${times}, ${Math.round(tookMs / 60_000)} minutes.`;
}

function clientsAway({ away }: Results): string {
  const most = Math.max(0, ...away.flatMap(({ runs }) => runs.map(({ clients }) => clients)));
  return most === 1 ? 'One client of each variant' : `${countText(most)} clients of each variant`;
}

function tableText({ measured, idle }: Results): string {
  const repeated = measured.some(({ runs }) => runs.length > 1);
  return [
    'Delay in milliseconds from the instant of the event. Questions are calls, queries or listings of a folder; for callbacks, calls to the client. Wasted: those that brought nothing new.',
    `CPU in seconds per 1,000 events${idle.length > 0 ? ', less what the same process uses when nobody does anything' : ''}; the sender is the service, or for database, callback and file whoever writes or calls. Seen: the client saw the event itself, and not only that a later one was there.`,
    '“Could ask n of m”: the questions that fell due took too long to be asked; figures per event of such a row would be those of a lesser load and are left out.',
    ...(repeated ? ['In parentheses the least and the greatest of the repeats.'] : []),
  ].join(' ');
}
