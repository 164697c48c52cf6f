import type { Response } from 'express';
import { ReplytoError } from '#core/errors.js';
import { createNameShares } from '#messaging/name-shares.js';
import { keepWaiting, waitRefusal } from './connection/connection-waits.js';
import type { Preference } from './prefer.js';
import { applyPreference } from './prefer.js';
import { principalOf } from './principal.js';

export interface Waiting {
  /**
   * Runs `work` with the wait that the caller prefers; its signal ends the wait when the caller hangs up. Work that
   * `looksFirst` takes a while even without a wait, and is treated as one. Sets `Vary` and
   * `Preference-Applied`. A caller that did not ask for a wait gets none where there is no place for it.
   *
   * @throws TOO_MANY_WAITING when the caller asked for a wait and a limit is reached: of all, of its name, of its connection
   */
  run<T>(
    response: Response,
    wait: { readonly prefer: Preference; readonly defaultMs: number; readonly looksFirst?: true },
    work: (wait: { readonly waitMs: number; readonly signal: AbortSignal }) => Promise<T>,
  ): Promise<T>;
  /** Callers waiting now. */
  readonly size: number;
}

export function createWaiting({ maxWaiting, maxWaitMs }: { maxWaiting: number; maxWaitMs: number }): Waiting {
  const places = createNameShares({ limit: maxWaiting, what: 'callers wait' });
  return {
    async run(response, { prefer, defaultMs, looksFirst }, work) {
      const { waitMs, applied } = applyPreference(prefer, { defaultMs, maxMs: maxWaitMs });
      response.vary('Prefer');
      if (applied !== undefined) response.setHeader('Preference-Applied', applied);
      const hangUp = new AbortController();
      const waits = waitMs > 0 || looksFirst === true;
      const { name } = principalOf(response);
      const refusal = waits ? (places.refusal(name) ?? waitRefusal(response)) : null;
      if (refusal !== null && (prefer.waitSeconds !== undefined || looksFirst === true)) {
        throw new ReplytoError('TOO_MANY_WAITING', { detail: refusal });
      }
      if (!waits || refusal !== null) return work({ waitMs: 0, signal: hangUp.signal });
      const release = keepWaiting(response, () => hangUp.abort());
      const giveBack = places.take(name);
      try {
        return await work({ waitMs, signal: hangUp.signal });
      } finally {
        giveBack();
        release();
      }
    },
    get size() {
      return places.size;
    },
  };
}
