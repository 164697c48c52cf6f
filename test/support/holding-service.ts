import { silentLogger } from '#core/ports/logger.js';
import { connectBroker } from '#app/library/connect-broker.js';
import { createReplier } from '#app/library/create-replier.js';

/** A service that echoes, and keeps its last replies back, so that as many requests are under way however fast they come. */
export interface HoldingService {
  /** Requests that it has and has not answered. */
  readonly running: number;
  /** How often each was handed to it, by the id of its message. */
  readonly runs: ReadonlyMap<string, number>;
  /** Keeps so many back from now on: each further one lets the oldest go. */
  hold(most: number): void;
  stop(): Promise<void>;
}

export async function startHoldingService(
  brokerUrl: string,
  queue: string,
  most: number,
): Promise<HoldingService> {
  const runs = new Map<string, number>();
  const held: (() => void)[] = [];
  let mostHeld = most;
  const letGo = (): void => held.splice(0, Math.max(0, held.length - mostHeld)).forEach((go) => go());
  const broker = await connectBroker({ url: brokerUrl, logger: silentLogger });
  const replier = createReplier({
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
  return {
    get running() {
      return replier.running;
    },
    runs,
    hold(count) {
      mostHeld = count;
      letGo();
    },
    async stop() {
      mostHeld = 0;
      letGo();
      await replier.stop(2_000);
      await broker.close();
    },
  };
}
