/**
 * One kind of picture for all measures: a row per variant, in it a dot per number of clients, with a line for the range.
 * Plain SVG with its colours for light and for dark inside; dots, because the length of a bar means nothing on a
 * logarithmic axis.
 */
import type { Spread } from './spread.js';

export interface Dot {
  readonly value: number;
  /** Ends of the line. */
  readonly from: number;
  readonly to: number;
  /** A short stroke across the line. */
  readonly stroke?: number;
  readonly text: string;
}

export interface ChartRow {
  readonly label: string;
  /** Rows of another group are set apart. */
  readonly group: string;
  /** In the order of `series`; a text stands where there is no figure. */
  readonly dots: readonly (Dot | string)[];
}

export interface Chart {
  readonly title: string;
  /** What a dot, the line and the stroke are. */
  readonly caption: string;
  /** Legend; empty with one series. */
  readonly series: readonly string[];
  readonly axis: Axis;
  readonly rows: readonly ChartRow[];
}

export interface Axis {
  /** A value of 0 stands at the left end of a logarithmic axis. */
  readonly scale: 'logarithmic' | 'linear';
  readonly tickText: (value: number) => string;
}

export const logarithmicAxis: Axis = {
  scale: 'logarithmic',
  tickText: (value) => value.toLocaleString('en-US'),
};

export interface Picture {
  /** File name. */
  readonly name: string;
  /** For those who do not see it, and above it. */
  readonly title: string;
  readonly svg: string;
}

/** A dot with a line from the least to the greatest. */
export function spreadDot({ value, min, max }: Spread, toText: (value: number) => string): Dot {
  return { value, from: min, to: max, text: toText(value) };
}

const width = 880;
const plot = { left: 270, right: 715 };
const head = 84;
const lineHeight = 15;
const rowGap = 9;
const groupGap = 10;

const style = `
  .ground { fill: #ffffff; } text { fill: #1f2328; font: 12px system-ui, sans-serif; }
  .title { font-size: 16px; font-weight: 600; } .quiet { fill: #59636e; } .grid { stroke: #d8dee4; }
  .s0 { fill: #0969da; stroke: #0969da; } .s1 { fill: #9a6700; stroke: #9a6700; } .s2 { fill: #cf222e; stroke: #cf222e; }
  text.s0, text.s1, text.s2 { stroke: none; } .range { stroke-width: 2; stroke-opacity: 0.45; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; } text { fill: #e6edf3; } .quiet { fill: #9198a1; } .grid { stroke: #30363d; }
    .s0 { fill: #58a6ff; stroke: #58a6ff; } .s1 { fill: #d29922; stroke: #d29922; } .s2 { fill: #ff7b72; stroke: #ff7b72; }
  }`;

export function drawChart({ title, caption, series, axis, rows }: Chart): string {
  const scale = createScale(axis, rows);
  const parts: string[] = [];
  let y = head;
  let group = rows[0]?.group;
  for (const row of rows) {
    if (row.group !== group) {
      group = row.group;
      parts.push(line('grid', [plot.left - 260, y + 1, width - 10, y + 1]));
      y += groupGap;
    }
    const height = row.dots.length * lineHeight;
    parts.push(text(row.label, { x: plot.left - 12, y: y + height / 2 + 4, anchor: 'end' }));
    for (const [index, dot] of row.dots.entries()) {
      parts.push(drawDot(dot, { scale, index, y: y + index * lineHeight + lineHeight / 2 }));
    }
    y += height + rowGap;
  }
  const bottom = y + 4;
  const grid = scale.ticks.flatMap((tick) => {
    const x = scale.toX(tick);
    return [
      line('grid', [x, head - 8, x, bottom]),
      text(axis.tickText(tick), { x, y: bottom + 16, anchor: 'middle', kind: 'quiet' }),
    ];
  });
  const legend = series.map((name, index) => {
    const x = plot.left + index * 130;
    return `<circle class="s${index}" cx="${x}" cy="${head - 24}" r="4"/>${text(name, { x: x + 10, y: head - 20 })}`;
  });
  const height = bottom + 30;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}">
<style>${style}
</style>
<rect class="ground" width="${width}" height="${height}"/>
${text(title, { x: 14, y: 26, kind: 'title' })}
${text(caption, { x: 14, y: 45, kind: 'quiet' })}
${[...legend, ...grid, ...parts].join('\n')}
</svg>
`;
}

interface Scale {
  readonly toX: (value: number) => number;
  readonly ticks: readonly number[];
}

function createScale({ scale }: Axis, rows: readonly ChartRow[]): Scale {
  const values = rows.flatMap(({ dots }) =>
    dots.flatMap((dot) => (typeof dot === 'string' ? [] : [dot.from, dot.to])),
  );
  const span = plot.right - plot.left;
  if (scale === 'linear') {
    const ticks = [0, 0.25, 0.5, 0.75, 1];
    return { ticks, toX: (value) => plot.left + value * span };
  }
  const positive = values.filter((value) => value > 0);
  const [least, most] = positive.length === 0 ? [1, 1] : [Math.min(...positive), Math.max(...positive)];
  const first = steps.findLast((step) => step <= least) ?? least;
  const last = steps.find((step) => step >= most && step > first) ?? most;
  const within = steps.filter((step) => step >= first && step <= last);
  const [low, high] = [Math.log10(first), Math.log10(last)];
  return {
    // Over several powers of ten, those alone.
    ticks: within.length > 8 ? within.filter((step) => Number.isInteger(Math.log10(step))) : within,
    toX: (value) => (value <= 0 ? plot.left : plot.left + ((Math.log10(value) - low) / (high - low)) * span),
  };
}

/** 1, 2, 5, 10, 20, … from a thousandth to a thousand million. */
const steps = Array.from({ length: 12 }, (_, index) =>
  [1, 2, 5].map((first) => Number(`${first}e${index - 3}`)),
).flat();

function drawDot(
  dot: Dot | string,
  { scale, index, y }: { readonly scale: Scale; readonly index: number; readonly y: number },
): string {
  const kind = `s${index}`;
  if (typeof dot === 'string') return text(dot, { x: plot.left + 8, y: y + 4, kind: 'quiet' });
  const [from, at, to] = [scale.toX(dot.from), scale.toX(dot.value), scale.toX(dot.to)];
  const stroke = dot.stroke === undefined ? null : scale.toX(dot.stroke);
  return [
    line(`${kind} range`, [from, y, to, y]),
    ...(stroke === null ? [] : [line(kind, [stroke, y - 4, stroke, y + 4])]),
    `<circle class="${kind}" cx="${round(at)}" cy="${y}" r="4"/>`,
    text(dot.text, { x: Math.max(at, to) + 9, y: y + 4, kind: 'quiet' }),
  ].join('');
}

function line(kind: string, [x1, y1, x2, y2]: readonly [number, number, number, number]): string {
  return `<line class="${kind}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;
}

interface TextPlace {
  readonly x: number;
  readonly y: number;
  readonly anchor?: 'middle' | 'end';
  readonly kind?: string;
}

function text(words: string, { x, y, anchor, kind }: TextPlace): string {
  const attributes = [
    ...(kind === undefined ? [] : [`class="${kind}"`]),
    `x="${round(x)}" y="${round(y)}"`,
    ...(anchor === undefined ? [] : [`text-anchor="${anchor}"`]),
  ];
  return `<text ${attributes.join(' ')}>${escape(words)}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(words: string): string {
  return words
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
