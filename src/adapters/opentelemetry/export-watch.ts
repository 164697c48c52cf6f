/** Says in the log, once a minute at most, that the collector does not take what is sent to it, and when it does again. */
import type { ExportResult } from '@opentelemetry/core';
import { ExportResultCode } from '@opentelemetry/core';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';

export interface ExportWatch {
  /** What became of so many spans or metrics. */
  exported(result: ExportResult, count: number): void;
  /** Whether the last of them were not taken. */
  isAway(): boolean;
}

const everyMs = 60_000;

/** `what`: `spans` or `metrics`. */
export function createExportWatch(
  what: string,
  { logger, clock, endpoint }: { readonly logger: Logger; readonly clock: Clock; readonly endpoint: string },
): ExportWatch {
  let isAway = false;
  let lost = 0;
  let toldAt = -Infinity;
  return {
    exported({ code, error }, count) {
      if (code === ExportResultCode.SUCCESS) {
        if (isAway) logger.info({ endpoint }, `the collector takes ${what} again`);
        isAway = false;
        return;
      }
      isAway = true;
      lost += count;
      if (clock.monotonic() - toldAt < everyMs) return;
      toldAt = clock.monotonic();
      // Its answer may be a page of HTML, and its error holds requests and sockets.
      const reason = error === undefined ? 'no reason was given' : `${error.name}: ${error.message}`;
      logger.warn({ endpoint, lost, reason }, `the collector does not take ${what}; they are lost`);
      lost = 0;
    },
    isAway: () => isAway,
  };
}
