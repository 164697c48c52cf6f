/**
 * The test run: finds the real brokers, runs mocha on them in a process group of its own, says at the end
 * what took part and what was skipped, and stops what it started, also when a signal or the deadline ends
 * it. Arguments go to mocha: `npm test -- test/unit/x.test.ts`, `npm test -- -g 'late reply'`.
 *
 * It fails when a test failed, when none ran, when mocha or one of its workers died, when a test left a
 * process behind, and with CI=true when ActiveMQ could have been tested and was not.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { OwnedBroker } from './support/activemq.js';
import { provisionClassic } from './support/activemq.js';
import { hasJava } from './support/activemq-jars.js';
import type { UnavailableBroker } from './support/brokers.js';
import { brokerLabels, givenBrokerUrl, toEnvironment } from './support/brokers.js';
import { startProcessGroup } from './support/process-group.js';
import type { RunOutcome } from './support/run-summary.js';
import { casesOn, countsOf, summaryOf } from './support/run-summary.js';
import { makeTemporaryFolder } from './support/temporary-folder.js';
import { readResults, resultsFolderVariable } from './support/test-results.js';
import { until } from './support/until.js';

const deadlineMs = 20 * 60_000;
const allTests = 'test/**/*.test.ts';
const mocha = fileURLToPath(new URL('bin/mocha.js', import.meta.resolve('mocha/package.json')));
const mochaParameters = ['--parallel', '--jobs', '2', '--reporter', 'test/support/mocha-reporter.ts'];

const given = process.argv.slice(2);
const takesValue =
  /^(-[CRfgjrstu]|--(f?grep|config|extension|file|ignore|jobs|reporter|require|slow|sort|timeout|ui))$/u;
/** Files and folders that were asked for; none means all. */
const specs = given.filter(
  (text, index) => !text.startsWith('-') && !takesValue.test(given[index - 1] ?? ''),
);
const unitTestsOnly = specs.length > 0 && specs.every((spec) => /^(\.\/)?test\/unit(\/|$)/u.test(spec));
const whole = specs.length === 0 && !given.some((text) => /^(-[fg]|--f?grep)(=|$)/u.test(text));

const interrupted = new Promise<NodeJS.Signals>((resolve) => {
  let asked = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // The handlers of 'exit' end every child and remove every folder.
      if (asked) process.exit(130);
      asked = true;
      resolve(signal);
    });
  }
});

const exitCode = await run();
// Docker's client may keep sockets open; nothing of the run is left to wait for.
process.exit(exitCode);

async function run(): Promise<number> {
  const provisioned = unitTestsOnly
    ? { unavailable: 'not needed by the tests asked for' }
    : await Promise.race([provisionClassic(), interrupted]);
  if (typeof provisioned === 'string') {
    console.log(`stopped by ${provisioned}`);
    return 130;
  }
  const folder = await makeTemporaryFolder();
  try {
    const problems = await runMocha(folder.path, provisioned);
    const results = readResults(folder.path);
    if (results === null) problems.push('mocha ended without a result');
    const outcome = toOutcome({ results: results ?? [], problems }, provisioned);
    if ('unavailable' in provisioned && givenBrokerUrl() !== undefined)
      problems.push(provisioned.unavailable);
    if (await classicWasForgotten(outcome)) {
      problems.push('CI=true and java is there, but ActiveMQ Classic was not tested');
    }
    const { passed, failed } = countsOf(outcome);
    if (passed + failed === 0) problems.push('no test ran');
    console.log(summaryOf(outcome));
    return countsOf(outcome).failed > 0 ? 1 : 0;
  } finally {
    await folder.remove();
    if (!('unavailable' in provisioned)) await provisioned.stop();
  }
}

/** Runs mocha to its end; the problems it met, in words. Nothing of its process group is left then. */
async function runMocha(resultsFolder: string, classic: OwnedBroker | UnavailableBroker): Promise<string[]> {
  const parameters = [...mochaParameters, ...given, ...(specs.length > 0 ? [] : [allTests])];
  const group = startProcessGroup(process.execPath, [mocha, ...parameters], {
    ...process.env,
    ...toEnvironment(classic),
    [resultsFolderVariable]: resultsFolder,
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`did not end within ${deadlineMs / 60_000} minutes`), deadlineMs);
  });
  const signalled = interrupted.then((signal) => `was stopped by ${signal}`);
  const stopped = await Promise.race([group.ended.then(() => null), late, signalled]);
  clearTimeout(timer);
  if (stopped !== null) {
    group.kill();
    return [`mocha ${stopped}`];
  }

  const problems: string[] = [];
  const failure = await group.ended;
  const testsFailed = readResults(resultsFolder)?.some(({ outcome }) => outcome === 'failed') === true;
  if (failure !== null && !testsFailed) problems.push(`mocha ${failure}`);
  try {
    // Workers need a moment to write their coverage.
    await until(() => group.members().length === 0, { what: 'the end of what mocha started' });
  } catch {
    problems.push(`tests left processes running, which were killed: ${group.members().join('; ')}`);
    group.kill();
  }
  return problems;
}

function toOutcome(
  counted: Pick<RunOutcome, 'results' | 'problems'>,
  classic: OwnedBroker | UnavailableBroker,
): RunOutcome {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const embedded = { url: '', openWireUrl: null, version, how: 'part of this repository' };
  return {
    ...counted,
    brokers: [
      { label: brokerLabels.embedded, state: embedded },
      { label: brokerLabels.classic, state: classic },
    ],
  };
}

async function classicWasForgotten({ results }: RunOutcome): Promise<boolean> {
  if (process.env['CI'] !== 'true' || !whole || !(await hasJava())) return false;
  return casesOn(brokerLabels.classic, results).every(({ outcome }) => outcome === 'skipped');
}
