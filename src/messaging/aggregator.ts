/**
 * Aggregator (https://www.enterpriseintegrationpatterns.com/Aggregator.html): ends requests to several queues. What has
 * been gathered is read from the store each time, nothing is kept here, so any process may do any step.
 * Guarantee: exactly one end, because the step that ends a parent is taken only while it is open. Failure: whoever ends a
 * child leaves news in the same transaction; what the process that did it does not come to, also because it died, is found
 * by others, as are deadlines. Shutdown: steps under way are finished.
 */
import type { Clock } from '#core/ports/clock.js';
import type { GatheredChild, Gathering, GatheringEnd, Gatherings } from '#core/ports/gatherings.js';
import type { Logger } from '#core/ports/logger.js';
import type { Meter } from '#core/ports/meter.js';
import type { RequestStore } from '#core/ports/request-store.js';
import type { RequestRecord } from '#core/request.js';
import { isFinal } from '#core/request.js';
import type { StatusEvent } from '#core/status-event.js';
import { aggregate } from './aggregate.js';
import type { EndCause } from './completeness-condition.js';
import { hasReplied, judge } from './completeness-condition.js';
import { createInFlight } from './in-flight.js';
import type { RequestWatch } from './request-watch.js';
import { createTimers } from './timers.js';

export interface AggregatorOptions {
  readonly gatherings: Gatherings;
  readonly store: Pick<RequestStore, 'findReply'>;
  readonly watch: Pick<RequestWatch, 'notify'>;
  readonly clock: Clock;
  /** The clock of the store, by which deadlines are. */
  readonly storeTime: Pick<Clock, 'now'>;
  readonly logger: Logger;
  readonly meter: Meter;
  /** Cancels a child whose parent was cancelled, and tells its service. */
  readonly cancel: (id: string) => Promise<void>;
  /** Called after a commit that may have queued something for a Reply-To queue. */
  readonly onForward: () => void;
  /** Called for each parent that ended. */
  readonly onEnded: (record: RequestRecord) => void;
}

export interface Aggregator {
  /** A change was made in this process. */
  changed(record: RequestRecord): void;
  start(): void;
  stop(deadlineMs: number): Promise<void>;
  /** Parents waiting to be looked at, or being looked at. */
  readonly size: number;
}

const lookEveryMs = 250;
const lookedAtOnce = 200;
/** Others want to use the store, too. */
const stepsAtOnce = 8;
/** Below what the embedded broker carries in one message, and what brokers are configured for. */
const mostAggregateBytes = 8 * 1024 * 1024;

export function createAggregator(options: AggregatorOptions): Aggregator {
  const { gatherings, store, watch, clock, storeTime, logger, meter } = options;
  const timers = createTimers(clock);
  const steps = createInFlight(clock);
  const waiting = new Set<string>();
  const underWay = new Set<string>();
  let isStopped = false;

  function wake(id: string): void {
    if (isStopped) return;
    waiting.add(id);
    next();
  }

  /** A parent that is being looked at is looked at again afterwards. */
  function next(): void {
    for (const id of waiting) {
      if (underWay.size >= stepsAtOnce) return;
      if (underWay.has(id)) continue;
      waiting.delete(id);
      underWay.add(id);
      void steps
        .run(() => lookOrLog(id))
        .then(() => {
          underWay.delete(id);
          next();
        });
    }
  }

  async function lookOrLog(id: string): Promise<void> {
    try {
      await look(id);
    } catch (error) {
      logger.warn({ err: error, requestId: id }, 'replies could not be gathered; this is tried again');
    }
  }

  async function look(id: string): Promise<void> {
    const gathering = await gatherings.find(id);
    if (gathering === null) await gatherings.forget(id);
    else if (isFinal(gathering.record.status)) await concludeEnded(gathering);
    else await takeStep(gathering);
  }

  /** Children go on after the end of their parent, unless it was cancelled. */
  async function concludeEnded({ record, children, news }: Gathering): Promise<void> {
    if (record.status === 'cancelled') {
      for (const { id } of children.filter(({ status }) => !isFinal(status))) await options.cancel(id);
    }
    await gatherings.forget(record.id, news);
  }

  async function takeStep(gathering: Gathering): Promise<void> {
    const now = storeTime.now();
    const { record, news } = gathering;
    const judgement = judge(gathering, now);
    const then =
      judgement.ends === null
        ? ({ kind: 'goes-on', expiresAt: judgement.expiresAt } as const)
        : await endOf(gathering, judgement.ends, now);
    const taken = await gatherings.take({ id: record.id, news, told: toldOf(gathering, now), then });
    if (taken === null) return;
    if (isFinal(taken.record.status)) {
      const isExpired = taken.record.status === 'expired';
      meter.count(isExpired ? 'requests-expired' : 'requests-replied');
      if (taken.reply !== null) meter.replied(taken.reply.receivedAt - taken.record.createdAt);
      options.onEnded(taken.record);
      options.onForward();
    }
    if (taken.record.version !== record.version) watch.notify(taken);
  }

  async function endOf(gathering: Gathering, cause: EndCause, now: number): Promise<GatheringEnd> {
    const { record, children } = gathering;
    if (!children.some(hasReplied)) return { kind: 'expired' };
    const replies = await aggregate(gathering, {
      findReply: (id) => store.findReply(id, 1),
      now,
      mostBytes: mostAggregateBytes,
    });
    const properties = record.project === null ? {} : { project: record.project };
    return {
      kind: 'replied',
      reply: {
        ...{ correlationIds: [record.id], replyId: `gathered ${record.id}`, messageId: null },
        ...{ time: now, contentType: 'application/json', body: Buffer.from(JSON.stringify(replies)) },
        ...{ properties, applicationHeaders: {}, fault: null },
      },
      text: `${replies.replies.length} of ${children.length} replied; ${endSentences[cause]}`,
    };
  }

  async function lookForWork(): Promise<number> {
    try {
      for (const id of await gatherings.due(lookedAtOnce)) wake(id);
    } catch (error) {
      logger.warn({ err: error }, 'cannot look for replies to be gathered');
    }
    return lookEveryMs;
  }

  return {
    changed({ id, status, parentId, children }) {
      if (parentId === null && children === 0) return;
      if (isFinal(status)) wake(parentId ?? id);
    },
    start: () => timers.repeat(lookEveryMs, lookForWork),
    async stop(deadlineMs) {
      isStopped = true;
      timers.stop();
      waiting.clear();
      await steps.idle(deadlineMs);
    },
    get size() {
      return waiting.size + underWay.size;
    },
  };
}

const endSentences: Readonly<Record<EndCause, string>> = {
  expect: 'these are enough',
  stall: 'no other reply came for a while',
  total: 'the time is over',
  'none-left': 'no other reply can come',
};

/** What the history of the parent tells of each child that has ended, in the order in which they did. */
function toldOf({ record, expect, children }: Gathering, now: number): StatusEvent[] {
  const ended = children.filter(({ status }) => isFinal(status));
  const replied = ended
    .filter(hasReplied)
    .sort((one, other) => (one.repliedAt ?? 0) - (other.repliedAt ?? 0));
  const others = ended.filter((child) => !hasReplied(child));
  const about = ({ id, queue, status }: GatheredChild) => ({
    ...{ id: `gathered ${id}`, project: record.project, subject: record.id },
    data: { child: id, queue, status },
  });
  return [
    ...replied.map((child, index): StatusEvent => ({
      ...about(child),
      kind: 'progress',
      percent: Math.min(100, Math.round(((index + 1) / expect) * 100)),
      text: `${index + 1} of ${expect}: ${child.queue} ${child.status}`,
      time: child.repliedAt ?? now,
    })),
    ...others.map((child): StatusEvent => ({
      ...about(child),
      kind: 'log',
      text: `no reply of ${child.queue}: ${child.status}`,
      time: now,
    })),
  ];
}
