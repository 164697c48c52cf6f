import { expect } from 'chai';
import { Fault } from '#core/fault.js';
import { testBrowser } from '../support/browser.js';
import { namesOf, newProject, taskOf } from '../support/dashboard.js';
import { call } from '../support/http.js';
import { httpBench } from '../support/http-bench.js';
import { uniqueName } from '../support/gateway.js';
import { publish } from '../support/status-publishing.js';
import { until } from '../support/until.js';

describe('the dashboard', () => {
  const browser = testBrowser();
  const bench = httpBench();
  const statusOf = (project: string): string => `${bench.url}/dashboard/status?project=${project}`;

  it('lists projects as they appear, and shows the tasks of the one that is chosen', async () => {
    const { page } = await browser.open(`${bench.url}/dashboard`);
    expect(page.url()).to.equal(`${bench.url}/dashboard/status`);
    await page.getByText('No project yet.').waitFor();
    await publish(bench.url, 'first', { subject: 'job-1', percent: 10, text: 'begun' });
    await page.getByRole('link', { name: /first/u }).click();
    expect(page.url()).to.equal(statusOf('first'));
    await taskOf(page, 'job-1').getByText('begun').waitFor();
    expect(await page.title()).to.contain('first');
    await page.goBack();
    await page.getByRole('heading', { name: 'Status', level: 1 }).waitFor();
  });

  it('moves the bar of a task while it works, and says how it ended', async () => {
    const project = await newProject(bench.url);
    const { page } = await browser.open(statusOf(project));
    const bar = taskOf(page, 'begun').getByRole('progressbar', { name: 'Progress of begun' });
    await bar.waitFor();
    for (const percent of [30, 62.5]) {
      await publish(bench.url, project, { subject: 'begun', percent, text: `at ${percent}` });
      await taskOf(page, 'begun').getByText(`at ${percent}`).waitFor();
      expect(await bar.getAttribute('value')).to.equal(String(percent));
    }
    await publish(bench.url, project, { subject: 'begun', kind: 'failure', text: 'no disk' });
    await taskOf(page, 'begun').getByText('Failed').waitFor();
    await taskOf(page, 'begun').getByText('took').waitFor();
    expect(await bar.getAttribute('value')).to.equal('62.5');
    await publish(
      bench.url,
      project,
      { subject: 'begun', text: 'again' },
      { subject: 'begun', kind: 'success' },
    );
    await taskOf(page, 'begun').getByText('Done').waitFor();
    expect(await bar.getAttribute('value')).to.equal('100');
  });

  it('has the newest activity first, and holds the places while somebody is in the list', async () => {
    const project = await newProject(bench.url);
    await publish(bench.url, project, { subject: 'b' }, { subject: 'c' });
    const { page } = await browser.open(statusOf(project));
    await taskOf(page, 'c').waitFor();
    expect(await namesOf(page)).to.deep.equal(['c', 'b', 'begun']);
    await publish(bench.url, project, { subject: 'b', text: 'moved' });
    await taskOf(page, 'b').getByText('moved').waitFor();
    expect(await namesOf(page)).to.deep.equal(['b', 'c', 'begun']);
    await taskOf(page, 'c').hover();
    await publish(bench.url, project, { subject: 'begun', text: 'held' }, { subject: 'd' }, { subject: 'e' });
    const newer = page.getByRole('button', { name: 'Show 2 newer' });
    await newer.waitFor();
    await taskOf(page, 'begun').getByText('held').waitFor();
    expect(await namesOf(page)).to.deep.equal(['b', 'c', 'begun']);
    await newer.click();
    await until(async () => (await namesOf(page)).join() === 'e,d,begun,b,c', { what: 'the newer ones' });
    expect(await newer.count()).to.equal(0);
    await taskOf(page, 'c').hover();
    await publish(bench.url, project, { subject: 'c', text: 'again' });
    await taskOf(page, 'c').getByText('again').waitFor();
    expect(await namesOf(page)).to.deep.equal(['e', 'd', 'begun', 'b', 'c']);
    await page.getByRole('heading', { level: 1 }).hover();
    await until(async () => (await namesOf(page)).join() === 'c,e,d,begun,b', {
      what: 'the order of activity',
    });
  });

  it('holds no places for a mouse that has clicked in the list and gone', async () => {
    const project = await newProject(bench.url);
    const { page } = await browser.open(statusOf(project));
    await taskOf(page, 'begun').locator('.badge').click();
    await page.getByRole('heading', { level: 1 }).hover();
    await publish(bench.url, project, { subject: 'later' });
    await until(async () => (await namesOf(page)).join() === 'later,begun', { what: 'the later task' });
    expect(await page.getByRole('button', { name: /newer/u }).count()).to.equal(0);
  });

  it('counts as newer what came since, of all that matches', async () => {
    const project = uniqueName('shop');
    const tasks = (name: string, count: number): { subject: string }[] =>
      Array.from({ length: count }, (_, index) => ({ subject: `${name}-${index}` }));
    await publish(bench.url, project, ...tasks('old', 52));
    const { page } = await browser.open(statusOf(project));
    await page.getByRole('radio', { name: 'Running' }).check();
    await taskOf(page, 'old-51').hover();
    // In its place comes an older one.
    await publish(bench.url, project, { subject: 'old-51', kind: 'success' });
    await taskOf(page, 'old-51').getByText('Done').waitFor();
    expect(await page.getByRole('button', { name: /newer/u }).count()).to.equal(0);
    await publish(bench.url, project, ...tasks('new', 61));
    await page.getByRole('button', { name: 'Show 61 newer' }).waitFor();
  });

  it('filters by state, by kind and by words, and keeps state and words in the address', async () => {
    const project = await newProject(bench.url);
    await publish(
      bench.url,
      project,
      { subject: 'ended', kind: 'success', text: 'all good' },
      { subject: 'anna', kind: 'user-action', text: 'pressed the button' },
      { subject: 'job', kind: 'log', text: 'a note' },
    );
    const { page } = await browser.open(statusOf(project));
    await taskOf(page, 'ended').waitFor();
    await page.getByRole('radio', { name: 'Running' }).check();
    await until(async () => (await namesOf(page)).join() === 'begun', { what: 'running tasks alone' });
    await page.getByRole('radio', { name: 'Ended' }).check();
    await until(async () => (await namesOf(page)).join() === 'ended', { what: 'ended tasks alone' });
    await page.getByRole('searchbox').fill('nothing like this');
    await page.getByRole('status').getByText('No task matches the filter.').waitFor();
    await page.reload();
    expect(await page.getByRole('searchbox').inputValue()).to.equal('nothing like this');
    expect(await page.getByRole('radio', { name: 'Ended' }).isChecked()).to.equal(true);
    await page.getByRole('radio', { name: 'All' }).check();
    await page.getByRole('searchbox').fill('ALL GOOD');
    await until(async () => (await namesOf(page)).join() === 'ended', { what: 'the task with these words' });
    await page.getByRole('searchbox').fill('');
    const events = page.getByRole('list', { name: 'Events, newest first' });
    await events.getByText('pressed the button').waitFor();
    await page.getByRole('checkbox', { name: 'User action' }).uncheck();
    await until(async () => (await events.getByRole('listitem').count()) === 1, { what: 'log alone' });
    await page.getByRole('checkbox', { name: 'Success' }).check();
    await events.getByText('all good').waitFor();
    expect(await events.getByRole('listitem').count()).to.equal(2);
  });

  it('leads from a task to its request, and shows its history until the end', async () => {
    const queue = uniqueName('work');
    const project = uniqueName('shop');
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    await bench.serve(queue, async (_request, context) => {
      await context.progress(40, 'forty');
      await finished;
      return { done: true };
    });
    await bench.ask(queue, { 'message-id': queue, project, prefer: 'respond-async' });
    const { page } = await browser.open(statusOf(project));
    await taskOf(page, queue).getByText('forty').waitFor();
    await page.locator('.task').getByRole('link', { name: queue }).click();
    expect(page.url()).to.equal(`${bench.url}/dashboard/requests/${queue}`);
    const bar = page.getByRole('progressbar');
    await bar.waitFor();
    expect(await bar.getAttribute('value')).to.equal('40');
    finish();
    await page.getByText('Complete').waitFor();
    await page.locator('.title').getByText('Replied').waitFor();
    const history = page.getByRole('list', { name: 'History, newest first' });
    expect(await history.locator('.text').allTextContents()).to.deep.equal([
      'a reply came',
      'forty',
      'sent to the queue',
      'accepted',
    ]);
    await page.getByRole('link', { name: project }).click();
    await taskOf(page, queue).getByText('Replied').waitFor();
  });

  it('shows the fault of a request, and says when there is no such request', async () => {
    const queue = uniqueName('faulty');
    await bench.serve(queue, () => {
      throw new Fault('NO_STOCK', 'nothing is left', { status: 422 });
    });
    await bench.ask(queue, { 'message-id': queue, prefer: 'wait=10' });
    const { page } = await browser.open(`${bench.url}/dashboard/requests/${queue}`);
    await page.getByRole('heading', { name: 'Fault NO_STOCK' }).waitFor();
    await page.getByText('nothing is left').waitFor();
    browser.expectComplaints(/Failed to load resource.* 404 /u);
    await page.goto(`${bench.url}/dashboard/requests/${encodeURIComponent('no/body')}`);
    await page.getByRole('alert').getByText("No request with the id 'no/body'").waitFor();
  });

  it('shows after it has followed what it shows when it is loaded again', async () => {
    const project = await newProject(bench.url);
    const { page } = await browser.open(statusOf(project));
    await taskOf(page, 'begun').waitFor();
    const queue = uniqueName('work');
    await bench.ask(queue, { 'message-id': 'open', project, prefer: 'respond-async' });
    await bench.ask(queue, { 'message-id': 'ended', project, prefer: 'respond-async' });
    await call(`${bench.url}/requests/ended`, { method: 'DELETE' });
    await publish(
      bench.url,
      project,
      { subject: 'ended', percent: 90, text: 'late progress' },
      { subject: 'again', kind: 'failure', percent: 30, text: 'failed once' },
      { subject: 'again', text: 'begun anew' },
      { subject: 'noted', kind: 'success', percent: 80 },
      { subject: 'noted', kind: 'log', text: 'a note after the end' },
      { subject: 'silent', kind: 'failure' },
      { subject: 'user', kind: 'user-action', text: 'looked' },
      { subject: 'nothing told', data: { status: 'sent' } },
    );
    const rows = async (): Promise<string[]> => {
      const texts = await page.locator('.task').allInnerTexts();
      return texts.map((text) => text.replace(/ · [^\n]*$/u, ''));
    };
    await taskOf(page, 'nothing told').waitFor();
    await page.getByRole('link', { name: 'ended', exact: true }).first().waitFor();
    const followed = await rows();
    expect(followed).to.have.lengthOf(8);
    await page.reload();
    await taskOf(page, 'nothing told').waitFor();
    expect(await rows()).to.deep.equal(followed);
  });

  it('takes no text for HTML', async () => {
    const project = await newProject(bench.url);
    const markup = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
    await publish(
      bench.url,
      project,
      { subject: markup, kind: 'log', text: markup, data: { markup } },
      { subject: 'javascript:alert(1)', text: markup },
    );
    const { page } = await browser.open(statusOf(project));
    await taskOf(page, markup).locator('.text').getByText(markup).waitFor();
    await page.getByText('Data').click();
    await page.locator('pre').waitFor();
    expect(await page.locator('main img, main script').count()).to.equal(0);
    expect(await page.evaluate(() => 'hacked' in globalThis)).to.equal(false);
  });
});
