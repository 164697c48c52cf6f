import { expect } from 'chai';
import type { ServedGateway } from '../support/served-gateway.js';
import { serveGateway } from '../support/served-gateway.js';
import { allRights, newCaller, writeTokens } from '../support/access.js';
import { testBrowser } from '../support/browser.js';
import { eventsOf, namesOf, newProject, taskOf } from '../support/dashboard.js';
import { httpBench } from '../support/http-bench.js';
import { call, post } from '../support/http.js';
import { publish } from '../support/status-publishing.js';
import type { TemporaryFolder } from '../support/temporary-folder.js';
import { makeTemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const networkFailure = /Failed to load resource: net::ERR_|ERR_INCOMPLETE_CHUNKED_ENCODING/u;

describe('the dashboard, when the gateway goes away', () => {
  const browser = testBrowser();
  let gateway: ServedGateway | undefined;
  let url: string;

  before(async function () {
    this.timeout(60_000);
    gateway = await serveGateway();
    ({ url } = gateway);
  });
  // Without a Chromium there is none.
  after(() => gateway?.remove());

  it('says that it tries again, and then shows once what happened meanwhile', async () => {
    const project = await newProject(url);
    const log = (number: number): object => ({ subject: 'begun', kind: 'log', text: `message ${number}` });
    const told = async (...numbers: number[]): Promise<void> => {
      await publish(url, project, ...numbers.map((number) => log(number) as { subject: string }));
    };
    await told(1);
    browser.expectComplaints(networkFailure);
    const { page } = await browser.open(`${url}/dashboard/status?project=${project}`);
    await page.getByRole('banner').getByText('Live', { exact: true }).waitFor();
    for (const [first, second, end] of [
      [2, 3, 'kill'],
      [4, 5, 'stop'],
    ] as const) {
      await told(first);
      await gateway![end]();
      await page.getByText('Connection lost, trying again. What happens meanwhile').waitFor();
      await gateway!.restart();
      await told(second);
      await page.getByRole('banner').getByText('Live', { exact: true }).waitFor({ timeout: 30_000 });
      await until(async () => (await eventsOf(page))[0] === `message ${second}`, {
        what: 'the newest message',
      });
    }
    expect(await eventsOf(page)).to.deep.equal([5, 4, 3, 2, 1].map((number) => `message ${number}`));
    expect(await page.getByText('Connection lost').count()).to.equal(0);
  }).timeout(120_000);

  it('shows of a request what happened meanwhile', async () => {
    const id = 'away';
    const asked = await post(`${url}/requests/away`, '{}', {
      'message-id': id,
      prefer: 'respond-async',
    });
    expect(asked.status, asked.text()).to.equal(202);
    browser.expectComplaints(networkFailure);
    const { page } = await browser.open(`${url}/dashboard/requests/${id}`);
    await page.getByText('sent to the queue', { exact: true }).waitFor();
    await gateway!.stop();
    await page.getByText('Connection lost, trying again. What happens meanwhile').waitFor();
    await gateway!.restart();
    await call(`${url}/requests/${id}`, { method: 'DELETE' });
    await page.getByRole('banner').getByText('Complete').waitFor({ timeout: 30_000 });
    expect(await eventsOf(page)).to.deep.equal(['cancelled', 'sent to the queue', 'accepted']);
  }).timeout(60_000);

  it('comes up when the gateway does, without being loaded again', async () => {
    const project = await newProject(url);
    browser.expectComplaints(networkFailure);
    const { page } = await browser.open(`${url}/dashboard/status`);
    const link = page.getByRole('link', { name: project });
    await link.waitFor();
    await gateway!.stop();
    await link.click();
    await page.getByRole('banner').getByText('Connection lost, trying again').waitFor();
    await gateway!.restart();
    await taskOf(page, 'begun').waitFor({ timeout: 30_000 });
  }).timeout(60_000);
});

describe('the dashboard, where a token is needed', () => {
  const shop = newCaller();
  const narrow = newCaller();
  let folder: TemporaryFolder;
  const bench = httpBench(async () => {
    folder = await makeTemporaryFolder();
    const path = `${folder.path}/tokens.yaml`;
    await writeTokens(path, [
      { name: 'shop', token: shop.hash, ...allRights },
      { name: 'narrow', token: narrow.hash, ...allRights, projects: ['other'] },
    ]);
    return { settings: { AUTH_TOKENS_FILE: path } };
  });
  const browser = testBrowser();
  after(() => folder.remove());

  it('asks for one, tells why another is refused, and keeps it in its tab', async () => {
    const tell = (text: string) =>
      post(`${bench.url}/status/shop`, JSON.stringify({ subject: 'job', kind: 'log', text }), shop.headers);
    await tell('one');
    browser.expectComplaints(/Failed to load resource.* 40[13] /u);
    const { page } = await browser.open(`${bench.url}/dashboard/status?project=shop`);
    const field = page.getByLabel('Token');
    await page.getByText('This gateway asks who calls.').waitFor();
    await field.fill(newCaller().token);
    await field.press('Enter');
    await page.getByText('The gateway does not take this token.').waitFor();
    await field.fill(narrow.token);
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByText('Your token has no right to this.').waitFor();
    await field.fill(shop.token);
    await field.press('Enter');
    await taskOf(page, 'job').waitFor();
    await tell('two');
    await until(async () => (await eventsOf(page)).join() === 'two,one', { what: 'the stream' });
    expect(page.url()).not.to.contain(shop.token);
    await page.getByRole('button', { name: 'Forget token' }).waitFor();
    await page.reload();
    await taskOf(page, 'job').waitFor();
    expect(await page.evaluate<unknown>('[localStorage.length, document.cookie]')).to.deep.equal([0, '']);
    await page.getByRole('button', { name: 'Forget token' }).click();
    await page.getByText('This gateway asks who calls.').waitFor();
    expect(await page.evaluate<unknown>('sessionStorage.length')).to.equal(0);
  });

  it('asks for one on the page of a request', async () => {
    const asked = await bench.ask('orders', {
      ...shop.headers,
      'message-id': 'r-1',
      prefer: 'respond-async',
    });
    expect(asked.status, asked.text()).to.equal(202);
    browser.expectComplaints(/Failed to load resource.* 401 /u);
    const { page } = await browser.open(`${bench.url}/dashboard/requests/r-1`);
    await page.getByLabel('Token').fill(shop.token);
    await page.getByLabel('Token').press('Enter');
    await page.getByText('accepted', { exact: true }).waitFor();
  });
});

describe('the dashboard, when there is much', () => {
  const bench = httpBench();
  const browser = testBrowser();
  const count = 5_000;

  /** What the gateway would say of a crowd: task-0 was the first to be heard of. */
  function crowdPage(query: URLSearchParams): object {
    const before = Number(query.get('before') ?? count + 1);
    const size = Math.min(Number(query.get('limit')), before - 1);
    const subjects = Array.from({ length: size }, (_, index) => {
      const sequence = before - 1 - index;
      const subject = `task-${sequence - 1}`;
      return {
        subject,
        kind: 'progress',
        sequence,
        time: sequence,
        startedAt: 1,
        percent: 1,
        isRequest: false,
        isOver: false,
      };
    });
    return { project: 'crowd', last: count, subjects };
  }

  it('shows fifty of thousands of tasks, more on demand, and bears a flood of events', async () => {
    const { page } = await browser.open(`${bench.url}/dashboard/status`);
    const flood = Array.from({ length: count }, (_, index) => {
      const event = {
        id: `${index}`,
        project: 'crowd',
        subject: `task-${index}`,
        kind: 'progress',
        percent: 2,
        time: 1,
      };
      const sequence = count + 1 + index;
      return `id: ${sequence}\nevent: progress\ndata: ${JSON.stringify({ ...event, sequence })}\n\n`;
    });
    let streams = 0;
    await page.route(/\/status\/crowd/u, async (route) => {
      const { pathname, searchParams } = new URL(route.request().url());
      if (pathname.endsWith('/subjects')) await route.fulfill({ json: crowdPage(searchParams) });
      else if (searchParams.has('limit')) {
        await route.fulfill({ json: { project: 'crowd', events: [], first: 1, last: count, next: count } });
      } else {
        streams += 1;
        const body = streams === 1 ? flood.join('') : ':\n\n';
        await route.fulfill({ contentType: 'text/event-stream', body });
      }
    });
    await page.goto(`${bench.url}/dashboard/status?project=crowd`);
    // The whole flood was taken, in no more than the places there are.
    await until(async () => (await namesOf(page))[0] === `task-${count - 1}`, {
      what: 'the last of the flood',
    });
    await taskOf(page, `task-${count - 1}`)
      .getByText('2 %')
      .first()
      .waitFor();
    expect(await namesOf(page)).to.have.lengthOf(50);
    await page.getByRole('button', { name: 'Show more' }).click();
    await until(async () => (await namesOf(page)).length === 100, { what: 'fifty more' });
    await page.getByRole('searchbox').fill('task-42');
    await until(async () => (await namesOf(page)).length === 50, { what: 'those that match' });
    await page.getByText('of 111 tasks match').first().waitFor();
  });

  it('tells of events that are no longer kept, and shows the newest states', async () => {
    const project = await newProject(bench.url);
    const { page } = await browser.open(`${bench.url}/dashboard/status`);
    let isFirst = true;
    await page.route(/\/status\/[^/]+\?after=1$/u, async (route) => {
      if (!isFirst) {
        await route.continue();
        return;
      }
      isFirst = false;
      await publish(bench.url, project, { subject: 'begun', percent: 50 });
      const body = 'id: 4\nevent: gap\ndata: {"from":2,"to":4}\n\n';
      await route.fulfill({ contentType: 'text/event-stream', body });
    });
    await page.goto(`${bench.url}/dashboard/status?project=${project}`);
    await page.getByText('3 events are no longer kept').waitFor();
    await taskOf(page, 'begun').getByText('50 %').first().waitFor();
    await page.getByRole('button', { name: 'Hide' }).click();
    await page.getByText('3 events are no longer kept').waitFor({ state: 'detached' });
  });

  it('goes on behind the last event also when something before the gateway answers with an error', async () => {
    const project = await newProject(bench.url);
    browser.expectComplaints(/Failed to load resource.* 503 /u);
    const { page } = await browser.open(`${bench.url}/dashboard/status`);
    const positions: string[] = [];
    await page.route(/\/status\/[^/]+\?after=\d+$/u, async (route) => {
      const { searchParams } = new URL(route.request().url());
      positions.push(searchParams.get('after') ?? '');
      if (positions.length === 1) {
        await publish(
          bench.url,
          project,
          { subject: 'begun', text: 'two' },
          { subject: 'begun', text: 'three' },
        );
        const event = {
          id: 'e',
          project,
          subject: 'begun',
          kind: 'progress',
          text: 'two',
          time: 1,
          sequence: 2,
        };
        const body = `retry: 10\nid: 2\nevent: progress\ndata: ${JSON.stringify(event)}\n\n`;
        await route.fulfill({ contentType: 'text/event-stream', body });
      } else if (positions.length === 2) await route.fulfill({ status: 503 });
      else await route.continue();
    });
    await page.goto(`${bench.url}/dashboard/status?project=${project}`);
    await taskOf(page, 'begun').getByText('three').waitFor();
    expect(positions).to.deep.equal(['1', '1', '2']);
  });
});
