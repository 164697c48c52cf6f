/** What bounds the ways that missed an aim, in words that are made of figures. */
import { countText, numberText, percentText } from '../../tools/number-text.js';
import { medianOf } from '../../tools/spread.js';
import { partNames } from '../parts.js';
import type { Results } from '../results.js';
import { widthText } from '../ways.js';
import { judgeAims } from './aims.js';
import type { Figures } from './figures.js';

/** For each load with which an aim was missed. */
export function sayBounds(results: Results, figures: readonly Figures[]): string[] {
  const missed = judgeAims(results, figures).flatMap(({ isMet, bound }) =>
    isMet === false && bound !== null ? [bound] : [],
  );
  const keys = new Set(missed.map(({ way, width }) => `${way} ${width}`));
  return [...keys].flatMap((key) => {
    const found = figures.find((one) => `${one.way.id} ${one.width}` === key && one.rate === null);
    return found === undefined ? [] : [sayBound(found, results)];
  });
}

function sayBound(figures: Figures, { machine, profiles }: Results): string {
  const { way, width, cpu, cores, otherCores } = figures;
  const parts = partNames
    .flatMap((part) => (cpu[part] === null ? [] : [{ part, ms: cpu[part].value }]))
    .sort((one, other) => other.ms - one.ms);
  const whole = parts.reduce((sum, { ms }) => sum + ms, 0);
  if (whole === 0) return `${way.title}, ${widthText(way.kind, width)}: the CPU time was not measured.`;
  const shares = parts.map(({ part, ms }) => `${partWords[part]} ${numberText(ms)}`).join(', ');
  const profile = profiles.find((one) => one.way === way.id && one.width === width);
  const busy = cores === null ? '' : ` ${sayBusy(cores.value, otherCores?.value ?? 0, machine.cores)}`;
  const places =
    profile === undefined
      ? ''
      : ` Of the process under test, ${percentText(profile.idleShare)} of the time was idle; most went to ${profile.places
          .filter(({ name }) => name !== '(idle)')
          .slice(0, 4)
          .map(({ name, share }) => `${name} ${percentText(share)}`)
          .join(', ')}.`;
  return `${way.title}, ${widthText(way.kind, width)}: ${numberText(whole)} ms of CPU time per reply (${shares}): at most ${numberText((machine.cores * 1_000) / whole)} per second on ${machine.cores} cores.${busy}${places}`;
}

/** From this share of all cores on, CPU time is taken to be what there was too little of. */
const busyShare = 0.9;
/** Up to this share of all cores, what others did is no matter. */
const othersShare = 0.1;

function sayBusy(mine: number, others: number, all: number): string {
  const words = `The parts kept ${numberText(mine)} of ${all} cores busy`;
  const beside = others > othersShare * all ? `, other programs ${numberText(others)}` : '';
  if (mine + others < busyShare * all) return `${words}${beside}: the CPU is not the bound, somebody waits.`;
  return `${words}${beside}: the CPU is the bound${beside === '' ? '' : ', and there was less of it than on a quiet machine'}.`;
}

const partWords = {
  subject: 'the process under test',
  broker: 'broker',
  database: 'database',
  service: 'service',
  callers: 'callers',
} as const;

/** What was not as it should be. */
export function sayTroubles(results: Results, figures: readonly Figures[]): string[] {
  const { failed, leftOut, passes, repeats } = results;
  return [
    ...sayOthers(figures, results),
    ...figures.flatMap(({ way, width, rate, failures }) => {
      const words = Object.entries(failures).map(([reason, count]) => `${countText(count)} × ${reason}`);
      const load = rate === null ? widthText(way.kind, width) : `${countText(rate)} per second`;
      return words.length === 0 ? [] : [`${way.title}, ${load}: ${words.join(', ')}.`];
    }),
    ...failed.map((words) => `Failed: ${words}.`),
    ...leftOut.map(({ why }) => why),
    ...(passes < repeats ? [`The run was ended after ${passes} of ${repeats} passes.`] : []),
  ];
}

function sayOthers(figures: readonly Figures[], { machine }: Results): string[] {
  const others = figures.flatMap(({ otherCores }) => (otherCores === null ? [] : [otherCores.value]));
  const middle = medianOf(others);
  if (middle <= othersShare * machine.cores) return [];
  return [
    `Other programs kept ${numberText(middle)} of ${machine.cores} cores busy in half of the measurements or more, up to ${numberText(Math.max(...others))}: throughput is less and times are longer than on a quiet machine, and not by the same factor for every way.`,
  ];
}
