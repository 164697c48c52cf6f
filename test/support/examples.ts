/** The examples, each run by its one command. */
import { expect } from 'chai';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import type { Variables } from './cli.js';
import { productFreeEnvironment } from './cli.js';
import type { RunningProcess } from './process.js';
import { startProcess } from './process.js';
import { skip } from './skip.js';
import { within } from './until.js';

/** A gateway of somebody else must not answer in place of the example's own. */
export const ownGateway: Variables = {
  ...productFreeEnvironment(),
  REPLYTO_URL: 'http://127.0.0.1:9',
  OPENWIRE_URL: undefined,
};

/** What an example ends with when the machine lacks what it needs, which it names on stderr. */
const lackingExitCode = 69;

export const exampleNames: readonly string[] = readdirSync('examples').filter((name) =>
  existsSync(`examples/${name}/main.mjs`),
);

export async function runExample(
  name: string,
  environment: Variables = {},
): Promise<{ readonly child: RunningProcess; readonly exit: Awaited<RunningProcess['exited']> }> {
  const env = { ...ownGateway, ...environment };
  const child = startProcess('npm', ['run', '--silent', 'example', '--', name], { env });
  try {
    return { child, exit: await within(child.exited, { what: `the end of ${name}`, withinMs: 170_000 }) };
  } catch (error) {
    await child.stop();
    throw new Error(`${name} said:\n${child.output()}`, { cause: error });
  }
}

/** Runs an example, which must print what its folder says; skips the test in its words where it cannot run. */
export async function expectExample(
  context: Mocha.Context,
  name: string,
  environment: Variables = {},
): Promise<void> {
  const { child, exit } = await runExample(name, environment);
  if (exit.code === lackingExitCode) skip(context, child.stderr().trim().split('\n').at(-1) ?? '');
  expect(exit.code, child.output()).to.equal(0);
  expect(child.stdout()).to.equal(readFileSync(`examples/${name}/expected.txt`, 'utf8'));
}
