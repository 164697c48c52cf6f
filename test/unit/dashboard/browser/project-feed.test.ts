import '../../../support/browser-modules.js';
import { expect } from 'chai';
import type { SequencedEvent } from '#core/status-event.js';
import type { FakePage, PageCall } from '../../../support/page-fakes.js';
import { FakeEventSource, withFakePage } from '../../../support/page-fakes.js';

const { createProjectFeed } = await import('../../../../src/dashboard/browser/project-feed.js');

type Feed = ReturnType<typeof createProjectFeed>;

/** The log of a gateway whose pages end after so many events, and where its subjects stand. */
class Project {
  last = 0;
  eventsInPage = Infinity;
  isAway = false;
  readonly #log: SequencedEvent[] = [];
  readonly #standing = new Map<string, SequencedEvent>();

  add(subject: string, more: Partial<SequencedEvent> = {}): SequencedEvent {
    this.last += 1;
    const event: SequencedEvent = {
      ...{ id: `e-${this.last}`, project: 'p', subject, kind: 'log', time: this.last, sequence: this.last },
      ...more,
    };
    this.#log.push(event);
    this.#standing.delete(subject);
    this.#standing.set(subject, event);
    return event;
  }

  /** As retention does it. */
  forget(subject: string): void {
    this.#standing.delete(subject);
  }

  answer({ name, query }: PageCall): unknown {
    if (this.isAway) return 503;
    if (name === 'subjects') {
      const { before = Infinity, limit } = query;
      const subjects = [...this.#standing.values()].reverse().filter(({ sequence }) => sequence < before);
      const listed = subjects.map((state) => ({
        ...state,
        ...{ startedAt: 0, isRequest: false, isOver: false },
      }));
      return { project: 'p', last: this.last, subjects: listed.slice(0, limit) };
    }
    const { after = 0, limit } = query;
    const events = this.#log.slice(after, after + Math.min(limit ?? 100, this.eventsInPage));
    return { events, first: 1, last: this.last, next: events.at(-1)?.sequence ?? this.last };
  }
}

const logs = ['log'] as const;

const seen = (feed: Feed): number[] =>
  feed.events.select({ kinds: logs, text: '', limit: Infinity }).shown.map(({ sequence }) => sequence);

const downTo = (from: number, to: number): number[] =>
  Array.from({ length: from - to + 1 }, (_, index) => from - index);

describe('the feed of a project', () => {
  let project: Project;
  beforeEach(() => {
    project = new Project();
  });

  async function onFeed(
    use: (feed: Feed, page: FakePage & { tell: (event: SequencedEvent) => void }) => Promise<void>,
  ): Promise<void> {
    await withFakePage(
      async (page) => {
        const feed = createProjectFeed('p', () => undefined);
        try {
          await page.pass(0);
          const [stream] = FakeEventSource.open();
          stream?.dispatchEvent(new Event('open'));
          await use(feed, {
            ...page,
            tell: (event) => stream?.tell(event.sequence, event, event.kind),
          });
        } finally {
          feed.close();
        }
      },
      (call) => project.answer(call),
    );
  }

  it('has all of the newest events where the gateway gives them in small pages', async () => {
    for (let count = 0; count < 1_300; count += 1) project.add('s');
    project.eventsInPage = 70;
    await onFeed(async (feed, { pass, tell }) => {
      expect(seen(feed)).to.deep.equal(downTo(1_300, 801));
      tell(project.add('s'));
      expect(seen(feed)).to.deep.equal(downTo(1_301, 801));
      void feed.loadEarlierEvents(logs);
      await pass(0);
      expect(seen(feed)).to.deep.equal(downTo(1_301, 301));
      void feed.loadEarlierEvents(logs);
      await pass(0);
      expect(seen(feed)).to.deep.equal(downTo(1_301, 1));
      expect(feed.hasEarlierEvents(logs)).to.equal(false);
    });
  });

  it('learns the past of each of very many subjects, and then asks no more', () =>
    onFeed(async (feed, { pass, tell, calls }) => {
      for (let count = 1; count <= 4_000; count += 1) tell(project.add(`t-${count}`));
      expect(feed.subjects.find('t-1')?.startedAt).to.equal(1);
      for (let second = 0; second < 10; second += 1) await pass(1_000);
      for (let count = 1; count <= 4_000; count += 1) {
        expect(feed.subjects.find(`t-${count}`)?.startedAt, `of t-${count}`).to.equal(0);
      }
      calls.length = 0;
      for (let second = 0; second < 60; second += 1) await pass(1_000);
      expect(calls).to.deep.equal([]);
    }));

  it('asks once for the past of what the gateway has no more, and for that of others as soon as ever', () =>
    onFeed(async (feed, { pass, tell, calls }) => {
      tell(project.add('gone'));
      project.forget('gone');
      await pass(1_000);
      expect(calls.filter(({ name }) => name === 'subjects')).to.have.lengthOf(2);
      calls.length = 0;
      await pass(60_000);
      expect(calls).to.deep.equal([]);
      tell(project.add('other'));
      await pass(1_000);
      expect(feed.subjects.find('other')?.startedAt).to.equal(0);
      // It is heard of again: then it is there.
      tell(project.add('gone'));
      await pass(1_000);
      expect(feed.subjects.find('gone')?.startedAt).to.equal(0);
    }));

  it('asks less and less often for pasts while the list cannot be read', () =>
    onFeed(async (feed, { pass, tell, calls }) => {
      calls.length = 0;
      project.isAway = true;
      tell(project.add('new'));
      for (let second = 0; second < 15; second += 1) await pass(1_000);
      expect(calls).to.have.lengthOf(4);
      project.isAway = false;
      await pass(16_000);
      expect(feed.subjects.find('new')?.startedAt).to.equal(0);
      expect(feed.phase).to.equal('live');
    }));

  it('keeps the subjects that somebody has asked for when others come', async () => {
    for (let count = 1; count <= 7_000; count += 1) project.add(`t-${count}`);
    await onFeed(async (feed, { pass, tell }) => {
      while (feed.hasMoreSubjects) {
        void feed.loadMoreSubjects();
        await pass(0);
      }
      expect(feed.subjects.size).to.equal(7_000);
      tell(project.add('new'));
      expect(feed.subjects.find('t-1')).not.to.equal(undefined);
      expect(feed.hasMoreSubjects).to.equal(false);
    });
  });

  it('waits before it asks again for older subjects after it could not read them', async () => {
    for (let count = 1; count <= 250; count += 1) project.add(`t-${count}`);
    await onFeed(async (feed, { pass, calls }) => {
      calls.length = 0;
      project.isAway = true;
      // As the page does it each time that it is drawn.
      const came: boolean[] = [];
      const draw = async (): Promise<void> => {
        void feed.loadMoreSubjects().then((isRead) => came.push(isRead));
        await pass(0);
      };
      for (let count = 0; count < 10; count += 1) await draw();
      expect(calls).to.have.lengthOf(1);
      project.isAway = false;
      await pass(3_000);
      await draw();
      expect(calls).to.have.lengthOf(2);
      expect(feed.subjects.size).to.equal(250);
      expect(came.filter((isRead) => isRead)).to.deep.equal([true]);
    });
  });
});
