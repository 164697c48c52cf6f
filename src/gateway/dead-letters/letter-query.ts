/** The parameters that say which letters are meant. */
import type { Request, Response } from 'express';
import { queueNameProblem } from '#core/destination.js';
import type { OwnDestinations } from '#core/destination.js';
import type { Problem } from '#core/errors.js';
import { ReplytoError, isProblem, toProblem } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { LetterFilter, LetterKind, LetterPageFilter } from '#core/ports/dead-letters.js';
import { longestList } from '#core/request.js';
import type { ManyLetters } from '#messaging/dead-letter-office.js';
import { choiceInWords } from '#schema/allowed-in-words.js';
import { durationToMs } from '#schema/duration.js';
import { letterIdSchema } from '#schema/letter.js';
import { parseInteger } from '#schema/whole-number.js';
import { parseQuery } from '../parameters.js';
import type { Shelf } from './known-letter.js';
import { mayRead, unmatchedShelf } from './known-letter.js';

export const letterPage = { min: 1, max: longestList, absent: 50 };

interface QueryContext {
  readonly own: OwnDestinations;
  /** By which letters were kept. */
  readonly storeTime: Pick<Clock, 'now'>;
}

/** Those that filter; unmatched replies are of no queue and of one kind. */
function filterNames({ path }: Shelf): readonly ('kind' | 'queue' | 'olderThan')[] {
  return path === unmatchedShelf.path ? ['olderThan'] : ['kind', 'queue', 'olderThan'];
}

type Given = Partial<Record<string, string>>;

/** Collects what is wrong, so that all of it is told at once. */
class QueryReading {
  readonly problems: Problem[] = [];

  take<T>(value: T | Problem): T | undefined {
    if (!isProblem(value)) return value;
    this.problems.push(value);
    return undefined;
  }

  end(): void {
    if (this.problems.length > 0) throw new ReplytoError('INVALID_REQUEST', { problems: this.problems });
  }
}

/** Of a list. @throws INVALID_REQUEST */
export function readPageFilter(
  context: QueryContext,
  request: Request,
  response: Response,
  shelf: Shelf,
): LetterPageFilter {
  const { found, problems } = parseQuery(request, [...filterNames(shelf), 'before', 'limit']);
  const reading = new QueryReading();
  reading.problems.push(...problems);
  const filter = readFilter(context, reading, found, shelf);
  const before = reading.take(parseNumber('?before', found.before));
  const limit = reading.take(parseInteger('?limit', found.limit, letterPage));
  reading.end();
  return {
    ...filter,
    allows: mayRead(response, context.own),
    ...(before === undefined ? {} : { before }),
    limit: limit ?? letterPage.absent,
  };
}

/** Of a change of many: without a filter it has to say that all are meant. @throws INVALID_REQUEST */
export function readManyLetters(
  context: QueryContext,
  request: Request,
  response: Response,
  shelf: Shelf,
): ManyLetters {
  const names = filterNames(shelf);
  const { found, problems } = parseQuery(request, [...names, 'all', 'after', 'until']);
  const reading = new QueryReading();
  reading.problems.push(...problems);
  const filter = readFilter(context, reading, found, shelf);
  const after = reading.take(parseNumber('?after', found.after));
  const until = reading.take(parseNumber('?until', found.until));
  if (found.all !== undefined && found.all !== 'true') {
    reading.problems.push(toProblem('?all', found.all, 'true'));
  } else if (found.all === undefined && names.every((name) => found[name] === undefined)) {
    const allowed = `${choiceInWords(names.map((name) => `?${name}`))}; or ?all=true for every letter that there is`;
    reading.problems.push(toProblem('query', undefined, allowed));
  }
  reading.end();
  return {
    ...filter,
    allows: mayRead(response, context.own),
    ...(after === undefined ? {} : { after }),
    ...(until === undefined ? {} : { until }),
  };
}

function readFilter(
  { storeTime }: QueryContext,
  reading: QueryReading,
  { kind, queue, olderThan }: Given,
  shelf: Shelf,
): LetterFilter {
  const found = reading.take(kind === undefined ? undefined : parseKind(kind, shelf));
  const age = reading.take(olderThan === undefined ? undefined : parseAge(olderThan));
  if (queue !== undefined) reading.take(queueNameProblem('?queue', queue));
  return {
    kinds: found === undefined ? shelf.kinds : [found],
    ...(queue === undefined ? {} : { queue }),
    ...(age === undefined ? {} : { receivedUntil: storeTime.now() - age }),
  };
}

function parseKind(given: string, { kinds }: Shelf): LetterKind | Problem {
  return kinds.find((kind) => kind === given) ?? toProblem('?kind', given, choiceInWords(kinds));
}

function parseAge(given: string): number | Problem {
  const age = durationToMs(given);
  return age ?? toProblem('?olderThan', given, 'a number with its unit, ms, s, m, h or d, such as 1h');
}

function parseNumber(field: string, given: string | undefined): number | undefined | Problem {
  if (given === undefined) return undefined;
  return letterIdSchema.safeParse(given).success
    ? Number(given)
    : toProblem(field, given, 'the id of a letter');
}
