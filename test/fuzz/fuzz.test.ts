import { expect } from 'chai';
import { report } from '../support/report.js';
import type { TargetName } from './campaign.js';
import { describeFinding, describeResult, fuzz } from './fuzzing.js';

const withinMs = 240_000;

const reads: Readonly<Record<TargetName, string>> = {
  server: 'the embedded broker, whatever its clients write',
  client: 'our client, whatever a broker writes',
};

for (const [target, inputs] of [
  ['server', 10_000],
  ['client', 20_000],
] as const) {
  describe(reads[target], () => {
    for (const [which, seed] of [
      ['a seed that stays', 20_261_121],
      ['a seed of the day', Math.floor(Math.random() * 2 ** 31)],
    ] as const) {
      it(`loses, leaks and throws nothing, with ${which}`, async function () {
        const campaign = { target, inputs, seed, from: 0 };
        const result = await fuzz(campaign);
        report(this, describeResult(campaign, result));
        if (result.finding !== undefined) expect.fail(describeFinding(campaign, result.finding));
        expect(result.inputs).to.equal(inputs);
      }).timeout(withinMs);
    }
  });
}
