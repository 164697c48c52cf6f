/** What is followed, as a person sees it: tasks with their bars at the lower end of the terminal, drawn anew as they move on. */
import type { Clock } from '#core/ports/clock.js';
import type { StatusEvent } from '#core/status-event.js';
import type { CommandContext } from '../command-context.js';
import { harmless } from '../message-text.js';
import { systemClock } from '../system-clock.js';
import type { EventView } from './event-view.js';
import { fitted, oneLine } from './fitted-text.js';
import { createLiveScreen } from './live-screen.js';
import type { listSubjects, Target } from './target.js';
import type { Task } from './task-list.js';
import { createTaskList } from './task-list.js';
import { taskLines } from './task-lines.js';

export interface LiveViewOptions {
  readonly target: Target;
  /** Where the tasks stood at first; false: events alone tell of them. */
  readonly isListed: boolean;
  readonly isColourful: boolean;
  /** Of a project: its subjects whose newest event has a smaller number. */
  readonly listBefore?: (before: number) => ReturnType<typeof listSubjects>;
  readonly clock?: Clock;
}

/** Faster than that nobody reads. */
const drawEveryMs = 100;
/** The times move on without any event. */
const tickMs = 1_000;

export function createLiveView(
  { stdout, stderr }: CommandContext,
  { target, isListed, isColourful, listBefore, clock = systemClock }: LiveViewOptions,
): EventView {
  const list = createTaskList();
  const screen = createLiveScreen(stdout);
  let isRead = true;
  let isDrawing = false;
  let isWanted = false;
  let isClosed = false;
  let isLearning = false;
  let drawnAt = -Infinity;
  let cancelDraw: (() => void) | undefined;
  let cancelTick: (() => void) | undefined;

  if (target.what === 'request') list.begin([toSubject(target)], { areAll: true });
  else if (isListed) list.begin(target.subjects, target);
  tick();

  function tick(): void {
    void learn();
    void draw();
    cancelTick = clock.after(tickMs, tick);
  }

  /** Of a request that began before its first event here only the gateway knows that it is one. */
  async function learn(): Promise<void> {
    const newest = list.doubtfulTo;
    if (listBefore === undefined || newest === undefined || isLearning) return;
    isLearning = true;
    try {
      const before = newest + 1;
      const { subjects, areAll } = await listBefore(before);
      list.learn(subjects, { from: areAll ? 0 : (subjects.at(-1)?.sequence ?? 0), before });
      if (!isClosed) drawSoon();
    } catch {
      // The stream tells what there is to tell of the gateway, and the next tick asks again.
    } finally {
      isLearning = false;
    }
  }

  async function draw(): Promise<void> {
    cancelDraw?.();
    cancelDraw = undefined;
    // A terminal that takes nothing at present (Ctrl-S) gets one picture when it does, not all of them.
    isWanted = isDrawing;
    if (isDrawing) return;
    isDrawing = true;
    drawnAt = clock.monotonic();
    isRead = (await screen.draw(lines())) && isRead;
    isDrawing = false;
    if (isWanted && !isClosed) drawSoon();
  }

  function drawSoon(): void {
    if (cancelDraw !== undefined) return;
    cancelDraw = clock.after(Math.max(0, drawnAt + drawEveryMs - clock.monotonic()), () => void draw());
  }

  function lines(): string[] {
    const { columns, rows } = stdout.size();
    const tasks = list.tasks();
    const head =
      target.what === 'project' ? [headLine(target.project, countsText(tasks, list.isCut), columns)] : [];
    // One row for the head, one for the cursor below.
    const frame = { columns, rows: rows - head.length - 1, now: clock.now(), isColourful };
    return [...head, ...taskLines(tasks, { ...frame, isCut: list.isCut })];
  }

  async function show(event: StatusEvent): Promise<void> {
    list.take(event);
    if (target.what === 'request' && event.kind !== 'progress') {
      isRead = (await screen.print(historyLine(event, stdout.size().columns))) && isRead;
    }
    drawSoon();
  }

  return {
    async show(part) {
      if ('gap' in part) {
        const { from, to } = part.gap;
        isRead = (await screen.print(`events ${from} to ${to} are no longer kept\n`)) && isRead;
      } else {
        await show(JSON.parse(part.json) as StatusEvent);
      }
      return isRead;
    },
    async tell(sentence) {
      await screen.print(`${harmless(sentence)}\n`, stderr);
    },
    async close() {
      isClosed = true;
      cancelTick?.();
      cancelDraw?.();
      await screen.draw(lines());
      screen.close();
    },
  };
}

function headLine(project: string, counts: string, columns: number): string {
  return fitted(`${oneLine(project)}: ${counts}; Ctrl-C ends`, Math.max(1, columns - 1)).trimEnd();
}

function countsText(tasks: readonly Task[], isCut: boolean): string {
  if (tasks.length === 0) return 'no events yet';
  const over = tasks.filter(({ isOver }) => isOver).length;
  const going = tasks.filter(isAtWork).length;
  const others = tasks.length - over - going;
  const counts = `${isCut ? 'at least ' : ''}${going} going on, ${over} over`;
  return others === 0 ? counts : `${counts}, ${others} ${others === 1 ? 'other' : 'others'}`;
}

/** A user, say, has events without ever being at work. */
function isAtWork({ isOver, isRequest, percent, kind }: Task): boolean {
  return !isOver && (isRequest || percent !== undefined || kind === 'progress');
}

/** What became of a request stays on the screen, above its bar. */
function historyLine({ time, kind, text, data }: StatusEvent, columns: number): string {
  const said = text ?? (data === undefined ? '' : JSON.stringify(data));
  const at = new Date(time).toTimeString().slice(0, 8);
  return `${fitted(`${at}  ${kind.padEnd(11)}  ${oneLine(said)}`, Math.max(1, columns - 1)).trimEnd()}\n`;
}

function toSubject({ id, status, createdAt }: Extract<Target, { readonly what: 'request' }>) {
  return {
    subject: id,
    kind: 'log',
    sequence: 0,
    time: createdAt,
    startedAt: createdAt,
    isRequest: true,
    isOver: false,
    status,
  } as const;
}
