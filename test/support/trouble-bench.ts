import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { uniqueName } from './gateway.js';
import type { HoldingService } from './holding-service.js';
import { startHoldingService } from './holding-service.js';
import type { HttpAnswer } from './http.js';
import { post } from './http.js';
import type { RequestLoad } from './request-load.js';
import { outcomeOf, startRequestLoad } from './request-load.js';
import type { ServedGateway } from './served-gateway.js';
import { serveGateway } from './served-gateway.js';
import { until } from './until.js';

/** A gateway as a process of its own under load, with a service that keeps replies back, on surroundings that a test spoils. */
export interface TroubleBench {
  readonly gateway: ServedGateway;
  readonly service: HoldingService;
  readonly load: RequestLoad;
  /** Where it takes its replies from. */
  readonly replies: string;
  /** One more request, which the caller does not wait for. */
  readonly ask: (id?: string) => Promise<HttpAnswer>;
  /** Waits for so many more accepted requests, and for as many at the service as it keeps back. */
  readonly underLoad: (more: number) => Promise<void>;
  /** Waits until the gateway has given back what it held of the replies, as it does after ten seconds without a store. */
  readonly givenBack: () => Promise<void>;
  /** Ends the load, lets all replies go and expects that each accepted request has its own; gives how many there were. */
  readonly expectAllAnswered: () => Promise<number>;
  readonly remove: () => Promise<void>;
}

export interface TroubleBenchOptions {
  readonly brokerUrl: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** Replies that the service keeps back; default 100. */
  readonly held?: number;
  /** Callers that post one after the other, every 20 ms at most; default 10. */
  readonly callers?: number;
}

export async function startTroubleBench(options: TroubleBenchOptions): Promise<TroubleBench> {
  const { brokerUrl, held = 100, callers = 10 } = options;
  const prefix = `trouble-${randomUUID()}`;
  const queue = uniqueName('work');
  const gateway = await serveGateway({
    brokerUrl,
    settings: { REPLYTO_PREFIX: prefix, ...options.settings },
  });
  const service = await startHoldingService(brokerUrl, queue, held);
  const headers = { prefer: 'respond-async' };
  const load = startRequestLoad({ url: gateway.url, queue, callers, pauseMs: 20, headers });
  const { pid } = gateway;
  const own: string[] = [];
  const subscriptions = (): Promise<number> => gateway.metric('replyto_subscriptions_up');
  const allSubscriptions = await subscriptions();
  return {
    ...{ gateway, service, load, replies: `${prefix}.replies` },
    async ask(id = randomUUID()) {
      const answer = await post(`${gateway.url}/requests/${queue}`, JSON.stringify({ id }), {
        'content-type': 'application/json',
        'message-id': id,
        ...headers,
      });
      if (answer.status === 202) own.push(id);
      return answer;
    },
    async underLoad(more) {
      const goal = load.accepted.length + more;
      await until(() => load.accepted.length >= goal && service.running >= held, {
        what: `${more} more accepted requests, and ${held} at the service`,
        withinMs: 60_000,
      });
    },
    async givenBack() {
      await until(async () => (await subscriptions()) < allSubscriptions, {
        what: 'the replies to be given back',
        withinMs: 60_000,
      });
    },
    async expectAllAnswered() {
      await load.stop();
      service.hold(0);
      const all = [...load.accepted, ...own];
      expect(await outcomeOf(gateway.url, all, 60)).to.deep.equal({ lost: 0, wrong: 0 });
      await until(async () => (await gateway.metric('replyto_requests_pending')) === 0, {
        what: 'no open request',
        withinMs: 60_000,
      });
      expect(gateway.pid, 'the process that was started').to.equal(pid);
      return all.length;
    },
    async remove() {
      await load.stop();
      await service.stop();
      await gateway.remove();
    },
  };
}
