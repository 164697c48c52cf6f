import { markdownTable } from '#schema/markdown-table.js';
import { countText, msText, numberText, percentText, steppedText } from '../../tools/number-text.js';
import type { Spread } from '../../tools/spread.js';
import { spreadText } from '../../tools/spread.js';
import type { Results } from '../results.js';
import { ways } from '../variants.js';
import type { Variant } from '../variants.js';
import { toAwayFigures } from './figures.js';
import type { Figures } from './figures.js';

const none = '–';

const head = [
  ...['way', 'variant', 'p50 ms', 'p99 ms', 'longest ms', 'questions per event', 'wasted', 'bytes per event'],
  ...['gateway CPU', 'broker CPU', 'database CPU', 'sender CPU', 'clients CPU', 'seen'],
];

/** One table per number of clients, by that number. CPU in seconds per 1,000 events. */
export function measuredTables(figures: readonly Figures[]): Map<number, string> {
  const tables = new Map<number, string>();
  for (const clients of new Set(figures.map((one) => one.clients))) {
    const rows = figures.filter((one) => one.clients === clients).map((one) => rowOf(one));
    tables.set(clients, markdownTable(head, rows));
  }
  return tables;
}

function rowOf(figures: Figures): string[] {
  const { variant, delay, wastedShare, bytesPerEvent, cpu, cpuStep, isOverloaded } = figures;
  const reads = delay !== null;
  const ms = (of: Spread | undefined): string => (of === undefined ? none : spreadText(of, msText));
  // Of a lesser load than was meant, so not to be held against those of other rows.
  const perEvent = (of: Spread | null, toText: (value: number) => string): string =>
    of === null || isOverloaded ? none : spreadText(of, toText);
  const seconds = (of: Spread | null): string => perEvent(of, (value) => steppedText(value, cpuStep));
  return [
    ...namesOf(variant),
    ...[ms(delay?.p50), ms(delay?.p99), ms(delay?.max)],
    reads ? questionsText(figures) : none,
    perEvent(wastedShare, percentText),
    reads ? perEvent(bytesPerEvent, (value) => countText(Math.round(value))) : none,
    ...[seconds(cpu.gateway), seconds(cpu.broker), seconds(cpu.database)],
    ...[seconds(cpu.publisher), reads ? seconds(cpu.clients) : none],
    seenText(figures),
  ];
}

function questionsText({ due, isOverloaded, questionsPerEvent }: Figures): string {
  return isOverloaded && due !== null
    ? `could ask ${countText(due.asked)} of ${countText(due.due)}`
    : spreadText(questionsPerEvent, numberText);
}

function seenText({ seenShare, lost }: Figures): string {
  if (seenShare === null) return none;
  const seen = spreadText(seenShare, percentText);
  return lost > 0 ? `${seen}, ${countText(lost)} lost` : seen;
}

function namesOf({ way, title }: Variant): [string, string] {
  return [way === null ? none : ways[way], title];
}

/** What became of the events of those who were away. */
export function awayTable(results: Results): string {
  return markdownTable(
    ['way', 'variant', 'events while away', 'missed for good', 'knew the state again after'],
    toAwayFigures(results).map(({ variant, events, missedShare, caughtUpMs }) => [
      ...namesOf(variant),
      String(events),
      missedShare === 0 ? 'none' : percentText(missedShare),
      caughtUpMs === null ? 'the next event' : `${msText(caughtUpMs)} ms`,
    ]),
  );
}
