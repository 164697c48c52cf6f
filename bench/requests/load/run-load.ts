/**
 * Puts a load on whatever answers. Without a rate each place asks as soon as it has its answer: that finds the most there
 * is, and its times are those of a caller who is one of so many. With a rate requests fall due at fixed instants, the same
 * for every way, and their times count from there, so that what waits in line is not left out (no coordinated omission).
 */
import { callInTurns } from '../../tools/callers.js';
import { nowUs, pause, untilUs } from '../../tools/clock.js';
import { wordsOf } from '../../tools/words.js';
import { readReply, requestBody } from './bodies.js';
import type { Ask, Load, LoadOutcome } from './load.js';
import type { Recorder } from './record.js';
import { createRecorder } from './record.js';

/** After the window, what has not come is counted with the time that it has taken by then. */
const giveUpMs = 10_000;
/** Who fails at once would otherwise do nothing but fail. */
const afterFailureMs = 10;

export async function runLoad(ask: Ask, load: Load): Promise<LoadOutcome> {
  const recorder = createRecorder();
  await untilUs(load.startsAt - load.warmUpMs * 1_000);
  if (load.rate === null) {
    await askInTurns(ask, load, recorder);
    return recorder.outcome({ hasRate: false });
  }
  const asked = await askAtInstants(ask, { ...load, rate: load.rate }, recorder);
  return recorder.outcome({ asked, hasRate: true });
}

let numbers = 0;

async function askInTurns(ask: Ask, { width, startsAt, windowMs }: Load, recorder: Recorder): Promise<void> {
  const endsAt = startsAt + windowMs * 1_000;
  await callInTurns(
    width,
    () => nowUs() < endsAt,
    async (place) => {
      const number = (numbers += 1);
      const askedAt = nowUs();
      try {
        const { serviceAt } = readReply(await ask(place, requestBody(number)), number);
        const endedAt = nowUs();
        if (endedAt < startsAt || endedAt >= endsAt) return;
        recorder.replied({ from: askedAt, askedAt, serviceAt, endedAt });
      } catch (error) {
        if (nowUs() >= startsAt) recorder.failed(wordsOf(error));
        await pause(afterFailureMs);
      }
    },
  );
}

interface Due {
  /** In microseconds. */
  readonly at: number;
  isOver: boolean;
}

/** Resolves with how many fell due within the window. */
async function askAtInstants(
  ask: Ask,
  { width, rate, startsAt, warmUpMs, windowMs }: Load & { readonly rate: number },
  recorder: Recorder,
): Promise<number> {
  const free = Array.from({ length: width }, (_, place) => place);
  const line: Due[] = [];
  const counted: Due[] = [];
  const underWay = new Set<Promise<void>>();
  const firstAt = startsAt - warmUpMs * 1_000;
  const count = Math.floor(((warmUpMs + windowMs) * rate) / 1_000);

  async function askFor(due: Due, place: number): Promise<void> {
    const number = (numbers += 1);
    const askedAt = nowUs();
    const isCounted = due.at >= startsAt;
    try {
      const { serviceAt } = readReply(await ask(place, requestBody(number)), number);
      if (isCounted && !due.isOver) {
        recorder.replied({ from: due.at, askedAt, serviceAt, endedAt: nowUs() });
      }
    } catch (error) {
      if (isCounted && !due.isOver) recorder.failed(wordsOf(error), nowUs() - due.at);
    }
    due.isOver = true;
  }

  /** Works off the line, as long as there is one. */
  async function occupy(due: Due, place: number): Promise<void> {
    for (let next: Due | undefined = due; next !== undefined; next = line.shift()) await askFor(next, place);
    free.push(place);
  }

  for (let index = 0; index < count; index += 1) {
    const due = { at: Math.round(firstAt + (index * 1_000_000) / rate), isOver: false };
    await untilUs(due.at);
    if (due.at >= startsAt) {
      counted.push(due);
      recorder.late(nowUs() - due.at);
    }
    const place = free.pop();
    if (place === undefined) {
      line.push(due);
      continue;
    }
    const occupied: Promise<void> = occupy(due, place).finally(() => underWay.delete(occupied));
    underWay.add(occupied);
  }
  await Promise.race([Promise.all(underWay), pause(giveUpMs)]);
  for (const due of counted.filter(({ isOver }) => !isOver)) {
    recorder.failed('no reply until the end', nowUs() - due.at);
    due.isOver = true;
  }
  return counted.length;
}
