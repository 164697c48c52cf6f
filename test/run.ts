/**
 * The test run: finds the real brokers, runs mocha on them in a process group of its own, says at the end
 * what took part and what was skipped, and stops what it started, also when a signal or the deadline ends
 * it. Arguments go to mocha: `npm test -- test/unit/x.test.ts`, `npm test -- -g 'late reply'`.
 *
 * It fails when a test failed, when none ran, when mocha or one of its workers died, when a test left a
 * process behind, and with CI=true when ActiveMQ, Classic or Artemis, could have been tested and was not.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { provisionClassic } from './support/activemq.js';
import { startArtemis } from './support/artemis.js';
import type { OwnedBroker, OwnedBrokers, RealBroker, UnavailableBroker } from './support/brokers.js';
import { brokerLabels, givenBrokerUrl, realBrokers, toEnvironment } from './support/brokers.js';
import { hasJava } from './support/maven-cache.js';
import { startProcessGroup } from './support/process-group.js';
import { startRabbitmq } from './support/rabbitmq.js';
import type { RunOutcome } from './support/run-summary.js';
import { casesOn, countsOf, summaryOf } from './support/run-summary.js';
import { makeTemporaryFolder } from './support/temporary-folder.js';
import { readResults, resultsFolderVariable } from './support/test-results.js';
import { until } from './support/until.js';

const deadlineMs = 28 * 60_000;
const allTests = 'test/**/*.test.ts';
const mocha = fileURLToPath(new URL('bin/mocha.js', import.meta.resolve('mocha/package.json')));
const mochaParameters = ['--parallel', '--jobs', '3', '--reporter', 'test/support/mocha-reporter.ts'];

const given = process.argv.slice(2);
const takesValue =
  /^(-[CRfgjrstu]|--(f?grep|config|extension|file|ignore|jobs|reporter|require|slow|sort|timeout|ui))$/u;
/** Files and folders that were asked for; none means all. */
const specs = given.filter(
  (text, index) => !text.startsWith('-') && !takesValue.test(given[index - 1] ?? ''),
);
const isUnit = (spec: string): boolean => /^(\.\/)?test\/unit(\/|$)/u.test(spec);
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
  const starting = Promise.all(realBrokers.map(async (kind) => [kind, await provision(kind)] as const));
  const provisioned = await Promise.race([starting, interrupted]);
  if (typeof provisioned === 'string') {
    console.log(`stopped by ${provisioned}`);
    return 130;
  }
  const brokers = Object.fromEntries(provisioned) as OwnedBrokers;
  const folder = await makeTemporaryFolder();
  try {
    const problems = await runMocha(folder.path, brokers);
    const results = readResults(folder.path);
    if (results === null) problems.push('mocha ended without a result');
    const outcome = toOutcome({ results: results ?? [], problems }, brokers);
    if ('unavailable' in brokers.classic && givenBrokerUrl() !== undefined) {
      problems.push(brokers.classic.unavailable);
    }
    if (await activemqWasForgotten(outcome)) {
      problems.push('CI=true and java is there, but an ActiveMQ was not tested');
    }
    const { passed, failed } = countsOf(outcome);
    if (passed + failed === 0) problems.push('no test ran');
    console.log(summaryOf(outcome));
    return countsOf(outcome).failed > 0 ? 1 : 0;
  } finally {
    await folder.remove();
    const owned = Object.values(brokers).filter((broker) => 'stop' in broker);
    await Promise.all(owned.map((broker) => broker.stop()));
  }
}

/** Starts a broker where the tests asked for may need it. Suites on a broker are in files that end with its name. */
async function provision(kind: RealBroker): Promise<OwnedBroker | UnavailableBroker> {
  const needs = (spec: string): boolean => !isUnit(spec) && (!spec.endsWith('.ts') || spec.includes(kind));
  if (specs.length > 0 && !specs.some(needs)) return { unavailable: 'not needed by the tests asked for' };
  if (kind === 'classic') return provisionClassic();
  try {
    return await (kind === 'artemis' ? startArtemis() : startRabbitmq());
  } catch (error) {
    return { unavailable: error instanceof Error ? error.message : String(error) };
  }
}

/** Runs mocha to its end; the problems it met, in words. Nothing of its process group is left then. */
async function runMocha(resultsFolder: string, brokers: OwnedBrokers): Promise<string[]> {
  const parameters = [...mochaParameters, ...given, ...(specs.length > 0 ? [] : [allTests])];
  const group = startProcessGroup(process.execPath, [mocha, ...parameters], {
    ...process.env,
    ...toEnvironment(brokers),
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

function toOutcome(counted: Pick<RunOutcome, 'results' | 'problems'>, brokers: OwnedBrokers): RunOutcome {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const how = 'part of this repository';
  const embedded = { url: '', webSocketUrl: null, openWireUrl: null, version, how };
  return {
    ...counted,
    brokers: [
      { label: brokerLabels.embedded, state: embedded },
      ...realBrokers.map((kind) => ({ label: brokerLabels[kind], state: brokers[kind] })),
    ],
  };
}

/** Both come from Maven alone, so Java is all that they need. */
async function activemqWasForgotten({ results }: RunOutcome): Promise<boolean> {
  if (process.env['CI'] !== 'true' || !whole || !(await hasJava())) return false;
  return (['classic', 'artemis'] as const).some((kind) =>
    casesOn(brokerLabels[kind], results).every(({ outcome }) => outcome === 'skipped'),
  );
}
