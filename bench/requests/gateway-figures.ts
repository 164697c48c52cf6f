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
  const grownBy = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
  return {
    begin: async () => void (before = await readMetrics(url)),
    end: async () => void (after = await readMetrics(url)),
    async figures() {
      const replies = grownBy('replyto_reply_seconds_count');
      if (replies <= 0) return null;
      const stored = await readStoredTimes(url, width);
      return {
        transactionsPerRequest: grownBy('replyto_store_transactions') / replies,
        gcSeconds: grownBy('replyto_nodejs_gc_duration_seconds_sum'),
        acceptedToReplyMs: (grownBy('replyto_reply_seconds_sum') * 1_000) / replies,
        ...stored,
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
  width: number,
): Promise<Pick<GatewayFigures, 'acceptedToSentMs' | 'sentToRepliedMs' | 'sampled'>> {
  const answer = await call(`${url}/requests?status=replied&limit=${listed}`);
  const { requests } = answer.json<{ readonly requests: readonly StatusDocument[] }>();
  // Few of a short run would be none at all.
  const kept = requests.slice(Math.min(width, Math.floor(requests.length / 2)));
  const times = kept.flatMap(({ createdAt, sentAt, repliedAt }) =>
    sentAt === null || repliedAt === null
      ? []
      : [
          {
            sent: Date.parse(sentAt) - Date.parse(createdAt),
            replied: Date.parse(repliedAt) - Date.parse(sentAt),
          },
        ],
  );
  const mean = (of: (time: (typeof times)[number]) => number): number =>
    times.length === 0 ? 0 : times.reduce((sum, time) => sum + of(time), 0) / times.length;
  return {
    acceptedToSentMs: mean(({ sent }) => sent),
    sentToRepliedMs: mean(({ replied }) => replied),
    sampled: times.length,
  };
}
