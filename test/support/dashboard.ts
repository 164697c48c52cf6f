import type { Locator, Page } from 'playwright-core';
import { uniqueName } from './gateway.js';
import { publish } from './status-publishing.js';

/** A project with the one task `begun`. */
export async function newProject(url: string): Promise<string> {
  const project = uniqueName('shop');
  await publish(url, project, { subject: 'begun', percent: 1 });
  return project;
}

/** The row of a task. */
export function taskOf(page: Page, subject: string): Locator {
  return page.locator('.task').filter({ has: page.getByRole('heading', { name: subject, exact: true }) });
}

/** The tasks that are shown, in their order. */
export function namesOf(page: Page): Promise<string[]> {
  return page.locator('.task h3').allTextContents();
}

/** The texts of the events of a project or of a request, newest first. */
export function eventsOf(page: Page): Promise<string[]> {
  return page.locator('.event .text').allTextContents();
}
