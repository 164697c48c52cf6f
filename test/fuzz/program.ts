// One campaign in a process of its own, so that what hangs or dies does so here; needs node --expose-gc. Tells on its
// output, one JSON text in each line, how many inputs are done, and at the end the result.
import { inspect } from 'node:util';
import type { Campaign } from './campaign.js';
import { runCampaign } from './campaign.js';

const escaped: string[] = [];
const write = process.stdout.write.bind(process.stdout);
for (const stream of [process.stdout, process.stderr]) {
  stream.write = (text: unknown) => escaped.push(`printed: ${String(text)}`) > 0;
}
process.on('unhandledRejection', (reason) => escaped.push(`unhandled rejection: ${inspect(reason)}`));
process.on('uncaughtException', (error) => escaped.push(`uncaught exception: ${inspect(error)}`));

const campaign = JSON.parse(process.argv[2] ?? '') as Campaign;
const result = await runCampaign(campaign, escaped, (done) => void write(`${JSON.stringify({ done })}\n`));
write(`${JSON.stringify({ result })}\n`, () => process.exit(0));
