import { encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { createDelays } from '../../tools/delays.js';
import type { LoadOutcome } from './load.js';

/** What happens within the window of a load. */
export interface Recorder {
  /** A request whose time counts from that instant and that was made at `askedAt` has its reply. All in microseconds. */
  replied(times: {
    readonly from: number;
    readonly askedAt: number;
    readonly serviceAt: number | null;
    readonly endedAt: number;
  }): void;
  /** A request failed; with a rate, its time counts as well. */
  failed(words: string, afterUs?: number): void;
  late(us: number): void;
  outcome(counts: { readonly asked?: number; readonly hasRate: boolean }): LoadOutcome;
}

export function createRecorder(): Recorder {
  const [delays, toService, back, lateness] = [
    createDelays(),
    createDelays(),
    createDelays(),
    createDelays(),
  ];
  const failures = new Map<string, number>();
  let replies = 0;
  return {
    replied({ from, askedAt, serviceAt, endedAt }) {
      replies += 1;
      delays.recordValue(atLeastOne(endedAt - from));
      if (serviceAt === null) return;
      toService.recordValue(atLeastOne(serviceAt - askedAt));
      back.recordValue(atLeastOne(endedAt - serviceAt));
    },
    failed(words, afterUs) {
      failures.set(words, (failures.get(words) ?? 0) + 1);
      if (afterUs !== undefined) delays.recordValue(atLeastOne(afterUs));
    },
    late: (us) => lateness.recordValue(atLeastOne(us)),
    outcome({ asked = replies, hasRate }) {
      const encoded = encodeIntoCompressedBase64;
      return {
        ...{ asked, replied: replies, failures: Object.fromEntries(failures), delays: encoded(delays) },
        stages: toService.totalCount === 0 ? null : { toService: encoded(toService), back: encoded(back) },
        late: hasRate
          ? { p50: lateness.getValueAtPercentile(50), p99: lateness.getValueAtPercentile(99) }
          : null,
      };
    },
  };
}

/** What takes no time is not counted by the histogram. */
function atLeastOne(us: number): number {
  return Math.max(1, us);
}
