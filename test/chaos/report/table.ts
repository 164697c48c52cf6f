/** The table: a line for each row, one and the same on the terminal and on the page. */
import { markdownTable } from '#schema/markdown-table.js';
import { countText } from '../../../bench/tools/number-text.js';
import type { Stage } from '../parts/system.js';
import type { PlayedRow } from '../results.js';
import type { Row } from '../rows/row.js';

const columns = [
  ...['row', 'killed', 'between', 'on', 'kills', 'seed'],
  ...['accepted', 'answered', 'lost', 'answered twice to the caller', 'run twice by the service'],
  ...['redelivered', 'late', 'unmatched', 'longest stall', 'slowest answer'],
] as const;

const names: Readonly<Record<Stage['broker'] | Stage['store'], string>> = {
  classic: 'Classic',
  embedded: 'embedded broker',
  sqlite: 'SQLite',
  postgres: 'PostgreSQL',
};

function stageText({ broker, store }: Stage): string {
  return `${names[broker]}, ${names[store]}`;
}

function cellsOf(row: Row, { seed, done, counts }: PlayedRow): string[] {
  const { answeredTwice, forwardedAgain } = counts;
  const again = forwardedAgain > 0 && forwardedAgain === answeredTwice ? ' *' : '';
  return [
    ...[row.name, row.killed, row.between, stageText(row.stage), countText(done.length), String(seed)],
    ...[counts.accepted, counts.answered, counts.lost].map(countText),
    `${countText(answeredTwice)}${again}`,
    ...[counts.runTwice, counts.redelivered, counts.late, counts.unmatched].map(countText),
    ...[counts.longestStallMs, counts.slowestAnswerMs].map((ms) => `${countText(ms)} ms`),
  ];
}

/** What the star says. */
export const starText =
  '\\* The same reply with the same `Message-ID` came more than once to the Reply-To queue of the caller. None of these callers was told two different answers.';

export function tableOf(rows: readonly Row[], played: readonly PlayedRow[]): string {
  const lines = played.flatMap((one) => {
    const row = rows.find(({ name }) => name === one.row);
    return row === undefined ? [] : [cellsOf(row, one)];
  });
  return markdownTable(columns, lines);
}

/** How the same is done to the same parts again. */
export function againText({ row, seed, size: { requests, kills } }: PlayedRow): string {
  return `npm run chaos -- --row ${row} --seed ${seed} --requests ${requests} --kills ${kills}`;
}
