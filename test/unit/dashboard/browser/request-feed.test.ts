import '../../../support/browser-modules.js';
import { expect } from 'chai';
import type { NumberedEvent } from '#core/status-event.js';
import { FakeEventSource, withFakePage } from '../../../support/page-fakes.js';

const { createRequestFeed } = await import('../../../../src/dashboard/browser/request-feed.js');

const event = (number: number): NumberedEvent => ({
  ...{ id: `e-${number}`, project: null, subject: 'r', kind: 'log', time: number, number },
});

describe('the feed of a request', () => {
  it('takes the end of the stream of an ended request for what it is, and that of another for a lost connection', async () => {
    for (const isOver of [true, false]) {
      await withFakePage(
        async ({ pass }) => {
          const phases: string[] = [];
          const feed = createRequestFeed('r', () => {
            if (phases.at(-1) !== feed.phase) phases.push(feed.phase);
          });
          try {
            await pass(0);
            const [stream] = FakeEventSource.open();
            stream?.dispatchEvent(new Event('open'));
            stream?.tell(1, event(1), 'log');
            // The browser would come back after two seconds.
            stream?.fail(false);
            await pass(0);
            expect(phases).to.deep.equal(['loading', 'live', isOver ? 'ended' : 'lost']);
            expect(FakeEventSource.open()).to.have.length(isOver ? 0 : 1);
          } finally {
            feed.close();
          }
        },
        ({ name }) => (name === 'r' ? { id: 'r', status: 'replied' } : { events: [], next: 1, isOver }),
      );
    }
  });

  it('has all of its history before it is complete, also where the stream is refused', async () => {
    const eventsInPage = 2;
    let isAway = false;
    await withFakePage(
      async ({ pass }) => {
        const feed = createRequestFeed('r', () => undefined);
        try {
          await pass(0);
          isAway = true;
          FakeEventSource.open()[0]?.fail(true);
          await pass(1_000);
          expect(feed.phase).to.equal('lost');
          isAway = false;
          for (const count of [2, 4]) {
            FakeEventSource.open()[0]?.fail(true);
            await pass(10_000);
            expect(feed.events.map(({ number }) => number)).to.deep.equal([1, 2, 3, 4, 5].slice(0, count));
            expect(feed.phase).to.equal('lost');
          }
          FakeEventSource.open()[0]?.fail(true);
          await pass(10_000);
          expect(feed.events.map(({ number }) => number)).to.deep.equal([1, 2, 3, 4, 5]);
          expect(feed.phase).to.equal('ended');
          expect(FakeEventSource.open()).to.deep.equal([]);
        } finally {
          feed.close();
        }
      },
      ({ name, query: { after = 0 } }) => {
        if (name === 'r') return { id: 'r', status: 'replied' };
        if (isAway) return 503;
        const events = [1, 2, 3, 4, 5].slice(after, after + eventsInPage).map(event);
        return { events, next: after + events.length, isOver: after + events.length === 5 };
      },
    );
  });
});
