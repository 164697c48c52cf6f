/** What QueueInspection promises, on every broker; what one does not tell is named with it. */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { StompBroker } from '#adapters/stomp/broker.js';
import { createStompBroker } from '#adapters/stomp/broker.js';
import { systemClock } from '#app/system-clock.js';
import type { Destination } from '#core/destination.js';
import { queue } from '#core/destination.js';
import { silentLogger } from '#core/ports/logger.js';
import type { Delivery } from '#core/ports/message-source.js';
import type { MessagePlace, QueueInspection, QueueView } from '#core/ports/queue-inspection.js';
import { newMessage, uniqueQueue } from '../support/messages.js';
import { until } from '../support/until.js';

export interface InspectionContract {
  /** `stomp://127.0.0.1:PORT` */
  readonly url: () => string;
  /** Default: that of the STOMP adapter. */
  readonly inspection?: () => QueueInspection;
  /** Whether it tells which messages consumers hold. */
  readonly tellsInFlight: boolean;
  /** What it says of a message that waits in its queue, and of one that a consumer holds. */
  readonly waiting: MessagePlace | null;
  readonly held: MessagePlace | null;
  /** Consumers that one subscription of a test is; default 1. */
  readonly consumers?: number;
  /** Of 120 messages it counts so many, and no more. */
  readonly countsUpTo?: number;
}

/** Messages that one who receives has room for. */
export const roomFor = 10;
/** On a broker of a busy machine; the default of `why` is less. */
const withinMs = 5_000;

export function describeInspection(contract: InspectionContract): void {
  const { tellsInFlight, waiting, held, consumers = 1, countsUpTo = Infinity } = contract;
  const bench = inspectionBench(contract.url);
  const inspection = (): QueueInspection => contract.inspection?.() ?? bench.broker().inspection;
  const inspect = (destination: Destination, messageId: string): Promise<QueueView> =>
    inspection().inspect(destination.name, { messageId, withinMs });
  const all = { isAtLeast: false, unknown: null };

  it('counts what waits in a queue that nobody consumes, and finds a message in it', async () => {
    const work = uniqueQueue("o'work with a space");
    const ids = await bench.send(work, 3);
    const view = { ...all, depth: 3, consumers: 0, inFlight: tellsInFlight ? 0 : null, message: waiting };
    expect(await inspect(work, ids[1]!)).to.deep.equal(view);
    // Nobody has taken anything by looking.
    expect(await inspect(work, ids[1]!)).to.deep.equal(view);
    const deliveries = await bench.receive(work);
    await until(() => deliveries.length === 3, { what: 'all messages' });
    expect(deliveries.map(({ message, redelivered }) => [message.messageId, redelivered])).to.deep.equal(
      ids.map((id) => [id, false]),
    );
  });

  it('tells how many consume a queue, and what they hold', async () => {
    const work = uniqueQueue();
    const first = await bench.receive(work);
    const ids = await bench.send(work, 1);
    await until(() => first.length === 1, { what: 'the message' });
    await bench.receive(work);
    expect(await inspect(work, ids[0]!)).to.deep.equal({
      ...{ ...all, depth: 1, consumers: 2 * consumers, inFlight: tellsInFlight ? 1 : null, message: held },
    });
  });

  it('tells that a message is gone, which somebody has acknowledged', async () => {
    const work = uniqueQueue();
    const deliveries = await bench.receive(work);
    const ids = await bench.send(work, 1);
    await until(() => deliveries.length === 1, { what: 'the message' });
    deliveries[0]!.acknowledge();
    await until(
      async () => {
        expect(await inspect(work, ids[0]!)).to.deep.equal({
          ...{ ...all, depth: 0, consumers, inFlight: tellsInFlight ? 0 : null, message: 'gone' },
        });
        return true;
      },
      { what: 'the queue without the message', withinMs: 10_000 },
    );
  });

  it('finds a message far behind others', async () => {
    const work = uniqueQueue();
    const ids = await bench.send(work, 120);
    const view = await inspect(work, ids[119]!);
    expect(view).to.include({ depth: Math.min(120, countsUpTo), isAtLeast: countsUpTo < 120, consumers: 0 });
    expect(view.message).to.equal(waiting);
    // Where not all were seen nobody knows.
    const missing = await inspect(work, 'nobody');
    if (waiting !== null) expect(missing.message).to.equal(countsUpTo < 120 ? null : 'gone');
  });
}

interface InspectionBench {
  readonly broker: () => StompBroker;
  /** Requests with these ids, in order. */
  readonly send: (destination: Destination, count: number) => Promise<string[]>;
  /** Subscribes with room for one; what came stays unacknowledged. */
  readonly receive: (destination: Destination) => Promise<Delivery[]>;
}

/** To be called inside `describe`. */
export function inspectionBench(url: () => string): InspectionBench {
  let broker: StompBroker | undefined;
  const current = (): StompBroker => {
    if (broker === undefined) throw new Error('the bench is for tests and their hooks');
    return broker;
  };

  beforeEach(async () => {
    broker = createStompBroker({ url: url(), clock: systemClock, logger: silentLogger, keepsOrder: true });
    const failure = await broker.start();
    if (failure !== null) throw failure;
  });
  afterEach(async () => {
    await broker?.stop(2_000);
    broker = undefined;
  });

  return {
    broker: current,
    async send(destination, count) {
      const messages = Array.from({ length: count }, () =>
        newMessage({ messageId: randomUUID(), replyTo: queue('replyto.replies') }),
      );
      await Promise.all(messages.map((message) => current().orderedChannel.send(destination, message)));
      return messages.map(({ messageId }) => messageId);
    },
    async receive(destination) {
      const deliveries: Delivery[] = [];
      const onDelivery = (delivery: Delivery): void => void deliveries.push(delivery);
      await current().source.subscribe(destination, { prefetch: roomFor, onDelivery });
      return deliveries;
    },
  };
}
