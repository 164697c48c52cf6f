import { expect } from 'chai';
import { uniqueName } from '../support/gateway.js';
import type { HoldingService } from '../support/holding-service.js';
import { startHoldingService } from '../support/holding-service.js';
import { sized } from '../support/long-run.js';
import { report } from '../support/report.js';
import { outcomeOf, startRequestLoad } from '../support/request-load.js';
import type { ServedGateway } from '../support/served-gateway.js';
import { serveGateway } from '../support/served-gateway.js';
import { until } from '../support/until.js';
import { happens } from '../support/happens.js';

const kills = 3;
/** Accepted between two kills; 10,000 in all in the long run. */
const perRound = sized({ short: 300, long: 3_400 });
const wantedInFlight = 200;

/**
 * kill -9 of `replyto serve` with hundreds of requests in flight, three times: every 202 ends in its reply.
 * `brokerUrl` undefined = the embedded broker, which dies with the gateway.
 */
export function describeKillGateway(brokerUrl: () => string | undefined): void {
  let gateway: ServedGateway;
  let service: HoldingService;

  before(async function () {
    this.timeout(60_000);
    const url = brokerUrl();
    gateway = await serveGateway({
      ...(url === undefined ? {} : { brokerUrl: url }),
      settings: { REPLYTO_PREFIX: `kill-${Date.now()}` },
    });
  });
  after(async function () {
    this.timeout(60_000);
    // Not there when the suite was skipped.
    await (service as HoldingService | undefined)?.stop();
    await (gateway as ServedGateway | undefined)?.remove();
  });

  happens(
    'Surroundings',
    'the gateway is killed three times under load',
    'every request it accepted is answered after the restarts',
    async function () {
      this.timeout(sized({ short: 300_000, long: 900_000 }));
      const queue = uniqueName('work');
      service = await startHoldingService(gateway.brokerUrl, queue, wantedInFlight);

      const load = startRequestLoad({
        url: gateway.url,
        queue,
        callers: 20,
        pauseMs: 20,
        headers: { prefer: 'respond-async' },
      });
      const inFlight: number[] = [];
      for (let round = 1; round <= kills; round += 1) {
        const goal = load.accepted.length + perRound;
        await until(() => load.accepted.length >= goal && service.running >= wantedInFlight, {
          what: `${goal} accepted requests with ${wantedInFlight} under way`,
          withinMs: 120_000,
        });
        inFlight.push(service.running);
        await gateway.kill();
        await gateway.restart();
      }
      await load.stop();
      service.hold(0);

      const { lost, wrong } = await outcomeOf(gateway.url, load.accepted);
      const twice = load.accepted.filter((id) => (service.runs.get(id) ?? 0) > 1).length;
      report(
        this,
        `${load.accepted.length} accepted, ${kills} kills with ${inFlight.join('/')} in flight: ` +
          `${lost} lost, ${wrong} wrong, ${twice} run twice by the service`,
      );
      expect({ lost, wrong }).to.deep.equal({ lost: 0, wrong: 0 });
      expect(load.accepted.length).to.be.at.least(kills * perRound);
      expect(load.refused, 'calls while nobody listened').to.be.greaterThan(0);
      await until(async () => (await gateway.metric('replyto_requests_pending')) === 0, {
        what: 'no open request',
      });
    },
  );
}
