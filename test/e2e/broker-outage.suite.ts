import { expect } from 'chai';
import type { Broker } from '#app/library/connect-broker.js';
import { silentLogger } from '#core/ports/logger.js';
import { connectBroker } from '#app/library/connect-broker.js';
import { createReplier } from '#app/library/create-replier.js';
import type { Replier } from '#messaging/replier.js';
import { uniqueName } from '../support/gateway.js';
import { sized } from '../support/long-run.js';
import { report } from '../support/report.js';
import { outcomeOf, startRequestLoad } from '../support/request-load.js';
import type { ServedGateway } from '../support/served-gateway.js';
import { serveGateway } from '../support/served-gateway.js';
import { skip } from '../support/skip.js';
import { until } from '../support/until.js';
import { happens } from '../support/happens.js';

/** A broker that the test may stop, on a fixed port with data that outlive it. */
export interface StoppableBroker {
  readonly url: string;
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const outageMs = sized({ short: 10_000, long: 60_000 });
/** What a process may grow by while it keeps requests for a broker, and never gives back to the system. */
const mostGrowthBytes = 96 * 1024 * 1024;

/** The broker is gone for ten seconds under load: what was accepted meanwhile is answered afterwards. */
export function describeBrokerOutage(
  start: () => Promise<StoppableBroker | { readonly unavailable: string }>,
): void {
  let broker: StoppableBroker | undefined;
  let gateway: ServedGateway | undefined;
  let service: Broker | undefined;
  let replier: Replier | undefined;

  before(async function () {
    this.timeout(90_000);
    const started = await start();
    if ('unavailable' in started) return skip(this, started.unavailable);
    broker = started;
    gateway = await serveGateway({ brokerUrl: broker.url });
    service = await connectBroker({ url: broker.url, logger: silentLogger });
  });
  after(async function () {
    this.timeout(60_000);
    await replier?.stop(2_000);
    await service?.close();
    await gateway?.remove();
    await broker?.stop();
  });

  happens(
    'Surroundings',
    'the broker is killed and away for ten seconds under load, or a minute in the long run',
    'what was accepted meanwhile is answered afterwards; no waiter and no memory are left over',
    async function () {
      this.timeout(300_000);
      const queue = uniqueName('outage');
      const { url } = gateway!;
      replier = createReplier({
        broker: service!,
        queue,
        concurrency: 200,
        handler: (request) => request.body,
      });
      await replier.start();

      const waiting = startRequestLoad({
        url,
        queue,
        callers: 20,
        pauseMs: 50,
        headers: { prefer: 'wait=1' },
      });
      const parting = startRequestLoad({
        url,
        queue,
        callers: 5,
        pauseMs: 50,
        headers: { prefer: 'respond-async' },
      });
      await until(() => waiting.accepted.length > 200, { what: 'a warm gateway', withinMs: 30_000 });
      const memoryBefore = await gateway!.metric('replyto_process_resident_memory_bytes');

      await broker!.kill();
      const before = waiting.accepted.length + parting.accepted.length;
      await new Promise((resolve) => setTimeout(resolve, outageMs));
      const meanwhile = waiting.accepted.length + parting.accepted.length - before;
      const unsent = await gateway!.metric('replyto_requests_unsent');
      await broker!.restart();
      await Promise.all([waiting.stop(), parting.stop()]);

      const accepted = [...waiting.accepted, ...parting.accepted];
      const { lost, wrong } = await outcomeOf(url, accepted);
      await until(async () => (await gateway!.metric('replyto_waits')) === 0, { what: 'no waiter left' });
      const growth = (await gateway!.metric('replyto_process_resident_memory_bytes')) - memoryBefore;
      report(
        this,
        `${accepted.length} accepted, ${meanwhile} of them in ${outageMs} ms without a broker (${unsent} unsent at its end): ` +
          `${lost} lost, ${wrong} wrong; memory ${growth >= 0 ? '+' : ''}${Math.round(growth / 1024 / 1024)} MiB`,
      );
      expect({ lost, wrong }).to.deep.equal({ lost: 0, wrong: 0 });
      expect(meanwhile, 'accepted without a broker').to.be.greaterThan(100);
      expect(unsent).to.be.greaterThan(50);
      expect(waiting.refused + parting.refused, 'refused calls').to.equal(0);
      expect(growth).to.be.lessThan(mostGrowthBytes);
    },
  );
}
