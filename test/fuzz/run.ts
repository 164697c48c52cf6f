/**
 * `npm run fuzz -- --inputs 1000000 --seed 7 --target server --from 0`: feeds changed recordings of real traffic to the
 * broker's reading path (server) and to that of our client (client); without --target to both, 100,000 inputs each,
 * by a random seed. Prints figures; exit code 1 with the smallest input that shows it when something is wrong.
 */
import { parseArgs } from 'node:util';
import type { TargetName } from './campaign.js';
import { targetNames } from './campaign.js';
import { describeFinding, describeResult, fuzz } from './fuzzing.js';

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    from: { type: 'string', default: '0' },
    target: { type: 'string' },
  },
});

function toNumber(name: 'inputs' | 'seed' | 'from'): number {
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`--${name} is '${values[name]}'; allowed is a whole number from 0`);
  process.exit(2);
}

function toTargets(): readonly TargetName[] {
  const { target } = values;
  if (target === undefined) return targetNames;
  const found = targetNames.filter((name) => name === target);
  if (found.length > 0) return found;
  console.error(`--target is '${target}'; allowed are ${targetNames.join(', ')}`);
  process.exit(2);
}

let findings = 0;
for (const target of toTargets()) {
  const campaign = { target, inputs: toNumber('inputs'), seed: toNumber('seed'), from: toNumber('from') };
  let told = 0;
  const result = await fuzz(campaign, (done) => {
    if (done - told < 50_000) return;
    told = done;
    console.log(`${target}: ${done} of ${campaign.inputs}`);
  });
  console.log(describeResult(campaign, result));
  if (result.finding === undefined) continue;
  findings += 1;
  console.log(describeFinding(campaign, result.finding));
}
process.exit(findings > 0 ? 1 : 0);
