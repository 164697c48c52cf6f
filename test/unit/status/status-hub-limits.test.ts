import { expect } from 'chai';
import type { EventPage } from '#core/ports/event-log.js';
import type { EventFilter, SequencedEvent } from '#core/status-event.js';
import type { StatusHub } from '#status/status-hub.js';
import { createStatusHub } from '#status/status-hub.js';
import type { StatusSubscription } from '#status/status-subscription.js';
import { passTime, settled } from '../../support/event-loop.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { newStatusEvent } from '../../support/numbered-log.js';
import { createRecordingLogger } from '../../support/recording.js';
import { sequencesOf, upTo } from '../../support/status-bench.js';

/** Events of 60 KB; together they come to 1 MiB and are all that is kept of a project. */
const large = (project: string): SequencedEvent[] =>
  upTo(17).map((sequence) => ({ ...newStatusEvent(), project, sequence, text: 'x'.repeat(60_000) }));

describe('the limits of the status hub', () => {
  let looks: string[];
  let pageOf: (project: string, after: number) => EventPage;
  let hub: StatusHub;
  let clock: ManualClock;
  beforeEach(() => {
    clock = createManualClock();
    looks = [];
    pageOf = () => ({ events: [], through: 0, first: 1, last: 0 });
    hub = createStatusHub({
      log: {
        page(project, { after }) {
          looks.push(project);
          return Promise.resolve(pageOf(project, after));
        },
      },
      ...{ logger: createRecordingLogger(), clock },
    });
  });
  afterEach(() => hub.stop());

  interface Client {
    readonly events: SequencedEvent[];
    readonly gaps: (readonly [from: number, to: number])[];
    readonly subscription: StatusSubscription;
  }

  function follow(
    project: string,
    { after = 0, room = Infinity, filter = {} }: { after?: number; room?: number; filter?: EventFilter } = {},
  ): Client {
    const events: SequencedEvent[] = [];
    const gaps: [number, number][] = [];
    const subscription = hub.subscribe(project, {
      ...{ after, filter },
      sink: {
        deliver: (some) => (events.push(...some), events.length < room),
        gap: (from, to) => void gaps.push([from, to]),
        end: () => undefined,
      },
    });
    return { events, gaps, subscription };
  }

  it('keep 64 MiB of the newest events of all projects; what else somebody lacks is read from the log', async () => {
    const projects = upTo(70).map((number) => `project-${number}`);
    const slow = projects.map((project) => follow(project, { room: 1 }));
    await settled();
    for (const project of projects) await hub.push(large(project));
    looks = [];
    pageOf = (_project, after) => ({ events: [], through: Math.max(after, 17), first: 1, last: 17 });
    for (const client of slow) {
      expect(client.events).not.to.be.empty;
      client.subscription.resume();
    }
    // 65 times 1,022,000 bytes are below the limit.
    expect(looks).to.deep.equal(upTo(5).map((number) => `project-${number}`));
  });

  it('take nothing from projects that nobody follows any more', async () => {
    const [first, last] = [follow('first', { room: 1 }), follow('last', { room: 1 })];
    await settled();
    await hub.push(large('first'));
    for (const number of upTo(100)) {
      const { subscription } = follow(`passing-${number}`);
      await hub.push(large(`passing-${number}`));
      subscription.close();
    }
    await hub.push(large('last'));
    looks = [];
    for (const { subscription } of [first, last]) subscription.resume();
    expect(looks).to.deep.equal([]);
  });

  it('serve some hundred followers in one turn, and others between', async () => {
    const clients = upTo(1_200).map(() => follow('shop'));
    await settled();
    const heard = (): number => clients.filter(({ events }) => events.length === 1).length;
    const pushed = hub.push([{ ...newStatusEvent(), project: 'shop', sequence: 1 }]);
    expect(heard()).to.equal(500);
    await passTime(clock, 2, { stepMs: 1 });
    await pushed;
    expect(heard()).to.equal(1_200);
  });

  it('hide no gap behind the end of the log as it was when it was read', async () => {
    // Numbered and removed while the page was read: nothing of it passes the filter, its end is behind its beginning.
    pageOf = (_project, after) => ({ events: [], through: Math.max(after, 250), first: 251, last: 100 });
    const client = follow('shop', { after: 50, filter: { kinds: ['failure'] } });
    await settled();
    expect(client.gaps).to.deep.equal([[51, 250]]);
    expect(client.subscription.position).to.equal(250);
    await hub.push([{ ...newStatusEvent(), kind: 'failure', project: 'shop', sequence: 251 }]);
    await settled();
    expect(sequencesOf(client.events)).to.deep.equal([251]);
  });
});
