import { expect } from 'chai';
import type { IReporterOutput, ICruiseResult } from 'dependency-cruiser';
import { cruise } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';

describe('the architecture', () => {
  it('lets folders import each other only as .dependency-cruiser.mjs allows', async () => {
    const options = await extractDepcruiseOptions('./.dependency-cruiser.mjs');
    const { output }: IReporterOutput = await cruise(['src', 'bench'], options, undefined, {
      tsConfig: extractTSConfig('tsconfig.json'),
    });
    const { summary } = output as ICruiseResult;
    expect(summary.totalCruised, 'files seen').to.be.greaterThan(10);
    const violations = summary.violations
      .filter(({ rule }) => rule.severity === 'error')
      .map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`);
    expect(violations).to.deep.equal([]);
  }).timeout(60_000);
});
