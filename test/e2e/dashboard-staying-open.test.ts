/** Pages that stay open: hidden for a while, beside calls that fail, over a project that begins anew. */
import { expect } from 'chai';
import type { Page, Route } from 'playwright-core';
import { testBrowser } from '../support/browser.js';
import { eventsOf, namesOf, newProject, taskOf } from '../support/dashboard.js';
import { uniqueName } from '../support/gateway.js';
import { call } from '../support/http.js';
import { httpBench } from '../support/http-bench.js';
import { publish } from '../support/status-publishing.js';
import { until } from '../support/until.js';

const hideable = `Object.defineProperty(document, 'hidden', { get: () => globalThis.isHidden === true })`;

/** As the browser does when another tab is chosen. */
async function turn(page: Page, isHidden: boolean): Promise<void> {
  await page.evaluate(
    `globalThis.isHidden = ${isHidden}; document.dispatchEvent(new Event('visibilitychange'))`,
  );
}

/** What has come by now is drawn. */
async function drawn(page: Page): Promise<void> {
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
}

describe('the dashboard, as long as it is open', () => {
  const browser = testBrowser();
  const bench = httpBench();
  const streams = (): Promise<number> => bench.metric('event_streams');

  /** A page that can be hidden, with the projects; another one is shown by `goto`. */
  async function openPage(): Promise<Page> {
    const { page } = await browser.open(`${bench.url}/dashboard/status`);
    await page.addInitScript(hideable);
    return page;
  }

  const showProject = (page: Page, project: string): Promise<unknown> =>
    page.goto(`${bench.url}/dashboard/status?project=${project}`);

  const isLive = (page: Page): Promise<void> =>
    page.getByRole('banner').getByText('Live', { exact: true }).waitFor();

  it('shows a task that ended while its tab was hidden, and each event once', async () => {
    const project = await newProject(bench.url);
    const page = await openPage();
    await showProject(page, project);
    await publish(bench.url, project, { subject: 'begun', kind: 'log', text: 'seen' });
    await page.locator('.event').getByText('seen').waitFor();
    await turn(page, true);
    await until(async () => (await streams()) === 0, { what: 'the end of the stream that nobody sees' });
    await publish(
      bench.url,
      project,
      { subject: 'begun', kind: 'log', text: 'unseen' },
      { subject: 'begun', kind: 'success' },
      { subject: 'came and went', kind: 'failure' },
    );
    expect(await eventsOf(page)).to.deep.equal(['seen']);
    await turn(page, false);
    await taskOf(page, 'begun').getByText('Done').waitFor();
    await taskOf(page, 'came and went').getByText('Failed').waitFor();
    await isLive(page);
    expect(await eventsOf(page)).to.deep.equal(['unseen', 'seen']);
    expect(await streams()).to.equal(1);
  });

  it('shows of a request what became of it while its tab was hidden, and is then done with it', async () => {
    const id = uniqueName('request');
    await bench.ask(uniqueName('nobody'), { 'message-id': id, prefer: 'respond-async' });
    const page = await openPage();
    await page.goto(`${bench.url}/dashboard/requests/${id}`);
    await page.locator('.event').getByText('sent to the queue').waitFor();
    await turn(page, true);
    await until(async () => (await streams()) === 0, { what: 'the end of the stream that nobody sees' });
    await call(`${bench.url}/requests/${id}`, { method: 'DELETE' });
    await turn(page, false);
    await page.getByRole('banner').getByText('Complete').waitFor();
    await page.locator('.title').getByText('Cancelled').waitFor();
    expect(await eventsOf(page)).to.deep.equal(['cancelled', 'sent to the queue', 'accepted']);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await turn(page, true);
    await turn(page, false);
    await drawn(page);
    expect(asked).to.deep.equal([]);
  });

  it('asks for no projects while its tab is hidden', async () => {
    const page = await openPage();
    await page.clock.install();
    await page.reload();
    await page.getByRole('heading', { name: 'Status' }).waitFor();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    const passUntil = (what: string, condition: () => Promise<boolean>): Promise<unknown> =>
      until(() => page.clock.runFor(2_000).then(condition), { what });
    await passUntil('the next call', () => Promise.resolve(asked.length > 0));
    await turn(page, true);
    asked.length = 0;
    await page.clock.runFor(60_000);
    expect(asked).to.deep.equal([]);
    const project = await newProject(bench.url);
    await turn(page, false);
    await passUntil('the new project', () => page.getByRole('link', { name: project }).isVisible());
  });

  it('says nothing of a lost connection when a call beside the stream fails, and repeats it', async () => {
    const project = await newProject(bench.url);
    browser.expectComplaints(/Failed to load resource.* 503 /u);
    const page = await openPage();
    await showProject(page, project);
    await isLive(page);
    let refused = 0;
    await page.route(/\/subjects\?/u, async (route) => {
      refused += 1;
      if (refused > 2) await route.continue();
      else await route.fulfill({ status: 503, body: 'not now' });
    });
    const seen = page.evaluate<string[]>(`new Promise((done) => {
      const seen = new Set();
      const banner = document.querySelector('.connection');
      const watch = new MutationObserver(() => seen.add(banner.textContent));
      watch.observe(banner, { childList: true, characterData: true, subtree: true });
      globalThis.endWatch = () => done([...seen]);
    })`);
    await bench.ask(uniqueName('nobody'), { 'message-id': `${project}-r`, project, prefer: 'respond-async' });
    await taskOf(page, `${project}-r`).waitFor();
    await until(() => refused >= 3, { what: 'the call that is repeated' });
    await isLive(page);
    await page.evaluate('globalThis.endWatch()');
    expect(await seen).to.deep.equal([]);
  });

  it('learns the past of a task that it hears of first by an event of now', async () => {
    const project = await newProject(bench.url);
    const page = await openPage();
    await page.route(
      /\/subjects\?/u,
      async (route) => {
        // As where two hundred others were active since.
        const answer = await route.fetch();
        const body = (await answer.json()) as object;
        await route.fulfill({ json: { ...body, subjects: [] } });
      },
      { times: 1 },
    );
    await publish(bench.url, project, { subject: 'begun', kind: 'failure', percent: 66, text: 'no disk' });
    await showProject(page, project);
    await isLive(page);
    await publish(bench.url, project, { subject: 'begun', kind: 'log' });
    const task = taskOf(page, 'begun');
    await task.getByText('no disk').waitFor();
    await task.getByText('66 %').first().waitFor();
    await task.getByText('Ended', { exact: true }).waitFor();
  });

  it('begins a project anew that has fewer events than it had', async () => {
    const project = await newProject(bench.url);
    browser.expectComplaints(/Failed to load resource.* 400 /u);
    const page = await openPage();
    const former = {
      ...{ subject: 'former', kind: 'progress', sequence: 1_234, time: 1, startedAt: 1 },
      ...{ isRequest: false, isOver: false },
    };
    await page.route(
      /\/subjects\?/u,
      (route) => route.fulfill({ json: { project, last: 1_234, subjects: [former] } }),
      {
        times: 1,
      },
    );
    const none = { project, events: [], first: 1_235, last: 1_234, next: 1_234 };
    await page.route(/after=734/u, (route) => route.fulfill({ json: none }), { times: 1 });
    await showProject(page, project);
    await taskOf(page, 'begun').waitFor();
    await isLive(page);
    expect(await namesOf(page)).to.deep.equal(['begun']);
    await publish(bench.url, project, { subject: 'begun', text: 'followed' });
    await taskOf(page, 'begun').getByText('followed').waitFor();
  });

  it('shows what it can of a task whose time no calendar has', async () => {
    const project = await newProject(bench.url);
    const page = await openPage();
    const time = Number.MAX_SAFE_INTEGER;
    await page.route(/\/subjects\?/u, async (route) => {
      const answer = await route.fetch();
      const { subjects, ...body } = (await answer.json()) as { subjects: object[] };
      const odd = subjects.map((subject) => ({ ...subject, subject: 'odd', time, startedAt: time }));
      await route.fulfill({ json: { ...body, subjects: [...odd, ...subjects] } });
    });
    await showProject(page, project);
    await taskOf(page, 'odd').getByText(String(time)).first().waitFor();
    await taskOf(page, 'begun').waitFor();
  });

  it('says that there may be more projects than it lists', async () => {
    const page = await openPage();
    const projects = Array.from({ length: 500 }, (_, index) => ({
      ...{ project: `shop-${index}`, last: 1, time: 1, subjects: 1 },
    }));
    await page.route(/\/status\?limit=500$/u, (route) => route.fulfill({ json: { projects } }));
    await page.getByText('The 500 with the newest activity. There may be more').waitFor();
    await page.getByRole('link', { name: /^shop-499/u }).waitFor();
  });

  it('lets no older status of a request overwrite a newer one', async () => {
    const id = uniqueName('request');
    await bench.ask(uniqueName('nobody'), { 'message-id': id, prefer: 'respond-async' });
    const page = await openPage();
    await page.goto(`${bench.url}/dashboard/requests/${id}`);
    await page.locator('.event').getByText('sent to the queue').waitFor();
    await page.locator('.title').getByText('Running').waitFor();
    const held: { route: Route; json: unknown }[] = [];
    await page.route(
      new RegExp(`/requests/${id}$`, 'u'),
      async (route) => {
        const answer = await route.fetch();
        held.push({ route, json: await answer.json() });
      },
      { times: 1 },
    );
    await publish(bench.url, 'elsewhere', { subject: id, percent: 40, text: 'slow' });
    await until(() => held.length === 1, { what: 'the status that is on its way' });
    await call(`${bench.url}/requests/${id}`, { method: 'DELETE' });
    await page.getByRole('banner').getByText('Complete').waitFor();
    await page.locator('.title').getByText('Cancelled').waitFor();
    const late = page.waitForResponse((response) => response.url().endsWith(id));
    await held[0]!.route.fulfill({ json: held[0]!.json });
    await (await late).finished();
    await drawn(page);
    expect(await page.locator('.title .badge').textContent()).to.equal('Cancelled');
  });
});
