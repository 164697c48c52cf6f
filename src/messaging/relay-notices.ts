/**
 * Whoever stores something for the broker in a process that sends nothing tells those that do, on the topic `{prefix}.outbox`, so
 * that it is sent in milliseconds. What piles up while one notice is being confirmed is one more notice.
 * Guarantee: none is needed of a notice: those that send look into the store every second. Failure: found at the next look. Shutdown: at once.
 */
import type { Destination } from '#core/destination.js';
import type { Logger } from '#core/ports/logger.js';
import type { NoticeTopicOptions } from './notice-topic.js';
import { createNoticeTopic } from './notice-topic.js';
import type { OutboxRelay } from './outbox-relay.js';

export interface RelayNoticesOptions extends NoticeTopicOptions {
  readonly topic: Destination;
  /** Of this process, which is woken by notices of others. */
  readonly relay: Pick<OutboxRelay, RelayWake>;
  readonly logger: Logger;
}

/** What wakes the line that has work. */
type RelayWake = (typeof wakes)[Line];

/** The same calls as of a relay in this process, for one that is elsewhere. */
export interface RelayNotices extends Pick<OutboxRelay, RelayWake> {
  /** Resolves when notices are heard, which needs the broker. */
  start(): Promise<void>;
  stop(deadlineMs: number): Promise<void>;
}

const wakes = {
  requests: 'wakeRequests',
  deliveries: 'wakeDeliveries',
  messages: 'wakeMessages',
} as const;
type Line = keyof typeof wakes;

export function createRelayNotices(options: RelayNoticesOptions): RelayNotices {
  const { channel, topic, relay, logger } = options;
  const notices = createNoticeTopic<{ readonly lines: readonly Line[] }>(options, readNotice);
  /** Not told yet, because a notice is under way. */
  const untold = new Set<Line>();
  let isTelling = false;
  let isStopped = false;

  function tell(line: Line): void {
    if (isStopped) return;
    untold.add(line);
    if (!isTelling) void tellAll();
  }

  async function tellAll(): Promise<void> {
    isTelling = true;
    while (untold.size > 0) {
      const lines = [...untold];
      untold.clear();
      // Whoever sends has no broker either, and looks when it is back.
      if (!channel.isUp()) break;
      await notices.publish(topic, { lines }).catch((error: unknown) => {
        logger.debug({ err: error }, 'those that send could not be told of work');
      });
    }
    isTelling = false;
  }

  const listener = notices.listener(topic, ({ lines }) => {
    for (const line of lines) relay[wakes[line]]();
  });

  return {
    wakeRequests: () => tell('requests'),
    wakeDeliveries: () => tell('deliveries'),
    wakeMessages: () => tell('messages'),
    start: () => listener.start(),
    stop(deadlineMs) {
      isStopped = true;
      return listener.stop(deadlineMs);
    },
  };
}

function readNotice({
  lines,
}: Readonly<Record<string, unknown>>): { readonly lines: readonly Line[] } | undefined {
  if (!Array.isArray(lines)) return undefined;
  return {
    lines: lines.filter((line): line is Line => typeof line === 'string' && Object.hasOwn(wakes, line)),
  };
}
