import { expect } from 'chai';
import type { Target } from '#app/watch/target.js';
import { createLiveView } from '#app/watch/live-view.js';
import type { TestContext } from '../../../support/command-context.js';
import { testContext } from '../../../support/command-context.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { screenOf } from '../../../support/terminal.js';

const project: Target = {
  what: 'project',
  project: 'citrine',
  last: 4,
  areAll: true,
  subjects: [
    {
      subject: 'job-1',
      kind: 'progress',
      sequence: 4,
      time: 0,
      startedAt: 0,
      isRequest: false,
      isOver: false,
      percent: 10,
      text: 'kneading',
    },
  ],
};

const request: Target = { what: 'request', id: 'r-1', status: 'sent', createdAt: 0 };

const part = (number: number, more: object): { number: number; kind: string; json: string } => ({
  number,
  kind: 'progress',
  json: JSON.stringify({ id: `e-${number}`, subject: 'job-1', kind: 'progress', time: 0, ...more }),
});

describe('the live view of a terminal', () => {
  let clock: ManualClock;
  beforeEach(() => {
    clock = createManualClock();
  });

  async function pass(ms: number): Promise<void> {
    clock.advance(ms);
    // What was written is then done with.
    await new Promise((resolve) => setImmediate(resolve));
  }

  function open(target: Target, more: { readonly size?: { columns: number; rows: number } } = {}) {
    const context: TestContext = testContext({ isTerminal: true, size: { columns: 70, rows: 6 }, ...more });
    const view = createLiveView(context, { target, isListed: true, isColourful: false, clock });
    return { context, view, screen: () => screenOf(context.said().stdout) };
  }

  it('shows where the tasks stand before any event, then what events make of them', async () => {
    const { view, screen } = open(project);
    expect(screen()).to.have.length(2);
    expect(screen()[0]).to.equal('citrine: 1 going on, 0 over; Ctrl-C ends');
    expect(screen()[1]).to.match(/^job-1 \[#-+\] +10 % kneading +\d+:\d\d$/u);
    expect(await view.show(part(5, { percent: 60, text: 'rising' }))).to.equal(true);
    await pass(100);
    expect(screen()[1]).to.match(/^job-1 \[#+-+\] +60 % rising /u);
    await view.show(part(6, { subject: 'job-2', kind: 'success' }));
    await view.close();
    expect(screen()[0]).to.equal('citrine: 1 going on, 1 over; Ctrl-C ends');
    expect(screen()[2]).to.match(/^job-2 \[#+\] +done /u);
  });

  it('says that there are more than it knows, and counts apart what is no work', async () => {
    const user = { kind: 'user-action', sequence: 3, time: 0, startedAt: 0 } as const;
    const ada = { ...user, subject: 'ada', isRequest: false, isOver: false };
    const { view, screen } = open({ ...project, areAll: false, subjects: [...project.subjects, ada] });
    expect(screen()[0]).to.equal('citrine: at least 1 going on, 0 over, 1 other; Ctrl-C ends');
    expect(screen().at(-1)).to.equal('… and more');
    await view.close();
  });

  it('asks what is a request of all that tells states and began before, until it is told', async () => {
    const asked: number[] = [];
    const isRequest = { kind: 'progress', time: 0, startedAt: 0, isRequest: true, isOver: true } as const;
    const context = testContext({ isTerminal: true, size: { columns: 70, rows: 6 } });
    const view = createLiveView(context, {
      ...{ target: project, isListed: false, isColourful: false, clock },
      listBefore(before) {
        asked.push(before);
        if (asked.length === 1) return Promise.reject(new Error('away'));
        const subjects = [{ ...isRequest, subject: 'r-1', sequence: 9 }];
        return Promise.resolve({ last: 9, subjects, areAll: true });
      },
    });
    const end = { kind: 'user-action', data: { status: 'cancelled' } };
    await view.show(part(7, { subject: 'r-1', percent: 40, sequence: 7 }));
    await view.show(part(8, { subject: 'r-1', ...end, sequence: 8 }));
    await view.show(part(9, { subject: 'r-1', percent: 50, sequence: 9 }));
    for (let second = 0; second < 5; second += 1) await pass(1_000);
    expect(asked).to.deep.equal([10, 10]);
    const [head, task] = screenOf(context.said().stdout);
    expect(head).to.equal('citrine: 0 going on, 1 over; Ctrl-C ends');
    expect(task).to.match(/^r-1 .* ended /u);
    await view.close();
  });

  it('draws at most ten times in a second, and once in each without events', async () => {
    const { context, view } = open(project);
    const pictures = (): number => context.said().stdout.split('citrine:').length - 1;
    for (let number = 5; number < 1_005; number += 1) {
      await view.show(part(number, { percent: number / 20 }));
      if (number % 10 === 0) await pass(10);
    }
    expect(pictures()).to.be.within(8, 14);
    const before = pictures();
    await pass(1_000);
    await pass(1_000);
    expect(pictures() - before).to.be.within(2, 3);
    await view.close();
  });

  it('keeps the history of a request above its bar', async () => {
    const { view, screen } = open(request);
    await view.show(
      part(1, { subject: 'r-1', kind: 'log', text: 'sent to\nthe queue', data: { status: 'sent' } }),
    );
    await view.show(part(2, { subject: 'r-1', percent: 50, text: 'half' }));
    await view.show(
      part(3, { subject: 'r-1', kind: 'success', text: 'a reply came', data: { status: 'replied' } }),
    );
    await view.close();
    const [sent, replied, bar, ...rest] = screen();
    expect(sent).to.match(/^\d\d:\d\d:\d\d {2}log +sent to the queue$/u);
    expect(replied).to.match(/^\d\d:\d\d:\d\d {2}success +a reply came$/u);
    expect(bar).to.match(/^r-1 \[#+\] +done a reply came /u);
    expect(rest).to.deep.equal([]);
  });

  it('says on stderr what becomes of the connection, and puts a gap above the bars', async () => {
    const { context, view, screen } = open(project);
    await view.tell('lost the gateway');
    await view.show({ gap: { from: 5, to: 9 } });
    await view.close();
    expect(context.said().stderr).to.equal('lost the gateway\n');
    expect(screen()[0]).to.equal('events 5 to 9 are no longer kept');
    expect(screen()).to.have.length(3);
  });

  it('finds its first line again in a terminal that became narrower', async () => {
    const size = { columns: 70, rows: 6 };
    const { context, view } = open(project, { size });
    await pass(0);
    size.columns = 30;
    const before = context.said().stdout.length;
    await pass(1_000);
    // 40 and 69 columns were drawn: two rows and three.
    expect(context.said().stdout.slice(before)).to.match(/^\r\u001b\[5A/u);
    await view.close();
  });

  it('shows the cursor again at its end', async () => {
    const { context, view } = open(project);
    expect(context.said().stdout.startsWith('\u001b[?25l')).to.equal(true);
    await view.close();
    expect(context.said().stdout.endsWith('\u001b[?25h')).to.equal(true);
  });

  it('says that nobody reads any more', async () => {
    const context = testContext({ isTerminal: true });
    const stdout = { ...context.stdout, write: () => Promise.resolve(false) };
    const view = createLiveView(
      { ...context, stdout },
      { target: request, isListed: true, isColourful: false, clock },
    );
    expect(await view.show(part(1, { kind: 'log' }))).to.equal(false);
    await view.close();
  });
});
