/** Tasks as lines of a terminal: name, bar, percent, text, and for how long. Pure. */
import type { TerminalSize } from '../command-context.js';
import { fitted, oneLine, widthOf } from './fitted-text.js';
import type { Task } from './task-list.js';

export interface FrameOptions extends TerminalSize {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly isColourful: boolean;
}

/** As many as fit below each other, and a line that counts the others. */
export function taskLines(
  tasks: readonly Task[],
  { isCut, ...options }: FrameOptions & { readonly isCut: boolean },
): string[] {
  const room = Math.max(1, options.rows);
  const isFull = tasks.length > room || isCut;
  const shown = tasks.slice(0, isFull ? Math.max(1, room - 1) : room);
  const columns = columnsFor(shown, options);
  const lines = shown.map((task) => taskLine(task, columns, options));
  const rest = tasks.length - shown.length;
  if (rest === 0 && !isCut) return lines;
  const others = rest === 0 ? 'more' : `${isCut ? 'more than ' : ''}${rest} more`;
  return [...lines, fitted(`… and ${others}`, options.columns - 1).trimEnd()];
}

interface Columns {
  readonly subject: number;
  readonly bar: number;
  readonly text: number;
  readonly elapsed: number;
}

const percentWidth = 6;
const longestBar = 24;

/** The last column stays empty, because terminals break the line there in different ways. */
function columnsFor(tasks: readonly Task[], { columns }: TerminalSize): Columns {
  const width = Math.max(1, columns - 1);
  const longest = Math.max(0, ...tasks.map(({ subject }) => widthOf(oneLine(subject))));
  const elapsed = width < 30 ? 0 : 8;
  const bar = width < 50 ? 0 : Math.min(longestBar, Math.floor(width / 4));
  const subject = Math.min(longest, Math.max(8, Math.floor(width * 0.3)));
  const taken = subject + gap(bar) + gap(percentWidth) + gap(elapsed);
  return { subject, bar, text: Math.max(0, width - taken - 1), elapsed };
}

/** A column with the blank before it. */
function gap(width: number): number {
  return width === 0 ? 0 : width + 1;
}

function taskLine(task: Task, columns: Columns, { now, isColourful, columns: all }: FrameOptions): string {
  const untilAt = task.isOver ? task.time : now;
  const parts = [
    fitted(oneLine(task.subject), columns.subject),
    ...(columns.bar === 0 ? [] : [barText(task, columns.bar)]),
    progressText(task).padStart(percentWidth),
    ...(columns.text === 0 ? [] : [fitted(oneLine(task.text ?? ''), columns.text)]),
    ...(columns.elapsed === 0 ? [] : [elapsedText(untilAt - task.startedAt).padStart(columns.elapsed)]),
  ];
  const line = fitted(parts.join(' '), Math.max(1, all - 1)).trimEnd();
  const colour = colourOf(task);
  return isColourful && colour !== undefined ? `\u001b[${colour}m${line}\u001b[0m` : line;
}

function barText(task: Task, width: number): string {
  const percent = endOf(task) === 'done' ? 100 : task.percent;
  const inner = width - 2;
  if (percent === undefined) return ' '.repeat(width);
  const filled = Math.floor((Math.min(100, Math.max(0, percent)) / 100) * inner);
  return `[${'#'.repeat(filled)}${'-'.repeat(inner - filled)}]`;
}

function progressText(task: Task): string {
  return endOf(task) ?? (task.percent === undefined ? '' : `${Math.floor(task.percent)} %`);
}

/** How a task ended, in one short word. */
function endOf({ isOver, status, kind }: Task): 'done' | 'failed' | 'ended' | undefined {
  if (!isOver) return undefined;
  if (status === 'replied' || status === 'completed') return 'done';
  if (status === 'faulted' || status === 'expired') return 'failed';
  if (status === 'cancelled') return 'ended';
  return kind === 'success' ? 'done' : kind === 'failure' ? 'failed' : 'ended';
}

const colours = { done: 32, failed: 31, ended: 33 } as const;

function colourOf(task: Task): number | undefined {
  const end = endOf(task);
  return end === undefined ? undefined : colours[end];
}

/** `0:07`, `12:05`, `3:02:01`, `2d 05h`. Clocks of other machines may be ahead. */
export function elapsedText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const [days, hours, minutes] = [86_400, 3_600, 60].map((unit) => Math.floor(seconds / unit)) as [
    number,
    number,
    number,
  ];
  if (days > 0) return `${days}d ${two(hours % 24)}h`;
  if (hours > 0) return `${hours}:${two(minutes % 60)}:${two(seconds % 60)}`;
  return `${minutes}:${two(seconds % 60)}`;
}
