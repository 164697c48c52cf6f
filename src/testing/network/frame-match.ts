import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';
import { isObject, nameProblems, numberProblem } from '#app/library/option-checks.js';
import { clientCommands, serverCommands } from '#adapters/stomp-server/frame.js';
import type { ClientCommand, ServerCommand } from '#adapters/stomp-server/frame.js';
import { didYouMean } from '#schema/did-you-mean.js';
import { valueInWords } from '#schema/problems.js';
import type { Direction, SeenFrame } from './seen-frame.js';

/** Which frames are meant; all that is given must hold, and nothing given means every frame. */
export interface FrameMatch {
  readonly command?: ClientCommand | ServerCommand | readonly (ClientCommand | ServerCommand)[];
  /** A SEND or MESSAGE that has a `reply-to`; or one with a correlation id that has none. */
  readonly kind?: 'request' | 'reply';
  /** Name of the queue that it goes to or comes from, without a prefix such as `/queue/`. */
  readonly queue?: string;
  readonly topic?: string;
  readonly direction?: Direction;
  /** Its headers, by name as written on the wire: the whole value, or a pattern that finds something in it. */
  readonly headers?: Readonly<Record<string, string | RegExp>>;
  /** Text that its body holds, as UTF-8. Frames that match otherwise are kept until their body has come. */
  readonly body?: string | RegExp;
  /** Connections of the network are counted from 1, in the order of their opening. */
  readonly connection?: number;
  /** A RECEIPT of such a frame, sent since the rule was made; its body cannot be told. */
  readonly receiptOf?: Omit<FrameMatch, 'receiptOf' | 'body'>;
  readonly where?: (frame: SeenFrame) => boolean;
}

/** Which of the frames that match are meant. */
export interface FrameChoice extends FrameMatch {
  /** The first that is meant: 1, the default, is the next that comes. */
  readonly nth?: number;
  /** How many are meant; default 1, `Infinity` for all from then on. */
  readonly times?: number;
  /** Probability, 0 to 1, that one of them is meant, drawn from the network's seed; default 1. */
  readonly chance?: number;
}

const commands = [...clientCommands, ...serverCommands];

const matchNames = Object.keys({
  command: true,
  kind: true,
  queue: true,
  topic: true,
  direction: true,
  headers: true,
  body: true,
  connection: true,
  receiptOf: true,
  where: true,
} satisfies Record<keyof FrameMatch, true>);

const choiceNames = [
  ...matchNames,
  ...Object.keys({ nth: true, times: true, chance: true } satisfies Record<
    Exclude<keyof FrameChoice, keyof FrameMatch>,
    true
  >),
];

const countRange = { min: 1, max: Number.MAX_SAFE_INTEGER };

export function choiceProblems(given: unknown): (Problem | undefined)[] {
  if (!isObject(given)) return [toProblem('frames', valueInWords(given), 'an object, {} for every frame')];
  const { nth, times, chance } = given;
  const isChance = chance === undefined || (typeof chance === 'number' && chance >= 0 && chance <= 1);
  return [
    ...nameProblems(given, choiceNames),
    ...matchProblems(given, ''),
    numberProblem('nth', nth, countRange),
    times === Infinity ? undefined : numberProblem('times', times, countRange),
    isChance ? undefined : toProblem('chance', valueInWords(chance), 'a number from 0 to 1'),
  ];
}

function matchProblems(given: Readonly<Record<string, unknown>>, prefix: string): (Problem | undefined)[] {
  const problem = (name: string, isGood: boolean, allowed: string): Problem | undefined =>
    given[name] === undefined || isGood
      ? undefined
      : toProblem(`${prefix}${name}`, valueInWords(given[name]), allowed);
  const { kind, queue, topic, direction, headers, body, receiptOf, where } = given;
  return [
    ...commandProblems(given['command'], `${prefix}command`),
    problem('kind', kind === 'request' || kind === 'reply', "'request' or 'reply'"),
    problem('queue', typeof queue === 'string', 'text'),
    problem('topic', typeof topic === 'string', 'text'),
    problem(
      'direction',
      direction === 'to-broker' || direction === 'from-broker',
      "'to-broker' or 'from-broker'",
    ),
    problem(
      'headers',
      isObject(headers) && Object.values(headers).every(isPattern),
      'an object of texts and regular expressions',
    ),
    problem('body', isPattern(body), 'text or a regular expression'),
    numberProblem(`${prefix}connection`, given['connection'], countRange),
    ...receiptProblems(receiptOf, prefix),
    problem('where', typeof where === 'function', 'a function'),
  ];
}

function receiptProblems(given: unknown, prefix: string): (Problem | undefined)[] {
  if (given === undefined) return [];
  const field = `${prefix}receiptOf`;
  if (!isObject(given)) return [toProblem(field, valueInWords(given), 'an object, {} for every receipt')];
  const known = matchNames.filter((name) => name !== 'receiptOf' && name !== 'body');
  return [...nameProblems(given, known, `${field}.`), ...matchProblems(given, `${field}.`)];
}

function commandProblems(given: unknown, field: string): Problem[] {
  const all = Array.isArray(given) ? (given as unknown[]) : given === undefined ? [] : [given];
  return all
    .filter((command) => !(commands as readonly unknown[]).includes(command))
    .map((command) => {
      const meant = typeof command === 'string' ? didYouMean(command, commands) : undefined;
      const allowed = meant === undefined ? `one of ${commands.join(', ')}` : `did you mean '${meant}'?`;
      return toProblem(field, valueInWords(command), allowed);
    });
}

function isPattern(value: unknown): value is string | RegExp {
  return typeof value === 'string' || value instanceof RegExp;
}

/** A {@link FrameMatch} as questions. */
export interface Matcher {
  readonly matchesHead: (frame: SeenFrame) => boolean;
  /** Absent when the head says all. */
  readonly matchesBody: ((body: Buffer) => boolean) | undefined;
}

export function toMatcher(match: FrameMatch): Matcher {
  const { command, headers = {}, body, receiptOf, where } = match;
  const wanted = command === undefined ? undefined : new Set<string>([command].flat());
  const patterns = Object.entries(headers);
  const confirmed = receiptOf === undefined ? undefined : toMatcher(receiptOf).matchesHead;
  const plain = (['kind', 'queue', 'topic', 'direction', 'connection'] as const).filter(
    (name) => match[name] !== undefined,
  );
  return {
    matchesHead: (frame) =>
      (wanted?.has(frame.command) ?? true) &&
      plain.every((name) => frame[name] === match[name]) &&
      patterns.every(([name, pattern]) => fits(frame.headers[name], pattern)) &&
      (confirmed === undefined || (frame.receiptOf !== null && confirmed(frame.receiptOf))) &&
      (where?.(frame) ?? true),
    matchesBody: body === undefined ? undefined : (bytes) => holds(bytes, body),
  };
}

function fits(value: string | undefined, pattern: string | RegExp): boolean {
  if (value === undefined) return false;
  // `search` starts at the beginning each time, whatever the flags.
  return typeof pattern === 'string' ? value === pattern : value.search(pattern) !== -1;
}

function holds(bytes: Buffer, pattern: string | RegExp): boolean {
  return typeof pattern === 'string'
    ? bytes.includes(pattern)
    : bytes.toString('utf8').search(pattern) !== -1;
}
