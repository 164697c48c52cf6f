import { expect } from 'chai';
import { silentLogger } from '#core/ports/logger.js';
import { connectBroker } from '#app/library/connect-broker.js';
import type { Broker } from '#app/library/connect-broker.js';
import { createReplier } from '#app/library/create-replier.js';
import type { Replier } from '#messaging/replier.js';
import { uniqueName } from '../support/gateway.js';
import { report } from '../support/report.js';
import { outcomeOf, startRequestLoad } from '../support/request-load.js';
import type { ServedGateway } from '../support/served-gateway.js';
import { serveGateway } from '../support/served-gateway.js';
import { until } from '../support/until.js';
import { happens } from '../support/happens.js';

const kills = 3;
/** Accepted between two kills. */
const perRound = 300;
const wantedInFlight = 200;

/**
 * kill -9 of `replyto serve` with hundreds of requests in flight, three times: every 202 ends in its reply.
 * `brokerUrl` undefined = the embedded broker, which dies with the gateway.
 */
export function describeKillGateway(brokerUrl: () => string | undefined): void {
  let gateway: ServedGateway;
  let broker: Broker;
  let replier: Replier;

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
    await (replier as Replier | undefined)?.stop(2_000);
    await (broker as Broker | undefined)?.close();
    await (gateway as ServedGateway | undefined)?.remove();
  });

  happens(
    'Surroundings',
    'the gateway is killed three times under load',
    'every request it accepted is answered after the restarts',
    async function () {
      this.timeout(300_000);
      const queue = uniqueName('work');
      const runs = new Map<string, number>();
      /** Replies that are held back so that hundreds are under way, however fast requests come: each lets an older one go. */
      const held: (() => void)[] = [];
      let mostHeld = wantedInFlight;
      const letGo = (): void => held.splice(0, Math.max(0, held.length - mostHeld)).forEach((go) => go());
      broker = await connectBroker({ url: gateway.brokerUrl, logger: silentLogger });
      replier = createReplier({
        broker,
        queue,
        concurrency: 1_000,
        handler: async (request) => {
          runs.set(request.messageId, (runs.get(request.messageId) ?? 0) + 1);
          await new Promise<void>((resolve) => {
            held.push(resolve);
            letGo();
          });
          return request.body;
        },
      });
      await replier.start();

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
        await until(() => load.accepted.length >= goal && replier.running >= wantedInFlight, {
          what: `${goal} accepted requests with ${wantedInFlight} under way`,
          withinMs: 60_000,
        });
        inFlight.push(replier.running);
        await gateway.kill();
        await gateway.restart();
      }
      await load.stop();
      mostHeld = 0;
      letGo();

      const { lost, wrong } = await outcomeOf(gateway.url, load.accepted);
      const twice = load.accepted.filter((id) => (runs.get(id) ?? 0) > 1).length;
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
