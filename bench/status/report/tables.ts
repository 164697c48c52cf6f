import { markdownTable } from '#schema/markdown-table.js';
import type { Results } from '../results.js';
import { ways } from '../variants.js';
import type { Variant } from '../variants.js';
import { toAwayFigures, toFigures } from './figures.js';
import type { Figures, Spread } from './figures.js';
import { msText, numberText, percentText } from './number-text.js';

const none = '–';

const head = [
  ...['way', 'variant', 'p50 ms', 'p99 ms', 'longest ms', 'questions per event', 'wasted', 'bytes per event'],
  ...['gateway CPU', 'broker CPU', 'database CPU', 'clients CPU', 'seen'],
];

/** One table per number of clients, by that number. CPU in seconds per 1,000 events. */
export function measuredTables(results: Results): Map<number, string> {
  const figures = toFigures(results);
  const tables = new Map<number, string>();
  for (const clients of new Set(figures.map((one) => one.clients))) {
    tables.set(
      clients,
      markdownTable(
        head,
        figures.filter((one) => one.clients === clients).map((one) => rowOf(one)),
      ),
    );
  }
  return tables;
}

function rowOf(figures: Figures): string[] {
  const { variant, delay, questionsPerEvent, wastedShare, bytesPerEvent, cpu, seenShare, lost } = figures;
  const reads = delay !== null;
  const ms = (of: Spread | undefined): string => (of === undefined ? none : spreadText(of, msText));
  const seconds = (of: Spread | null): string => (of === null ? none : spreadText(of, numberText));
  const seen = lost > 0 ? `${percentText(seenShare)}, ${lost} lost` : percentText(seenShare);
  return [
    ...namesOf(variant),
    ...[ms(delay?.p50), ms(delay?.p99), ms(delay?.max)],
    reads ? spreadText(questionsPerEvent, numberText) : none,
    wastedShare === null ? none : percentText(wastedShare.value),
    reads ? numberText(Math.round(bytesPerEvent.value)) : none,
    ...[seconds(cpu.gateway), seconds(cpu.broker), seconds(cpu.database), seconds(cpu.clients)],
    reads ? seen : none,
  ];
}

function namesOf({ way, title }: Variant): [string, string] {
  return [way === null ? none : ways[way], title];
}

function spreadText({ value, min, max }: Spread, toText: (value: number) => string): string {
  const [low, high] = [toText(min), toText(max)];
  return low === high ? toText(value) : `${toText(value)} (${low}–${high})`;
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
