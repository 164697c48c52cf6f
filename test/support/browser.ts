import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { expect } from 'chai';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { skip } from './skip.js';

/** Pages of the machine's own Chromium, closed after their test. */
export interface TestBrowser {
  /** A page of a context of its own; what its console says and what its policy stops is noted. */
  open(url: string, options?: BrowserContextOptions): Promise<WatchedPage>;
}

export interface WatchedPage {
  readonly page: Page;
  /** Errors and warnings of the console, uncaught errors, and violations of the policy. */
  readonly complaints: readonly string[];
}

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const reason = `no Chromium in PATH (${names.join(', ')})`;

/**
 * To be called inside `describe`. Without a Chromium every test of the suite is skipped. After each test its pages must not
 * have complained, but for what matches `expected`, which belongs to that test alone.
 */
export function testBrowser(): TestBrowser & { expectComplaints(expected: RegExp): void } {
  let browser: Browser | undefined;
  let watched: WatchedPage[] = [];
  let expected: RegExp | undefined;

  before(async function () {
    const executablePath = await findChromium();
    if (executablePath === undefined) skip(this, reason);
    // Chromium refuses to run as root within its own sandbox.
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    browser = await chromium.launch({ executablePath, args });
  });
  after(() => browser?.close());
  afterEach(async () => {
    const complaints = watched.flatMap((each) => each.complaints);
    const unexpected = complaints.filter((text) => expected?.test(text) !== true);
    await Promise.all(watched.map(({ page }) => page.context().close()));
    watched = [];
    expected = undefined;
    expect(unexpected).to.deep.equal([]);
  });

  return {
    expectComplaints: (pattern) => (expected = pattern),
    async open(url, options = {}) {
      if (browser === undefined) throw new Error('the browser is for tests and their hooks');
      const context = await browser.newContext({ viewport: { width: 1_400, height: 900 }, ...options });
      context.setDefaultTimeout(10_000);
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) {
          complaints.push(`${message.text()} (${message.location().url})`);
        }
      });
      page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
      page.on('request', (request) => {
        if (new URL(request.url()).origin !== new URL(url).origin) {
          complaints.push(`asked elsewhere: ${request.url()}`);
        }
      });
      watched.push({ page, complaints });
      await page.goto(url);
      return { page, complaints };
    },
  };
}

async function findChromium(): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of names) {
      const path = join(folder, name);
      if (await isExecutable(path)) return path;
    }
  }
  return undefined;
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
