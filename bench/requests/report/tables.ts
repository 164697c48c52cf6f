import { markdownTable } from '#schema/markdown-table.js';
import { countText, msText, numberText, percentText } from '../../tools/number-text.js';
import type { Spread } from '../../tools/spread.js';
import { spreadText } from '../../tools/spread.js';
import { partNames } from '../parts.js';
import type { Part } from '../parts.js';
import type { Kind } from '../ways.js';
import { widthText } from '../ways.js';
import { judgeAims } from './aims.js';
import type { Aim } from './aims.js';
import type { Results } from '../results.js';
import type { Figures } from './figures.js';

const none = '–';

export function aimsTable(results: Results, figures: readonly Figures[]): string {
  const aims = judgeAims(results, figures);
  // A run of memory alone shall not list all that it was not asked for.
  const shown = figures.length === 0 ? aims.filter(({ isMet }) => isMet !== null) : aims;
  const verdict = ({ isMet }: Aim): string => (isMet === null ? none : isMet ? 'met' : '**missed**');
  return markdownTable(
    ['what', 'aim', 'found', ''],
    shown.map((aim) => [aim.what, aim.wanted, aim.found, verdict(aim)]),
  );
}

/** One table per number of connections or of requests in flight, with its title. */
export function loadTables(figures: readonly Figures[], kind: Kind): string[] {
  const kept = figures.filter(({ way, rate }) => way.kind === kind && rate === null);
  return [...new Set(kept.map(({ width }) => width))].map((width) => {
    const rows = kept.filter((one) => one.width === width).map(loadRow);
    return `### ${capital(widthText(kind, width))}\n\n${markdownTable(loadHead, rows)}`;
  });
}

const loadHead = ['way', 'replies per second', 'p50 ms', 'p99 ms', 'longest ms', 'without reply'];

function loadRow({ way, perSecond, delay, failures }: Figures): string[] {
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0);
  return [
    ...[way.title, spreadText(perSecond, numberText)],
    ...[spreadText(delay.p50, timeText), spreadText(delay.p99, timeText), spreadText(delay.max, timeText)],
    countText(failed),
  ];
}

/** Empty where nothing was measured at a fixed rate. */
export function rateTable(figures: readonly Figures[], kind: Kind): string {
  const kept = figures.filter(({ way, rate }) => way.kind === kind && rate !== null);
  if (kept.length === 0) return '';
  return markdownTable(
    [
      'way',
      'asked per second',
      'without reply',
      'p50 ms',
      'p99 ms',
      'longest ms',
      'of it asked late, p50 / p99 ms',
    ],
    kept.map(({ way, rate, asked, replied, delay, late }) => [
      ...[way.title, countText(rate ?? 0), countText(asked - replied)],
      ...[delay.p50, delay.p99, delay.max].map((time) => spreadText(time, timeText)),
      late === null ? none : `${timeText(late.p50)} / ${timeText(late.p99)}`,
    ]),
  );
}

const partTitles: Readonly<Record<Part, string>> = {
  subject: 'under test',
  broker: 'broker',
  database: 'database',
  service: 'service',
  callers: 'callers',
};

export function cpuTable(figures: readonly Figures[]): string {
  return markdownTable(
    ['way', 'load', ...partNames.map((part) => partTitles[part]), 'cores busy', 'by others', 'memory, MB'],
    figures.map((one) => [
      ...[one.way.title, loadText(one)],
      ...partNames.map((part) => orNone(one.cpu[part], numberText)),
      orNone(one.cores, numberText),
      orNone(one.otherCores, numberText),
      orNone(one.memory.subject, numberText),
    ]),
  );
}

export function stagesTable(figures: readonly Figures[]): string {
  return markdownTable(
    [
      ...['way', 'load', 'whole', 'to the service', 'back'],
      ...['stored, then confirmed', 'confirmed, then replied', 'the rest'],
      ...['transactions per request', 'collecting garbage'],
    ],
    figures.flatMap((one) => {
      const { way, delay, stages, gateway } = one;
      if (stages === null) return [];
      const rest = gateway === null ? null : delay.mean.value - gateway.acceptedToReplyMs.value;
      return [
        [
          ...[way.title, loadText(one), timeText(delay.mean.value)],
          ...[timeText(stages.toService.value), timeText(stages.back.value)],
          ...[orNone(gateway?.acceptedToSentMs, timeText), orNone(gateway?.sentToRepliedMs, timeText)],
          rest === null ? none : timeText(Math.max(0, rest)),
          orNone(gateway?.transactionsPerRequest, numberText),
          gateway === null ? none : percentText(gateway.gcSeconds.value / secondsOf(one)),
        ],
      ];
    }),
  );
}

/** Of the process under test in one window. */
function secondsOf({ cpu, replied, repeats }: Figures): number {
  return Math.max(0.001, ((cpu.subject?.value ?? 0) * replied) / repeats / 1_000);
}

function loadText({ way, width, rate }: Figures): string {
  return rate === null ? widthText(way.kind, width) : `${countText(rate)} per second`;
}

function orNone(spread: Spread | null | undefined, toText: (value: number) => string): string {
  return spread === null || spread === undefined ? none : spreadText(spread, toText);
}

/** Below a millisecond, the digits that tell ways apart. */
function timeText(ms: number): string {
  return ms < 10 ? numberText(ms) : msText(ms);
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
