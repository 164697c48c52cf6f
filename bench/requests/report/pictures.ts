/** One picture for how much, one for how soon. */
import type { Axis, ChartRow, Dot, Picture } from '../../tools/chart.js';
import { drawChart, logarithmicAxis, spreadDot } from '../../tools/chart.js';
import { countText, msText, numberText } from '../../tools/number-text.js';
import type { Results } from '../results.js';
import type { Kind, Way } from '../ways.js';
import { widthText } from '../ways.js';
import type { Figures } from './figures.js';

const notMeasured = 'not measured';

/** @param figures of these results; without any there are no pictures */
export function drawPictures({ widths, rates }: Results, figures: readonly Figures[]): Picture[] {
  return [
    ...(['http', 'library'] as const).map((kind) => drawThroughput(kind, widths[kind], figures)),
    ...(rates.http === null ? [] : [drawDelays(rates.http, figures)]),
  ].filter((picture) => picture !== null);
}

function drawThroughput(kind: Kind, widths: readonly number[], figures: readonly Figures[]): Picture | null {
  const kept = figures.filter(({ way, rate }) => way.kind === kind && rate === null);
  const rows = waysOf(kept).map((way) =>
    rowOf(
      way,
      widths.map((width) => {
        const found = kept.find((one) => one.way === way && one.width === width);
        return found === undefined ? notMeasured : spreadDot(found.perSecond, numberText);
      }),
    ),
  );
  const over = kind === 'http' ? 'over HTTP' : 'without HTTP';
  return picture(`throughput-${kind}.svg`, {
    ...{ title: `Replies per second ${over}`, axis: logarithmicAxis, rows },
    caption: kept.some(({ repeats }) => repeats > 1) ? 'Line: least to greatest of the repeats.' : '',
    series: widths.length > 1 ? widths.map((width) => widthText(kind, width)) : [],
  });
}

function drawDelays(rate: number, figures: readonly Figures[]): Picture | null {
  const kept = figures.filter((one) => one.way.kind === 'http' && one.rate !== null);
  const rows = kept.map(({ way, delay }) => {
    const [p50, p99, max] = [delay.p50.value, delay.p99.value, delay.max.value];
    const text = `${msText(p50)} / ${msText(p99)}`;
    return rowOf(way, [{ value: p50, from: p50, to: Math.max(p99, max), stroke: p99, text }]);
  });
  return picture('delay-http.svg', {
    title: `Milliseconds until the reply at ${countText(rate)} requests per second`,
    ...{ axis: logarithmicAxis, rows, series: [] },
    caption:
      'From the instant at which the request fell due. Dot: half. Stroke: 99 %. Line: up to the longest.',
  });
}

interface PictureContents {
  readonly title: string;
  readonly caption: string;
  readonly series: readonly string[];
  readonly axis: Axis;
  readonly rows: readonly ChartRow[];
}

function picture(name: string, contents: PictureContents): Picture | null {
  return contents.rows.length === 0 ? null : { name, title: contents.title, svg: drawChart(contents) };
}

function waysOf(figures: readonly Figures[]): Way[] {
  return [...new Set(figures.map(({ way }) => way))];
}

function rowOf({ title }: Way, dots: readonly (Dot | string)[]): ChartRow {
  return { label: title, group: '', dots };
}
