import { ownDestinations, queue } from '#core/destination.js';
import type { Message } from '#core/message.js';
import { createControlBus } from '#messaging/control-bus.js';
import { createDeadLetterChannel } from '#messaging/dead-letter-channel.js';
import type { Handler } from '#messaging/handler-run.js';
import type { Replier, ReplierOptions } from '#messaging/replier.js';
import { createReplier } from '#messaging/replier.js';
import { retryPolicy } from '#messaging/retry-policy.js';
import { settled } from '../../support/event-loop.js';
import type { FakeChannel } from '../../support/fake-channel.js';
import { createFakeChannel } from '../../support/fake-channel.js';
import type { FakeDelivery, FakeSource } from '../../support/fake-source.js';
import { createFakeSource } from '../../support/fake-source.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { newMessage } from '../../support/messages.js';
import type { RecordingLogger } from '../../support/recording.js';
import { createRecordingLogger } from '../../support/recording.js';

export const requestQueue = queue('prices');
export const replyQueue = queue('replyto.replies');
export const own = ownDestinations('replyto');

/** A replier between a fake channel and a fake source. */
export interface ReplierBench {
  readonly clock: ManualClock;
  readonly channel: FakeChannel;
  readonly source: FakeSource;
  readonly logger: RecordingLogger;
  /** A replier that is not started yet; it is stopped after the test. */
  create(handler: Handler, options?: Partial<ReplierOptions>): Replier;
  /** A replier that receives requests. */
  start(handler: Handler, options?: Partial<ReplierOptions>): Promise<Replier>;
  /** Hands it a request, and waits until nothing happens any more. */
  ask(parts?: Partial<Message>): Promise<FakeDelivery>;
  deliver(message: Message): FakeDelivery;
  /** Tells everybody that this request was cancelled. */
  cancel(requestId: string): void;
  /** What was sent to the reply queue. */
  replies(): Message[];
  deadLetters(): Message[];
  /** Requests that were sent once more. */
  retries(): Message[];
}

/** To be called inside `describe`. */
export function replierBench(): ReplierBench {
  let clock: ManualClock;
  let channel: FakeChannel;
  let source: FakeSource;
  let logger: RecordingLogger;
  let repliers: Replier[];
  let lastId: number;

  beforeEach(() => {
    clock = createManualClock(1_700_000_000_000);
    channel = createFakeChannel();
    source = createFakeSource();
    logger = createRecordingLogger();
    repliers = [];
    lastId = 0;
  });
  afterEach(async () => {
    const stopping = repliers.map((replier) => replier.stop(0));
    clock.advance(0);
    await Promise.all(stopping);
  });

  const newId = (): string => `id-${++lastId}`;
  const messagesTo = (name: string): Message[] => channel.sentTo(name).map(({ message }) => message);

  const bench: ReplierBench = {
    get clock() {
      return clock;
    },
    get channel() {
      return channel;
    },
    get source() {
      return source;
    },
    get logger() {
      return logger;
    },
    create(handler, options = {}) {
      const replier = createReplier({
        ...{ channel, source, clock, logger, newId, handler },
        queue: requestQueue,
        retry: retryPolicy(),
        deadLetters: createDeadLetterChannel({ channel, clock, newId, destination: own.deadLetters }),
        control: createControlBus({ channel, source, clock, newId, topic: own.control }),
        status: own.status,
        ...options,
      });
      repliers.push(replier);
      return replier;
    },
    async start(handler, options) {
      const replier = bench.create(handler, options);
      await replier.start();
      return replier;
    },
    async ask(parts) {
      const delivery = bench.deliver(newRequestMessage(parts));
      await settled();
      return delivery;
    },
    deliver: (message) => source.deliver(requestQueue.name, message),
    cancel(requestId) {
      const body = Buffer.from(JSON.stringify({ type: 'cancel', requestId }));
      source.deliver(own.control.name, newMessage({ body }));
    },
    replies: () => messagesTo(replyQueue.name),
    deadLetters: () => messagesTo(own.deadLetters.name),
    retries: () => messagesTo(requestQueue.name),
  };
  return bench;
}

/** A request as the broker hands it over: `correlation-id` equal to its own id reads as null. */
export function newRequestMessage(parts: Partial<Message> = {}): Message {
  return newMessage({ replyTo: replyQueue, ...parts });
}

/** The body of a message as JSON. */
export function jsonOf(message: Message | undefined): unknown {
  return JSON.parse(Buffer.from(message?.body ?? []).toString());
}
