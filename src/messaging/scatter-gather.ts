/**
 * Scatter-Gather (https://www.enterpriseintegrationpatterns.com/BroadcastAggregate.html): the same message to several
 * queues, and their replies as one. Guarantee: a parent and its children are on disk together before anything is sent; each
 * child is an ordinary request, and the parent ends exactly once, by the aggregator of whichever process sees it first.
 * Failure: as of the requestor. Shutdown: waits end without an answer, all requests go on.
 */
import { toProblem } from '#core/errors.js';
import type { Gatherings, NewGathering } from '#core/ports/gatherings.js';
import type { NewRequest } from '#core/request.js';
import { refuseOther, toStored } from './accepted-request.js';
import { admit, kept } from './admitting.js';
import type { Accepted, Answer, AskOptions, Requestor, RequestorOptions } from './requestor.js';

/** Queues of one request. */
export const fewestQueues = 2;
export const mostQueues = 50;

export interface ScatterGatherOptions extends Pick<
  RequestorOptions,
  'store' | 'relay' | 'admission' | 'meter' | 'onLeft'
> {
  readonly gatherings: Gatherings;
  readonly requestor: Pick<Requestor, 'acceptAndWait'>;
}

/** What is asked, checked and ready to be stored. */
export interface Scattered extends Omit<NewGathering, 'children'> {
  readonly children: readonly NewRequest[];
}

export interface ScatterGather {
  /**
   * Accepts the request to several queues, sends its children, and waits for its end at most `waitMs` (0 = not at all).
   * The reply is the aggregate, see aggregate.ts.
   *
   * @throws IDEMPOTENCY_MISMATCH, MESSAGE_ID_TAKEN, TOO_MANY_PENDING, OUTBOX_FULL, STORE_UNAVAILABLE: nothing was stored or sent.
   */
  request(scattered: Scattered, wait: AskOptions): Promise<Answer>;
}

/** What a list of queues is called where one text stands for it: no queue has a comma in its name. */
export function queuesInWords(queues: readonly string[]): string {
  let text = '';
  for (const [index, queue] of queues.entries()) {
    const longer = index === 0 ? queue : `${text},${queue}`;
    if (index > 0 && longer.length > longestLabel) return `${text},+${queues.length - index}`;
    text = longer;
  }
  return text;
}

/** Databases have it in an index. */
const longestLabel = 255;

export function createScatterGather(options: ScatterGatherOptions): ScatterGather {
  const { gatherings, relay, admission, meter, requestor } = options;

  async function accept({ parent, children, expect, stallMs }: Scattered): Promise<Accepted> {
    await admit(options, parent, children);
    const { leaseMs } = relay;
    const owned = children.map((request) => ({
      request,
      options: { owner: relay.canSendNow(request.queue) ? relay.instance : null, leaseMs },
    }));
    const outcome = refuseOther(
      await kept(options, gatherings.accept({ parent, children: owned, expect, stallMs })),
      parent,
      [toProblem('rule', undefined, otherRule)],
    );
    const { record } = outcome;
    if (outcome.kind === 'joined') {
      meter.count('requests-joined');
      return { record, joined: true };
    }
    meter.count('requests-accepted', children.length + 1);
    admission.opened(parent);
    for (const [index, child] of outcome.children.entries()) {
      admission.accepted(child);
      const sending = owned[index];
      if (sending !== undefined && sending.options.owner !== null) {
        relay.sendNow(toStored(child, sending.request));
      } else options.onLeft?.();
    }
    return { record, joined: false };
  }

  return {
    request: (scattered, wait) => requestor.acceptAndWait(scattered.parent.id, () => accept(scattered), wait),
  };
}

const otherRule = 'expect, stallMs, totalMs and all queues as of the first request with this Message-ID';
