import type { HttpBench } from './http-bench.js';
import { httpBench } from './http-bench.js';
import type { RecordingLogger } from './recording.js';
import { createRecordingLogger } from './recording.js';
import type { Stranger } from './stranger.js';
import { openStranger } from './stranger.js';

/** A gateway, and beside it on its broker somebody who writes to its queues. */
export interface StrangerBench extends HttpBench {
  /** Another one for each test. */
  readonly stranger: Stranger;
  /** Gives a function that says what the gateway has told since now, above debug. */
  toldFromNow(): () => RecordingLogger['entries'];
}

/** To be called inside `describe`. @param brokerUrl undefined = the embedded broker */
export function strangerBench(brokerUrl: () => string | undefined): StrangerBench {
  let logger: RecordingLogger;
  let stranger: Stranger | undefined;
  const bench = httpBench(() => {
    const url = brokerUrl();
    logger = createRecordingLogger();
    return url === undefined ? { logger } : { brokerUrl: url, logger };
  });

  beforeEach(async () => {
    stranger = await openStranger(bench.gateway.brokerUrl);
  });
  afterEach(() => {
    stranger?.destroy();
    stranger = undefined;
  });

  return Object.defineProperties(bench, {
    stranger: {
      get: () => {
        if (stranger === undefined) throw new Error('the stranger is for tests');
        return stranger;
      },
    },
    toldFromNow: {
      value: () => {
        const before = logger.entries.length;
        return () => logger.entries.slice(before).filter(({ level }) => level !== 'debug');
      },
    },
  }) as StrangerBench;
}
