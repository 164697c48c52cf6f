/** The pages for people without a mouse, with a small screen, at night. */
import { expect } from 'chai';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { testBrowser } from '../support/browser.js';
import { namesOf, newProject, taskOf } from '../support/dashboard.js';
import { uniqueName } from '../support/gateway.js';
import { httpBench } from '../support/http-bench.js';
import { publish } from '../support/status-publishing.js';
import { until } from '../support/until.js';

/** The least contrast of any text that is shown (WCAG 2.2, 1.4.3), with the text it is of. */
const leastContrast = `(() => {
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = numbers(color).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (element) => {
    const color = getComputedStyle(element).backgroundColor;
    return (numbers(color)[3] ?? 1) === 0 ? groundOf(element.parentElement) : color;
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim();
    if (text === '' || element.closest('noscript, progress') || !element.checkVisibility()) continue;
    const [a, b] = [light(getComputedStyle(element).color), light(groundOf(element))];
    found.push({ text, contrast: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) });
  }
  return found.sort((a, b) => a.contrast - b.contrast)[0];
})()`;

const widthBeyondScreen = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
const focused = `(() => {
  const { textContent, labels, id } = document.activeElement;
  return textContent.trim() || labels?.[0]?.textContent.trim() || id;
})()`;
const focusIsSeen = `(() => {
  const { activeElement: focus } = document;
  return [focus, focus.nextElementSibling].some(
    (each) => each && getComputedStyle(each).outlineStyle === 'solid' && parseFloat(getComputedStyle(each).outlineWidth) >= 2,
  );
})()`;

/** What moves by the rules that count at present, with their selectors. */
const movingRules = `(() => {
  const moving = (rules) => [...rules].flatMap((rule) => {
    if (rule instanceof CSSMediaRule) return matchMedia(rule.conditionText).matches ? moving(rule.cssRules) : [];
    if (rule.cssRules?.length > 0) return moving(rule.cssRules);
    const { transitionDuration = '', animationName = '', scrollBehavior = '' } = rule.style ?? {};
    const isMoving = /[1-9]/.test(transitionDuration) || !['', 'none'].includes(animationName) || scrollBehavior === 'smooth';
    return isMoving ? [rule.selectorText] : [];
  });
  return [...document.styleSheets].flatMap((sheet) => moving(sheet.cssRules));
})()`;
const phone: BrowserContextOptions = {
  viewport: { width: 360, height: 740 },
  hasTouch: true,
  isMobile: true,
  deviceScaleFactor: 2,
};

describe('the dashboard, for everybody', () => {
  const browser = testBrowser();
  const bench = httpBench();

  /** A project and a request with all there is to see, and names that break nowhere. */
  async function everything(): Promise<{ readonly project: string; readonly id: string }> {
    const project = await newProject(bench.url);
    const id = uniqueName('request');
    await bench.ask(`queue.${'x'.repeat(80)}`, { 'message-id': id, project, prefer: 'respond-async' });
    const long = 'unbroken'.repeat(30);
    await publish(
      bench.url,
      project,
      { subject: long, percent: 58.5, text: long },
      { subject: 'failed', kind: 'failure', percent: 5, text: 'no disk' },
      { subject: 'done', kind: 'success' },
      { subject: 'anna', kind: 'user-action', text: long, data: { long } },
      { subject: id, percent: 30, text: long },
      { subject: id, kind: 'log', text: long, data: { long } },
    );
    return { project, id };
  }

  async function eachView(
    options: BrowserContextOptions,
    look: (page: Page) => Promise<void>,
  ): Promise<void> {
    const { project, id } = await everything();
    const { page } = await browser.open(`${bench.url}/dashboard/status`, options);
    await page.getByRole('link', { name: project }).waitFor();
    await look(page);
    await page.getByRole('link', { name: project }).click();
    await taskOf(page, 'failed').waitFor();
    await look(page);
    const messages = page.getByRole('button', { name: 'Messages' });
    if (await messages.isVisible()) await messages.click();
    await page.getByText('Data').first().click();
    await page.locator('.event').filter({ hasText: 'anna' }).waitFor();
    await look(page);
    await page.goto(`${bench.url}/dashboard/requests/${id}`);
    await page.getByText('Data').first().click();
    await look(page);
  }

  it('fit a phone: nothing has to be moved sideways', async () => {
    await eachView(phone, async (page) => {
      expect(await page.evaluate<number>(widthBeyondScreen), page.url()).to.equal(0);
    });
  });

  it('keep the focus on a phone, where the link that had it is not shown any more', async () => {
    const project = await newProject(bench.url);
    const { page } = await browser.open(`${bench.url}/dashboard/status`, phone);
    await page.getByRole('link', { name: project }).focus();
    await page.keyboard.press('Enter');
    await taskOf(page, 'begun').waitFor();
    await until(async () => (await page.evaluate('document.activeElement.localName')) === 'h1', {
      what: 'the focus on the title',
    });
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`have enough contrast in every text, ${colorScheme}`, async () => {
      const grounds = new Set<string>();
      await eachView({ colorScheme }, async (page) => {
        const least = await page.evaluate<{ contrast: number; text: string }>(leastContrast);
        expect(least.contrast, least.text).to.be.at.least(4.5);
        grounds.add(
          await page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor'),
        );
      });
      expect(grounds.size).to.equal(1);
      const [red = 0] = /\d+/u.exec([...grounds][0]!)?.map(Number) ?? [];
      expect(red < 128).to.equal(colorScheme === 'dark');
    });
  }

  for (const reducedMotion of ['no-preference', 'reduce'] as const) {
    it(`move ${reducedMotion === 'reduce' ? 'nothing where that is asked for' : 'the bars of tasks'}`, async () => {
      const project = await newProject(bench.url);
      const { page } = await browser.open(`${bench.url}/dashboard/status?project=${project}`, {
        reducedMotion,
      });
      await taskOf(page, 'begun').waitFor();
      const moves = reducedMotion === 'no-preference';
      const rules = await page.evaluate<string[]>(movingRules);
      expect(rules.some((selector) => selector.includes('progress'))).to.equal(moves);
      if (!moves) expect(rules).to.deep.equal([]);
    });
  }

  it('are used by keyboard alone, and show where one is', async () => {
    const { project, id } = await everything();
    const { page } = await browser.open(`${bench.url}/dashboard/status`);
    await page.getByRole('link', { name: project }).waitFor();
    const press = async (key: string): Promise<string> => {
      await page.keyboard.press(key);
      expect(await page.evaluate<boolean>(focusIsSeen), `focus after ${key}`).to.equal(true);
      return page.evaluate<string>(focused);
    };
    const tabTo = async (name: RegExp): Promise<void> => {
      const passed: string[] = [];
      while (!name.test(passed.at(-1) ?? '')) {
        expect(passed, `no way to ${name.source}`).to.have.lengthOf.below(40);
        passed.push(await press('Tab'));
      }
    };
    expect(await press('Tab')).to.equal('To the content');
    await tabTo(new RegExp(`^${project}`, 'u'));
    await page.keyboard.press('Enter');
    await taskOf(page, 'failed').waitFor();
    await tabTo(/^All$/u);
    await press('ArrowRight');
    expect(await page.getByRole('radio', { name: 'Running' }).isChecked()).to.equal(true);
    await until(async () => !(await namesOf(page)).includes('failed'), { what: 'running tasks alone' });
    await press('Tab');
    await page.keyboard.type(id);
    await until(async () => (await namesOf(page)).join() === id, { what: 'the task with this name' });
    await tabTo(new RegExp(`^${id}$`, 'u'));
    // What comes in meanwhile takes neither the focus nor the place.
    await publish(bench.url, project, { subject: `${id}-later` }, { subject: id, text: 'still here' });
    await taskOf(page, id).getByText('still here').waitFor();
    await page.getByRole('button', { name: 'Show 1 newer' }).waitFor();
    expect(await namesOf(page)).to.deep.equal([id]);
    expect(await page.evaluate<string>(focused)).to.equal(id);
    await press('Shift+Tab');
    expect(await page.evaluate<string>(focused)).to.equal('Show 1 newer');
    await page.keyboard.press('Enter');
    await until(async () => (await namesOf(page)).join() === `${id},${id}-later`, { what: 'the later task' });
    await tabTo(/^Progress$/u);
    const boxes = page.getByRole('checkbox', { name: 'Progress' });
    await press('Space');
    expect(await boxes.isChecked()).to.equal(true);
    await page.locator('.event').getByText('still here').waitFor();
    while ((await page.evaluate<string>(focused)) !== id) await press('Shift+Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${bench.url}/dashboard/requests/${id}`);
    await page.getByRole('list', { name: 'History, newest first' }).getByText('accepted').waitFor();
    await tabTo(/^Data$/u);
    await page.keyboard.press('Enter');
    await page.locator('details[open] pre').waitFor();
  });

  it('name their parts for those who hear them', async () => {
    const { project, id } = await everything();
    const { page } = await browser.open(`${bench.url}/dashboard/status?project=${project}`);
    await taskOf(page, 'failed').waitFor();
    for (const [role, name] of [
      ['banner', undefined],
      ['main', undefined],
      ['navigation', 'Pages'],
      ['navigation', 'Projects'],
      ['search', undefined],
      ['group', 'State of tasks'],
      ['searchbox', 'Search tasks and events'],
      ['region', 'Tasks'],
      ['list', 'Tasks, newest activity first'],
      ['progressbar', `Progress of ${id}`],
      ['region', 'Messages and actions'],
      ['group', 'Kinds of events'],
    ] as const) {
      const found = page.getByRole(role, name === undefined ? {} : { name, exact: true });
      expect(await found.count(), `${role} ${name ?? ''}`).to.equal(1);
    }
    const chosen = page.getByRole('navigation', { name: 'Projects' }).locator('[aria-current=page]');
    expect(await chosen.textContent()).to.contain(project);
    expect(await page.getByRole('heading', { level: 1 }).count()).to.equal(1);
  });
});
