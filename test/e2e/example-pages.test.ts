import { expect } from 'chai';
import type { Page, Route } from 'playwright-core';
import { testBrowser } from '../support/browser.js';
import { freePort } from '../support/free-port.js';
import { uniqueName } from '../support/gateway.js';
import { post } from '../support/http.js';
import type { RunningProcess } from '../support/process.js';
import { startProcess } from '../support/process.js';
import type { ServedGateway } from '../support/served-gateway.js';
import { serveGateway } from '../support/served-gateway.js';
import { until } from '../support/until.js';

/** The pages of examples/07-status-topic, from another origin than the gateway's, in a browser. */
describe('the pages that follow a project', function () {
  this.timeout(120_000);
  const browser = testBrowser();
  let gateway: ServedGateway;
  let server: RunningProcess | undefined;
  let stopGateway: (() => Promise<void>) | undefined;
  let pages: string;
  let project: string;

  async function servePages(port: number): Promise<RunningProcess> {
    const child = startProcess(process.execPath, ['examples/07-status-topic/serve-pages.mjs'], {
      env: { PAGES_PORT: String(port) },
    });
    await child.line(/stomp\.html/u);
    return child;
  }

  before(async () => {
    const port = await freePort();
    pages = `http://127.0.0.1:${port}`;
    gateway = await serveGateway({ settings: { REPLYTO_HTTP__ALLOWED_ORIGINS: pages } });
    stopGateway = () => gateway.remove();
    server = await servePages(port);
  });
  after(async () => {
    // Without a Chromium there are none.
    await server?.stop();
    await stopGateway?.();
  });
  beforeEach(() => {
    project = uniqueName('project');
  });

  async function publish(subject: string, more: object): Promise<void> {
    const { status } = await post(
      `${gateway.url}/status/${project}`,
      JSON.stringify({ subject, kind: 'progress', ...more }),
      { 'content-type': 'application/json' },
    );
    expect(status).to.equal(202);
  }

  async function open(name: string, from = pages): Promise<Page> {
    const query = new URLSearchParams({ gateway: gateway.url, project });
    const { page } = await browser.open(`${from}/${name}.html?${query.toString()}`);
    return page;
  }

  /** The page of EventSource, whose first calls, or all, are answered by the test. */
  async function openWith(answer: (route: Route) => Promise<void>, times?: number): Promise<Page> {
    const page = await open('event-source');
    await page.route(/\/status\//u, answer, times === undefined ? {} : { times });
    await page.reload();
    return page;
  }

  /** The tasks as the page shows them: subject, percent, text and kind. */
  async function tasks(page: Page): Promise<unknown[]> {
    const lines = await page.locator('li').all();
    return Promise.all(
      lines.map((line) =>
        Promise.all([
          line.getAttribute('data-subject'),
          line.locator('progress').getAttribute('value'),
          line.locator('span').textContent(),
          line.getAttribute('data-kind'),
        ]),
      ),
    );
  }

  async function shows(page: Page, expected: readonly unknown[]): Promise<void> {
    await until(
      async () => {
        expect(await tasks(page)).to.deep.equal(expected);
        return true;
      },
      { what: 'the tasks on the page', withinMs: 20_000 },
    );
  }

  async function says(page: Page, state: RegExp): Promise<void> {
    await until(async () => state.test((await page.locator('output').textContent()) ?? ''), {
      what: `${state} on the page`,
      withinMs: 20_000,
    });
  }

  for (const name of ['event-source', 'stomp']) {
    it(`${name} shows what was and what comes, and misses nothing while the gateway is away`, async () => {
      // It calls the gateway, and the console tells of calls that found none.
      browser.expectComplaints(
        /^asked elsewhere: (http|ws):\/\/127\.0\.0\.1|ERR_CONNECTION|ERR_INCOMPLETE|WebSocket connection/u,
      );
      await publish('job-1', { percent: 20, text: '<b>kneading</b>' });
      const page = await open(name);
      await says(page, /^following$/u);
      await shows(page, [['job-1', '20', '<b>kneading</b>', 'progress']]);
      await publish('job-2', { percent: 5 });
      await publish('job-1', { kind: 'success', text: 'a loaf' });
      await shows(page, [
        ['job-2', '5', '', 'progress'],
        ['job-1', '100', 'a loaf', 'success'],
      ]);

      await gateway.stop();
      await says(page, /^reconnecting$/u);
      await gateway.restart();
      await publish('job-2', { kind: 'failure', percent: 60, text: 'no flour' });
      await shows(page, [
        ['job-2', '60', 'no flour', 'failure'],
        ['job-1', '100', 'a loaf', 'success'],
      ]);
      await says(page, /^following$/u);
    });
  }

  it('event-source goes on behind the last event after an answer that is an error', async () => {
    browser.expectComplaints(/^asked elsewhere: |503|ERR_/u);
    await publish('job-1', { percent: 20 });
    const page = await open('event-source');
    await shows(page, [['job-1', '20', '', 'progress']]);
    const positions: (string | null)[] = [];
    await page.route(/\/status\//u, async (route) => {
      positions.push(new URL(route.request().url()).searchParams.get('after'));
      if (positions.length > 1) await route.continue();
      else
        await route.fulfill({
          status: 503,
          headers: { 'access-control-allow-origin': '*' },
          body: 'restarting',
        });
    });
    // It may be over before the gateway is back.
    const refused = says(page, /trying again/u);
    await gateway.stop();
    await gateway.restart();
    await refused;
    await publish('job-1', { kind: 'success' });
    await shows(page, [['job-1', '100', '', 'success']]);
    await says(page, /^following$/u);
    expect(positions.at(-1)).to.equal('1');
  });

  it('event-source begins anew with a project that has begun anew', async () => {
    browser.expectComplaints(/^asked elsewhere: | 400 /u);
    await publish('job-1', { percent: 20 });
    const page = await openWith(async (route) => {
      const event = JSON.stringify({ subject: 'former', kind: 'progress', percent: 90 });
      await route.fulfill({
        contentType: 'text/event-stream',
        headers: { 'access-control-allow-origin': '*' },
        body: `retry: 10\nid: 17\nevent: progress\ndata: ${event}\n\n`,
      });
    }, 1);
    await shows(page, [
      ['job-1', '20', '', 'progress'],
      ['former', '90', '', 'progress'],
    ]);
    await publish('job-1', { kind: 'success' });
    await shows(page, [
      ['job-1', '100', '', 'success'],
      ['former', '90', '', 'progress'],
    ]);
  });

  it('event-source tries no more where another token is needed', async () => {
    browser.expectComplaints(/^asked elsewhere: | 403 /u);
    const page = await openWith((route) =>
      route.fulfill({ status: 403, headers: { 'access-control-allow-origin': '*' }, body: 'not you' }),
    );
    await says(page, /^refused by the gateway: it takes another token$/u);
  });

  it('event-source says that the gateway refuses it where its origin is not allowed', async () => {
    browser.expectComplaints(/^asked elsewhere: |CORS policy|ERR_FAILED|403/u);
    const stranger = await servePages(0);
    try {
      const origin = /http:\/\/[\d.:]+/u.exec(stranger.stdout())?.[0] ?? '';
      const page = await open('event-source', origin);
      await says(page, /^refused by the gateway; trying again$/u);
    } finally {
      await stranger.stop();
    }
  });
});
