/** What a `.cpuprofile` of V8 says about the functions of a process, within a window of time. */
import type { ProfileResult, ProfiledFunction } from '../results.js';
import type { CallFrame, Place } from './places.js';

export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Microseconds of the clock that never jumps. */
  readonly startTime: number;
  readonly endTime: number;
  /** Ids of nodes. */
  readonly samples: readonly number[];
  /** Before each sample. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: CallFrame;
  readonly children?: readonly number[];
}

export interface ProfileWindow {
  /** Microseconds of the same clock. */
  readonly from: number;
  readonly to: number;
}

export type ProfileSummary = Omit<ProfileResult, 'way' | 'width'>;

const mostFunctions = 25;
const mostPlaces = 20;

interface Entry {
  readonly name: string;
  readonly place: Place;
  own: number;
  total: number;
}

/** @throws Error when the profile has nothing of that window */
export function summarize(
  profile: CpuProfile,
  { from, to }: ProfileWindow,
  placeOf: (frame: CallFrame) => Place,
): ProfileSummary {
  const ownOfNode = toOwnTimes(profile, { from, to });
  const all = [...ownOfNode.values()].reduce((sum, time) => sum + time, 0);
  if (all === 0) {
    throw new Error(
      `the profile is of ${profile.startTime} to ${profile.endTime}, and has nothing of ${from} to ${to}`,
    );
  }
  const entries = addUp(profile, ownOfNode, placeOf);
  const shareOf = (name: string): number =>
    entries.filter((entry) => entry.name === name).reduce((sum, { own }) => sum + own, 0) / all;
  const groups = new Map<string, number>();
  for (const { place, own } of entries) groups.set(place.group, (groups.get(place.group) ?? 0) + own);
  const toFunction = ({ name, place, own, total }: Entry): ProfiledFunction => ({
    ...{ name, place: place.text, own: own / all, total: total / all },
  });
  const top = (kept: readonly Entry[], by: 'own' | 'total'): ProfiledFunction[] =>
    [...kept]
      .sort((one, other) => other[by] - one[by])
      .slice(0, mostFunctions)
      .map(toFunction);
  return {
    seconds: all / 1_000_000,
    ...{ idleShare: shareOf('(idle)'), gcShare: shareOf('(garbage collector)') },
    own: top(
      entries.filter(({ name }) => name !== '(idle)'),
      'own',
    ),
    total: top(
      entries.filter(({ place }) => place.isOurs),
      'total',
    ),
    places: [...groups]
      .map(([name, own]) => ({ name, share: own / all }))
      .sort((one, other) => other.share - one.share)
      .slice(0, mostPlaces),
  };
}

/** Microseconds by node: a sample counts until the next one. */
function toOwnTimes(
  { startTime, samples, timeDeltas }: CpuProfile,
  { from, to }: ProfileWindow,
): Map<number, number> {
  const times = new Map<number, number>();
  let at = startTime;
  for (const [index, node] of samples.entries()) {
    at += timeDeltas[index] ?? 0;
    const time = Math.max(0, timeDeltas[index + 1] ?? 0);
    if (at >= from && at < to) times.set(node, (times.get(node) ?? 0) + time);
  }
  return times;
}

/** By function; one that calls itself counts once in its total. */
function addUp(
  { nodes }: CpuProfile,
  ownOfNode: ReadonlyMap<number, number>,
  placeOf: (frame: CallFrame) => Place,
): Entry[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const entries = new Map<string, Entry>();
  const active = new Set<Entry>();

  function entryOf({ callFrame }: ProfileNode): Entry {
    const { functionName, url, lineNumber, columnNumber } = callFrame;
    const key = `${functionName} ${url} ${lineNumber} ${columnNumber}`;
    const known = entries.get(key);
    if (known !== undefined) return known;
    const name = functionName === '' ? '(anonymous)' : functionName;
    const entry = { name, place: placeOf(callFrame), own: 0, total: 0 };
    entries.set(key, entry);
    return entry;
  }

  /** Returns the time of the node with all below it. */
  function visit(node: ProfileNode): number {
    const entry = entryOf(node);
    const own = ownOfNode.get(node.id) ?? 0;
    entry.own += own;
    const isOutermost = !active.has(entry);
    if (isOutermost) active.add(entry);
    let time = own;
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child !== undefined) time += visit(child);
    }
    if (isOutermost) {
      active.delete(entry);
      entry.total += time;
    }
    return time;
  }

  const called = new Set(nodes.flatMap(({ children }) => children ?? []));
  for (const root of nodes.filter(({ id }) => !called.has(id))) visit(root);
  return [...entries.values()];
}
