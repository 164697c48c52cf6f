import type { Response } from 'express';
import { ReplytoError } from '#core/errors.js';
import { keepWaiting } from './connection/connection-waits.js';
import type { Preference } from './prefer.js';
import { applyPreference } from './prefer.js';

export interface Waiting {
  /**
   * Runs `work` with the wait that the caller prefers; its signal ends the wait when the caller hangs up.
   * Sets `Vary` and `Preference-Applied`.
   *
   * @throws TOO_MANY_WAITING when the caller would wait and the limit is reached, of all or of its connection
   */
  run<T>(
    response: Response,
    wait: { readonly prefer: Preference; readonly defaultMs: number },
    work: (wait: { readonly waitMs: number; readonly signal: AbortSignal }) => Promise<T>,
  ): Promise<T>;
  /** Callers waiting now. */
  readonly size: number;
}

export function createWaiting({ maxWaiting, maxWaitMs }: { maxWaiting: number; maxWaitMs: number }): Waiting {
  let size = 0;
  return {
    async run(response, { prefer, defaultMs }, work) {
      const { waitMs, applied } = applyPreference(prefer, { defaultMs, maxMs: maxWaitMs });
      response.vary('Prefer');
      if (applied !== undefined) response.setHeader('Preference-Applied', applied);
      const hangUp = new AbortController();
      if (waitMs === 0) return work({ waitMs, signal: hangUp.signal });
      if (size >= maxWaiting) {
        throw new ReplytoError('TOO_MANY_WAITING', {
          detail: `${size} callers wait; the limit is ${maxWaiting}`,
        });
      }
      const release = keepWaiting(response, () => hangUp.abort());
      size += 1;
      try {
        return await work({ waitMs, signal: hangUp.signal });
      } finally {
        size -= 1;
        release();
      }
    },
    get size() {
      return size;
    },
  };
}
