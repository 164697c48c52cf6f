import '../../../support/browser-modules.js';
import { expect } from 'chai';
import type { FakePage } from '../../../support/page-fakes.js';
import { FakeEventSource as Source, withFakePage } from '../../../support/page-fakes.js';

const { followEvents } = await import('../../../../src/dashboard/browser/event-stream.js');

interface Page extends FakePage {
  readonly heard: number[];
  readonly states: boolean[];
  readonly asked: number[];
  /** The answers to whether it may go on; the last one stays. */
  answers: boolean[];
  stream: { close(): void };
  /** Streams that are not closed, by where they began. */
  readonly open: () => (string | null)[];
}

function onPage(use: (page: Page) => Promise<void>): Promise<void> {
  return withFakePage(async (fake) => {
    const page: Page = {
      ...fake,
      ...{ heard: [], states: [], asked: [], answers: [true] },
      stream: { close: () => undefined },
      open: () => Source.open().map(({ after }) => after),
    };
    page.stream = followEvents<{ number: number }>(
      (after) => new URL(`http://gateway.example/status/p?after=${after}`),
      7,
      {
        onEvent: ({ number }) => page.heard.push(number),
        onGap: ({ from, to }) => page.heard.push(-from, -to),
        onConnection: (isLive) => page.states.push(isLive),
        mayRetry(after) {
          page.asked.push(after);
          return Promise.resolve(
            page.answers.length > 1 ? page.answers.shift() === true : page.answers[0] === true,
          );
        },
      },
    );
    try {
      await use(page);
    } finally {
      page.stream.close();
    }
  });
}

const newest = (): Source => Source.opened.at(-1) ?? expect.fail('no stream');

describe('the stream of a page', () => {
  it('gives events of every kind and gaps, and knows where it is', () =>
    onPage(async ({ heard, document, open }) => {
      newest().tell(8);
      newest().tell(9, { number: 9 }, 'user-action');
      newest().tell(12, { from: 10, to: 12 }, 'gap');
      expect(heard).to.deep.equal([8, 9, -10, -12]);
      document.turn(true);
      document.turn(false);
      expect(open()).to.deep.equal(['12']);
      await Promise.resolve();
    }));

  it('is let go while nobody sees the page, and then goes on behind the last event', () =>
    onPage(async ({ document, open, heard, pass }) => {
      newest().tell(8);
      document.turn(true);
      expect(open()).to.deep.equal([]);
      await pass(3_600_000);
      expect(open()).to.deep.equal([]);
      document.turn(false);
      expect(open()).to.deep.equal(['8']);
      newest().tell(9);
      expect(heard).to.deep.equal([8, 9]);
      // Being seen twice opens no second one.
      document.turn(false);
      expect(open()).to.deep.equal(['8']);
    }));

  it('leaves a cut connection to the browser, and says that it is away', () =>
    onPage(async ({ states, asked, open }) => {
      newest().dispatchEvent(new Event('open'));
      newest().fail(false);
      newest().dispatchEvent(new Event('open'));
      expect(states).to.deep.equal([true, false, true]);
      expect([asked, open()]).to.deep.equal([[], ['7']]);
      await Promise.resolve();
    }));

  it('is opened anew where the browser gives up, less and less often, until it is open', () =>
    onPage(async ({ asked, open, pass }) => {
      newest().tell(8);
      for (const [count, delayMs] of [1_000, 2_000, 4_000, 8_000, 10_000, 10_000].entries()) {
        newest().fail(true);
        await pass(delayMs - 1);
        expect(open(), `after ${count} failures`).to.deep.equal([]);
        await pass(1);
        expect(open()).to.deep.equal(['8']);
      }
      expect(asked).to.deep.equal([8, 8, 8, 8, 8, 8]);
      newest().dispatchEvent(new Event('open'));
      newest().fail(true);
      await pass(1_000);
      expect(open()).to.deep.equal(['8']);
    }));

  it('ends when it may not go on, also for one who looks again', () =>
    onPage(async (page) => {
      page.answers = [false];
      newest().fail(true);
      await page.pass(60_000);
      page.document.turn(true);
      page.document.turn(false);
      expect(page.open()).to.deep.equal([]);
      expect(page.asked).to.deep.equal([7]);
    }));

  it('is opened once by one who looks again while it was being asked about', () =>
    onPage(async ({ document, open, pass }) => {
      newest().fail(true);
      document.turn(true);
      document.turn(false);
      const [, second] = Source.opened;
      await pass(60_000);
      expect(Source.opened).to.have.lengthOf(2);
      expect(second?.readyState).to.equal(0);
      expect(open()).to.deep.equal(['7']);
    }));

  it('tries nothing while the page is hidden', () =>
    onPage(async ({ document, open, pass }) => {
      newest().fail(true);
      document.turn(true);
      await pass(60_000);
      expect(Source.opened).to.have.lengthOf(1);
      document.turn(false);
      expect(open()).to.deep.equal(['7']);
    }));

  it('is closed for good', () =>
    onPage(async (page) => {
      const { document, open, pass } = page;
      newest().fail(true);
      await pass(0);
      document.turn(true);
      document.turn(false);
      expect(open()).to.have.lengthOf(1);
      page.stream.close();
      document.turn(true);
      document.turn(false);
      await pass(60_000);
      expect(open()).to.deep.equal([]);
    }));
});
