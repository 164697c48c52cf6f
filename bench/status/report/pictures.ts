/** One picture per measure. */
import type { Results } from '../results.js';
import { ways } from '../variants.js';
import type { Variant } from '../variants.js';
import { drawChart, logarithmicAxis, spreadDot } from '../../tools/chart.js';
import type { Axis, ChartRow, Dot, Picture } from '../../tools/chart.js';
import { toAwayFigures } from './figures.js';
import type { Figures } from './figures.js';
import { msText, numberText, percentText, steppedText } from '../../tools/number-text.js';

const shares: Axis = { scale: 'linear', tickText: percentText };

/** @param figures of these results */
export function drawPictures(results: Results, figures: readonly Figures[]): Picture[] {
  const sizes = [...new Set(figures.map(({ clients }) => clients))];
  const series = sizes.length > 1 ? sizes.map((count) => `${count.toLocaleString('en-US')} clients`) : [];
  const range = figures.some(({ questionsPerEvent: { min, max } }) => min < max)
    ? 'Line: least to greatest of the repeats.'
    : '';

  function rowsOf(
    toDot: (figures: Figures) => Dot | string,
    keep = (_: Variant): boolean => true,
  ): ChartRow[] {
    const kept = [...new Set(figures.map(({ variant }) => variant))].filter(keep);
    return kept.map((variant) => ({
      ...labelOf(variant),
      dots: sizes.map((count) => {
        const found = figures.find((one) => one.variant === variant && one.clients === count);
        return found === undefined ? notMeasured : toDot(found);
      }),
    }));
  }

  function picture(
    name: string,
    title: string,
    rest: { axis: Axis; rows: ChartRow[]; caption?: string },
  ): Picture {
    const at = sizes.length === 1 ? `, ${sizes[0]} clients` : '';
    const caption = rest.caption ?? range;
    return { name, title, svg: drawChart({ ...rest, caption, series, title: `${title}${at}` }) };
  }

  const reads = ({ reading }: Variant): boolean => reading.by !== 'nothing';
  const usesServers = ({ publishing }: Variant): boolean => 'gateway database'.includes(publishing.to);
  return [
    picture('delay.svg', 'Delay from the event to the client, milliseconds', {
      axis: logarithmicAxis,
      caption: 'Dot: half of the events arrive sooner. Stroke: 99 % do. Line: up to the longest of all.',
      rows: rowsOf(({ delay }) => {
        if (delay === null) return notMeasured;
        const [p50, p99, max] = [delay.p50.value, delay.p99.value, delay.max.value];
        return { value: p50, from: p50, to: max, stroke: p99, text: `${msText(p50)} / ${msText(p99)}` };
      }, reads),
    }),
    picture('questions.svg', 'Questions (calls, queries, listings) per event', {
      axis: logarithmicAxis,
      rows: rowsOf(
        unlessOverloaded(({ questionsPerEvent }) => spreadDot(questionsPerEvent, numberText)),
        reads,
      ),
    }),
    picture('wasted.svg', 'Share of the questions that brought nothing new', {
      axis: shares,
      rows: rowsOf(
        unlessOverloaded(({ wastedShare }) =>
          wastedShare === null
            ? { value: 0, from: 0, to: 0, text: 'asks nothing' }
            : spreadDot(wastedShare, percentText),
        ),
        reads,
      ),
    }),
    picture('bytes.svg', 'Bytes to and from the client per event', {
      axis: logarithmicAxis,
      rows: rowsOf(
        unlessOverloaded(({ bytesPerEvent }) => spreadDot(bytesPerEvent, numberText)),
        reads,
      ),
    }),
    picture('cpu.svg', 'CPU seconds of gateway, broker and database per 1,000 events', {
      axis: logarithmicAxis,
      rows: rowsOf(
        unlessOverloaded(({ serverCpu, cpuStep }) =>
          serverCpu === null ? notMeasured : spreadDot(serverCpu, (value) => steppedText(value, cpuStep)),
        ),
        usesServers,
      ),
    }),
    drawAway(results),
  ];
}

const notMeasured = 'not measured';

/** Figures per event of a lesser load than was meant would look like less work. */
function unlessOverloaded(toDotOf: (figures: Figures) => Dot | string): (figures: Figures) => Dot | string {
  return (figures) =>
    figures.isOverloaded && figures.due !== null
      ? `could ask ${percentText(figures.due.asked / figures.due.due)} of its questions`
      : toDotOf(figures);
}

function drawAway(results: Results): Picture {
  const title = `Events missed for good by clients that were away for ${results.awayMs / 1_000} s`;
  const rows = toAwayFigures(results).map(({ variant, missedShare, caughtUpMs }) => {
    const state = caughtUpMs === null ? 'state unknown' : 'state known';
    const words = missedShare === 0 ? 'none' : `${percentText(missedShare)}, ${state}`;
    return { ...labelOf(variant), dots: [{ value: missedShare, from: 0, to: missedShare, text: words }] };
  });
  const caption =
    'Missed: never seen themselves. State: whether the client knows the latest before the next event comes.';
  return { name: 'away.svg', title, svg: drawChart({ title, caption, series: [], axis: shares, rows }) };
}

function labelOf({ way, title }: Variant): { label: string; group: string } {
  return { label: title, group: way === null ? '' : ways[way] };
}
