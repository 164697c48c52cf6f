import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import type { ClassicBroker } from '../support/activemq.js';
import { startClassic } from '../support/activemq.js';
import { activemqJars } from '../support/activemq-jars.js';
import { brokerLabels, titleOn } from '../support/brokers.js';
import { happens } from '../support/happens.js';
import { report } from '../support/report.js';
import { skip } from '../support/skip.js';
import type { TroubleBench } from '../support/trouble-bench.js';
import { sized } from '../support/long-run.js';
import { startTroubleBench } from '../support/trouble-bench.js';
import { until } from '../support/until.js';

const restarts = sized({ short: 6, long: 20 });
/** From here on nothing is new to the process any more. */
const warmAfter = 3;
const mostGrowthBytes = 96 * 1024 * 1024;

describe(titleOn(brokerLabels.classic, 'a gateway whose broker is restarted again and again'), () => {
  let broker: ClassicBroker | undefined;
  let bench: TroubleBench | undefined;

  before(async function () {
    this.timeout(120_000);
    const jars = await activemqJars();
    if ('unavailable' in jars) return skip(this, jars.unavailable);
    broker = await startClassic();
    bench = await startTroubleBench({ brokerUrl: broker.url, callers: 2, held: 10 });
  });
  after(async function () {
    this.timeout(60_000);
    await bench?.remove();
    await broker?.stop();
  });

  const metric = (name: string): Promise<number> => bench!.gateway.metric(`replyto_${name}`);
  const openHandles = (): number => readdirSync(`/proc/${bench!.gateway.pid}/fd`).length;

  happens(
    'Surroundings',
    'the broker is killed and started again and again under load, twenty times in the long run',
    'replies flow again each time without a restart of the gateway, no subscription is missing, nothing is lost, and memory and open files stay as they were',
    async function () {
      this.timeout(600_000);
      await bench!.underLoad(50);
      const subscriptions = await metric('subscriptions_up');
      let warm = { memory: 0, handles: 0 };
      const times: number[] = [];
      for (let restart = 1; restart <= restarts; restart += 1) {
        await broker!.kill();
        await until(async () => (await metric('broker_up')) === 0, {
          what: `outage ${restart} to be noticed`,
        });
        const replied = await metric('requests_replied_total');
        await broker!.restart();
        const backAt = performance.now();
        await until(async () => (await metric('requests_replied_total')) >= replied + 20, {
          what: `replies after restart ${restart}`,
          withinMs: 60_000,
        });
        times.push(Math.round(performance.now() - backAt));
        await until(async () => (await metric('subscriptions_up')) === subscriptions, {
          what: `all subscriptions after restart ${restart}`,
        });
        if (restart === warmAfter) {
          warm = { memory: await metric('process_resident_memory_bytes'), handles: openHandles() };
        }
      }
      const handles = openHandles() - warm.handles;
      const growth = (await metric('process_resident_memory_bytes')) - warm.memory;
      const answered = await bench!.expectAllAnswered();
      report(
        this,
        `${restarts} restarts of the broker, ${answered} accepted, 0 lost; 20 replies at most ${Math.max(...times)} ms after it ` +
          `answered; since restart ${warmAfter} memory ${growth >= 0 ? '+' : ''}${Math.round(growth / 1024 / 1024)} MiB, ` +
          `open files ${handles >= 0 ? '+' : ''}${handles}`,
      );
      expect(growth).to.be.below(mostGrowthBytes);
      expect(handles).to.be.below(10);
    },
  );
});
