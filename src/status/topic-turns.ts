/**
 * Whose topic is published next. Projects that lack events take turns in the order of their names, whoever has more than one
 * turn can bear. Those whose topics did not take an event have turns of their own, after a while and few at a time: such a
 * topic may be full, or take events slowly, keeps its place until the deadline of the receipts, and others are not. It gets one
 * event, then twice as many each time, until it took as many as any other, or all there was.
 */
import type { Clock } from '#core/ports/clock.js';
import type { EventLog, EventPage } from '#core/ports/event-log.js';
import type { PublishedPositions } from './published-positions.js';

/** To publish at most `limit` events of a project, behind `published`. */
export interface TopicTurn {
  readonly project: string;
  readonly published: number;
  readonly limit: number;
}

export interface TopicTurns {
  /** Nobody's turn when no topic lacks anything, but for those under way. */
  next(underWay: ReadonlySet<string>): Promise<TopicTurn | undefined>;
  /** The topic took nothing behind `published`, or it is not known why. */
  failed(project: string, published: number): void;
  /** The topic took all of this page, which was its turn. */
  took(project: string, page: Pick<EventPage, 'through' | 'last'>): void;
  /** Another instance publishes now: what is known here is not so for long. */
  forget(): void;
}

const eventsAtOnce = 64;
/** Read from the log at a time. */
const projectsRead = 64;
const leftAloneMs = 5_000;
/** Turns of failing topics at a time. */
const mostFailingAtOnce = 2;
/** Of more, the one that failed first is like any other; nothing is lost by that. */
const mostFailing = 1_000;

interface FailingTopic {
  readonly published: number;
  /** Events of its next turn. */
  readonly limit: number;
  /** When it is left alone no longer. */
  readonly until: number;
}

export function createTopicTurns({
  log,
  positions,
  clock,
}: {
  readonly log: Pick<EventLog, 'unpublished'>;
  readonly positions: Pick<PublishedPositions, 'unnoted'>;
  readonly clock: Pick<Clock, 'monotonic'>;
}): TopicTurns {
  /** In the order in which they failed last. */
  const failing = new Map<string, FailingTopic>();
  let upcoming: TopicTurn[] = [];
  /** The last name that was read; the empty one is before all. */
  let readThrough = '';

  function nextFailing(underWay: ReadonlySet<string>): TopicTurn | undefined {
    const tried = [...underWay].filter((project) => failing.has(project));
    if (tried.length >= mostFailingAtOnce) return undefined;
    const now = clock.monotonic();
    for (const [project, { published, limit, until }] of failing) {
      if (until <= now && !underWay.has(project)) return { project, published, limit };
    }
    return undefined;
  }

  /** Reads on, from the first name again behind the last one, until somebody lacks something or all were asked. */
  async function read(underWay: ReadonlySet<string>): Promise<void> {
    for (let ends = 0; ends < 2 && upcoming.length === 0;) {
      // Taken before the log is read: nobody's position is older than that of the log then.
      const unnoted = positions.unnoted();
      const after = readThrough;
      const rows = await log.unpublished(projectsRead, { after, except: [...underWay, ...failing.keys()] });
      upcoming = rows
        .map((row) => ({ ...row, published: Math.max(row.published, unnoted.get(row.project) ?? 0) }))
        .filter(({ published, last }) => published < last)
        .map(({ project, published }) => ({ project, published, limit: eventsAtOnce }));
      const isEnd = rows.length < projectsRead;
      readThrough = isEnd ? '' : (rows.at(-1)?.project ?? '');
      if (isEnd) ends += after === '' ? 2 : 1;
    }
  }

  return {
    async next(underWay) {
      const turn = nextFailing(underWay);
      if (turn !== undefined) return turn;
      if (upcoming.length === 0) await read(underWay);
      return upcoming.shift();
    },
    failed(project, published) {
      failing.delete(project);
      failing.set(project, { published, limit: 1, until: clock.monotonic() + leftAloneMs });
      const [first] = failing.keys();
      if (failing.size > mostFailing && first !== undefined) failing.delete(first);
    },
    took(project, { through, last }) {
      const failed = failing.get(project);
      if (failed === undefined) return;
      const limit = Math.min(2 * failed.limit, eventsAtOnce);
      if (failed.limit === eventsAtOnce || through >= last) failing.delete(project);
      // In its old place: behind the others each of its turns would wait for the receipts of all that are full still.
      else failing.set(project, { published: through, limit, until: clock.monotonic() });
    },
    forget() {
      failing.clear();
      upcoming = [];
    },
  };
}
