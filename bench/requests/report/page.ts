/** The page in Markdown; not a word of it is written by hand afterwards. */
import type { Picture } from '../../tools/chart.js';
import { countText, numberText } from '../../tools/number-text.js';
import type { Results } from '../results.js';
import { enoughRepeats, minutesText } from './aims.js';
import type { Figures } from './figures.js';
import { describeMachine, describeMethod } from './method.js';
import { describeProfile } from './profiles.js';
import { sayBounds, sayTroubles } from './sentences.js';
import { aimsTable, cpuTable, loadTables, rateTable, stagesTable } from './tables.js';

export interface PageOptions {
  /** Of these results. */
  readonly figures: readonly Figures[];
  readonly pictures: readonly Picture[];
  /** Of the pictures, seen from the page; empty or with a slash at its end. */
  readonly folder: string;
}

const profiledFunctions = 12;

export function pageOf(results: Results, { figures, pictures, folder }: PageOptions): string {
  const [overHttp, ofLibrary] = [loadTables(figures, 'http'), loadTables(figures, 'library')];
  const [httpAtRate, libraryAtRate] = [rateTable(figures, 'http'), rateTable(figures, 'library')];
  const blocks = [
    '# What does durable request-reply over HTTP cost?',
    '<!-- Written by `npm run bench -- --publish`; the next one overwrites it. -->',
    describeRun(results),
    '## Aims',
    describeAims(results),
    aimsTable(results, figures),
    ...section('What bounds what was missed', sayBounds(results, figures)),
    ...section('What was not as it should be', sayTroubles(results, figures)),
    ...pictures.map(({ name, title }) => `![${title}](${folder}${name})`),
    ...(overHttp.length === 0 ? [] : ['## Over HTTP, as many as there can be', ...overHttp]),
    ...(httpAtRate === '' ? [] : ['## Over HTTP, at a fixed rate', httpAtRate]),
    ...(ofLibrary.length === 0 ? [] : ['## Without HTTP, as many as there can be', ...ofLibrary]),
    ...(libraryAtRate === '' ? [] : ['## Without HTTP, at a fixed rate', libraryAtRate]),
    ...(figures.length === 0 ? [] : describeCosts(figures)),
    ...describeMemory(results),
    ...(results.profiles.length === 0
      ? []
      : [
          '## Profiles',
          ...results.profiles.map((profile) => describeProfile(profile, { most: profiledFunctions })),
        ]),
    ...(figures.length === 0 ? [] : ['## How it was measured', list(describeMethod(results))]),
    '## On what',
    list(describeMachine(results)),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function describeCosts(figures: readonly Figures[]): string[] {
  return [
    '## CPU time and memory',
    'Milliseconds of CPU time per reply, by part. Memory of the process under test.',
    cpuTable(figures),
    '## Time per stage',
    'Mean milliseconds. To the service: from the call until the service has the request; back: from there until the caller has the reply. Of those, what the gateway tells: from its record to the receipt of the broker, and from there until the reply is recorded. Collecting garbage: share of the CPU time of the process.',
    stagesTable(figures),
  ];
}

function section(title: string, sentences: readonly string[]): string[] {
  return sentences.length === 0 ? [] : [`## ${title}`, list(sentences)];
}

function list(sentences: readonly string[]): string {
  return sentences.map((sentence) => `- ${sentence}`).join('\n');
}

function describeRun({ size, passes, startedAt, tookMs }: Results): string {
  const turns = passes === 1 ? 'one turn of each way' : `${passes} turns of each way`;
  const times = passes === 0 ? 'memory alone' : turns;
  return `replyto beside a plain Express echo, which is the ceiling, and beside a bridge on Express and stompjs that keeps all in memory and loses it when it dies. This is a ${size} run of ${startedAt.slice(0, 10)}: ${times}, ${Math.round(tookMs / 60_000)} minutes.`;
}

function describeAims({ passes }: Results): string {
  const judged = `Computed from the figures below; ratios are of the medians.`;
  if (passes >= enoughRepeats) return judged;
  return `${judged} They are meant for medians of at least ${enoughRepeats} turns; this run had ${passes === 0 ? 'none that was whole' : countText(passes)}, so they say little.`;
}

/** Points of the table: memory, a minute or more apart. */
const mostPoints = 12;

function describeMemory({ memory }: Results): string[] {
  if (memory === null || memory.samples.length === 0) return [];
  const { samples, everyMs, replied, minutes, failures } = memory;
  const step = Math.max(1, Math.floor(samples.length / mostPoints));
  const points = samples.flatMap((bytes, index) =>
    (index + 1) % step === 0
      ? [`after ${numberText(((index + 1) * everyMs) / 60_000)} min ${numberText(bytes / 1_000_000)}`]
      : [],
  );
  const failed = Object.entries(failures).map(([reason, count]) => `${countText(count)} × ${reason}`);
  return [
    '## Memory over minutes',
    `${countText(replied)} replies in ${minutesText(minutes)}${failed.length === 0 ? '' : `, besides ${failed.join(', ')}`}. MB: ${points.join(', ')}.`,
  ];
}
