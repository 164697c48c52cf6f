/** What a gateway says of its own work: nothing is added to it for the benchmark. */
import { call } from '../../test/support/http.js';
import { readMetrics } from '../tools/metrics.js';
import type { GatewayFigures } from './results.js';

/** As many as a list gives at once. */
const listed = 500;

type Metrics = ReadonlyMap<string, number>;

export interface GatewayWatch {
  /** Within the window, after `begin` and `end`; null when nothing was replied. */
  begin(): Promise<void>;
  end(): Promise<void>;
  figures(): Promise<GatewayFigures | null>;
}

/** @param width connections of the load: the last requests of each are those of its end, and are left out */
export function watchGateway(url: string, width: number): GatewayWatch {
  let before: Metrics = new Map();
  let after: Metrics = new Map();
  let [from, to] = [0, 0];
  const grownBy = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
  return {
    async begin() {
      from = Date.now();
      before = await readMetrics(url);
    },
    async end() {
      to = Date.now();
      after = await readMetrics(url);
    },
    async figures() {
      const replies = grownBy('replyto_reply_seconds_count');
      if (replies <= 0) return null;
      return {
        transactionsPerRequest: grownBy('replyto_store_transactions') / replies,
        gcSeconds: grownBy('replyto_nodejs_gc_duration_seconds_sum'),
        acceptedToReplyMs: (grownBy('replyto_reply_seconds_sum') * 1_000) / replies,
        ...(await readStoredTimes(url, { width, from, to })),
      };
    },
  };
}

interface StatusDocument {
  readonly createdAt: string;
  readonly sentAt: string | null;
  readonly repliedAt: string | null;
}

/** Means of the requests before the last ones, of times that are stored in milliseconds. */
async function readStoredTimes(
  url: string,
  { width, from, to }: { readonly width: number; readonly from: number; readonly to: number },
): Promise<Pick<GatewayFigures, 'acceptedToSentMs' | 'sentToRepliedMs' | 'sampled'>> {
  const answer = await call(`${url}/requests?status=replied&limit=${listed}`);
  const { requests } = answer.json<{ readonly requests: readonly StatusDocument[] }>();
  const times = requests.flatMap(({ createdAt, sentAt, repliedAt }) => {
    const created = Date.parse(createdAt);
    if (sentAt === null || repliedAt === null || created < from || created > to) return [];
    const sent = Date.parse(sentAt);
    return [{ untilSent: sent - created, untilReplied: Date.parse(repliedAt) - sent }];
  });
  // Where there are few, those of the end are better than none.
  const kept = times.length > 2 * width ? times.slice(width) : times;
  const mean = (of: (time: (typeof times)[number]) => number): number =>
    kept.length === 0 ? 0 : kept.reduce((sum, time) => sum + of(time), 0) / kept.length;
  return {
    acceptedToSentMs: mean(({ untilSent }) => untilSent),
    sentToRepliedMs: mean(({ untilReplied }) => untilReplied),
    sampled: kept.length,
  };
}
