import { expect } from 'chai';
import type { FaultyNetwork } from '#testing/network/faulty-network.js';
import { startFaultyNetwork } from '#testing/network/faulty-network.js';
import { describeOn } from '../support/brokers.js';
import { uniqueName } from '../support/gateway.js';
import type { GatewayGroup } from '../support/gateway-group.js';
import { serveGatewayGroup } from '../support/gateway-group.js';
import { happens } from '../support/happens.js';
import type { HoldingService } from '../support/holding-service.js';
import { startHoldingService } from '../support/holding-service.js';
import { report } from '../support/report.js';
import type { RequestLoad } from '../support/request-load.js';
import { outcomeOf, startRequestLoad } from '../support/request-load.js';
import type { ServedGateway } from '../support/served-gateway.js';
import { skip } from '../support/skip.js';
import { until } from '../support/until.js';

describeOn('classic', 'gateways that come and go', (classic) => {
  let network: FaultyNetwork | undefined;
  let group: GatewayGroup | undefined;
  let service: HoldingService | undefined;
  let load: RequestLoad | undefined;
  /** Queues that any gateway has read from or written to. */
  const used = new Set<string>();

  before(async function () {
    this.timeout(120_000);
    network = await startFaultyNetwork({ broker: classic().url });
    network.watch({
      direction: 'to-broker',
      where: ({ queue: name }) => {
        if (name !== null) used.add(name);
        return false;
      },
    });
    const served = await serveGatewayGroup(1, network.url);
    if ('unavailable' in served) return skip(this, served.unavailable);
    group = served;
  });
  after(async function () {
    this.timeout(60_000);
    await load?.stop();
    await service?.stop();
    await group?.remove();
    await network?.stop();
  });

  const repliesAt = (gateway: ServedGateway): Promise<number> =>
    gateway.metric('replyto_requests_replied_total');

  happens(
    'Surroundings',
    'one gateway becomes five and then two while callers wait at the first one',
    'each of the five takes replies of its requests, nobody waits in vain, each request goes to the service once, and no queue is used that one gateway alone does not use',
    async function () {
      this.timeout(240_000);
      const queue = uniqueName('scaled');
      const { gateways } = group!;
      const first = gateways[0]!;
      service = await startHoldingService(classic().url, queue, 5);
      const headers = { prefer: 'wait=30' };
      const running = startRequestLoad({ url: first.url, queue, callers: 10, pauseMs: 80, headers });
      load = running;
      const more = (count: number): Promise<unknown> => {
        const goal = running.accepted.length + count;
        return until(() => running.accepted.length >= goal, { what: `${goal} answers`, withinMs: 60_000 });
      };
      await more(100);
      const queues = [...used].sort();
      expect(queues).to.include.members([queue, `${group!.prefix}.replies`]);
      await Promise.all(Array.from({ length: 4 }, () => group!.add()));
      await more(300);
      await until(async () => (await Promise.all(gateways.map(repliesAt))).every((count) => count > 10), {
        what: 'replies at each of them',
        withinMs: 60_000,
      });
      const shares = await Promise.all(gateways.map(repliesAt));
      await Promise.all(gateways.slice(2).map((gateway) => gateway.stop()));
      await more(100);
      // The last ones are held back, and their callers wait.
      service.hold(0);
      await running.stop();

      const { accepted, refused } = running;
      const outcome = await outcomeOf(gateways[1]!.url, accepted);
      const runs = [...service.runs.values()];
      report(
        this,
        `1, 5 and 2 gateways: ${accepted.length} accepted, ${outcome.lost} lost; replies taken by each of five ${shares.join(', ')}; ` +
          `${used.size} queues used throughout`,
      );
      expect({ ...outcome, refused }).to.deep.equal({ lost: 0, wrong: 0, refused: 0 });
      expect([runs.length, Math.max(...runs)]).to.deep.equal([accepted.length, 1]);
      expect([...used].sort()).to.deep.equal(queues);
    },
  );
});
