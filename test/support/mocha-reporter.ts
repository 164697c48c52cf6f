import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import Mocha from 'mocha';
import { splitFigures } from './report.js';
import { splitSkipReason } from './skip.js';
import type { TestResult } from './test-results.js';
import { resultsFile, resultsFolderVariable } from './test-results.js';

const { EVENT_TEST_FAIL, EVENT_TEST_PASS, EVENT_TEST_PENDING } = Mocha.Runner.constants;

/**
 * mocha's spec output without its closing counts, which the run prints itself over all that it checks.
 * What each test came to goes to a file for the run. (A default export, since that is how mocha finds it.)
 */
export default class RunReporter extends Mocha.reporters.Spec {
  readonly #results: TestResult[] = [];

  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    runner.on(EVENT_TEST_PASS, (test) => this.#add(test, 'passed'));
    runner.on(EVENT_TEST_FAIL, (test, error: { stack?: string; message?: string }) =>
      this.#add(test, 'failed', textOf(error)),
    );
    runner.on(EVENT_TEST_PENDING, (test) => this.#add(test, 'skipped'));
  }

  #add(test: Mocha.Runnable, outcome: TestResult['outcome'], failure: string | null = null): void {
    const { title: told, reason } = splitSkipReason(test.fullTitle());
    const { title, figures } = splitFigures(told);
    this.#results.push({
      file: test.file === undefined ? '' : relative(process.cwd(), test.file),
      fullTitle: title,
      outcome,
      skipReason: reason,
      failure,
      figures,
    });
  }

  /** Called at the end of the run. A process that ends before has no result, which the run reports. */
  override epilogue(): void {
    // mocha reports the files that could not be loaded after the end, one by one.
    process.once('exit', () => {
      if (this.failures.length > 0) Mocha.reporters.Base.list(this.failures);
      const folder = process.env[resultsFolderVariable];
      if (folder !== undefined) writeFileSync(resultsFile(folder), JSON.stringify(this.#results));
    });
  }
}

/** Errors of a worker come as plain objects. */
function textOf(error: { stack?: string; message?: string }): string {
  return error.stack ?? error.message ?? JSON.stringify(error);
}
