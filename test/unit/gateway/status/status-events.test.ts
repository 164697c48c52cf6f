import { expect } from 'chai';
import type { EventPage } from '#core/ports/event-log.js';
import { createGateway } from '#gateway/gateway.js';
import type { StatusHub } from '#status/status-hub.js';
import { contextOf } from '../../../support/gateway-context.js';
import { call } from '../../../support/http.js';
import { createManualClock } from '#testing/manual-clock.js';
import { newStatusEvent } from '../../../support/numbered-log.js';
import type { StatusPage } from '../../../support/status-bench.js';
import { sequencesOf, upTo } from '../../../support/status-bench.js';

describe('a page of the events of a project that was waited for', () => {
  it('tells what retention removed during the wait', async () => {
    // A burst of 250 events, of which retention leaves 100.
    const burst: EventPage = {
      events: upTo(350, 251).map((sequence) => ({ ...newStatusEvent(), project: 'shop', sequence })),
      ...{ through: 350, first: 251, last: 350 },
    };
    const pages: EventPage[] = [{ events: [], through: 100, first: 1, last: 100 }, burst];
    const asked: number[] = [];
    const clock = createManualClock();
    const hub = {
      subscribe(_project: string, { sink }: Parameters<StatusHub['subscribe']>[1]) {
        sink.gap(101, 250);
        return { resume: () => undefined, close: () => undefined, position: 100 };
      },
    } as unknown as StatusHub;
    const events = {
      page: (_project: string, { after }: { after: number }) => {
        asked.push(after);
        return Promise.resolve(pages.shift());
      },
    };
    const gateway = createGateway(contextOf({ events: events as never, hub, clock }), new Map());
    const { port } = await gateway.start();
    try {
      const answer = await call(`http://127.0.0.1:${port}/status/shop?after=100`, {
        headers: { accept: 'application/json', prefer: 'wait=30' },
      });
      const page = answer.json<StatusPage>();
      expect(page).to.deep.include({ first: 251, last: 350, next: 350, gap: { from: 101, to: 250 } });
      expect(sequencesOf(page.events)).to.deep.equal(upTo(350, 251));
      expect(asked).to.deep.equal([100, 100]);
    } finally {
      const stopped = gateway.stop(1_000);
      clock.advance(1_000);
      await stopped;
    }
  });
});
