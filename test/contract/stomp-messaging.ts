import type { StompBrokerOptions } from '#adapters/stomp/broker.js';
import { createStompBroker } from '#adapters/stomp/broker.js';
import { systemClock } from '#app/system-clock.js';
import { silentLogger } from '#core/ports/logger.js';
import type { ConnectOptions, Messaging } from './messaging/bench.js';
import { stopWithinMs } from './messaging/bench.js';

/** The STOMP adapter as the contract sees it. */
export async function connectStomp({
  url,
  receiptTimeoutMs = 10_000,
  tls,
}: ConnectOptions & { readonly tls?: StompBrokerOptions['tls'] }): Promise<Messaging> {
  const broker = createStompBroker({ url, receiptTimeoutMs, tls, clock: systemClock, logger: silentLogger });
  const failure = await broker.start();
  if (failure !== null) {
    await broker.stop(stopWithinMs);
    throw failure;
  }
  return {
    channel: broker.channel,
    source: broker.source,
    pending: () => broker.activity().sends + broker.activity().wantedSubscriptions,
    stop: () => broker.stop(stopWithinMs),
  };
}
