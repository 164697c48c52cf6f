import { pause } from '../clock.js';
import type { ClientContext, Clients } from './client.js';
import { separateClients, wordsOf } from './client.js';
import { openHttpConnection } from './http-connection.js';
import { createRegularClient, isAborted } from './regularly.js';
import { createStatusReader } from './status-document.js';

/** Asks for the status of its request from time to time, over one kept-alive connection. */
export function createPollingClients(
  context: ClientContext,
  { everyMs, conditional }: { readonly everyMs: number; readonly conditional: boolean },
): Clients {
  const { measurement, recorder, meter } = context;
  return separateClients(context, (requestId, index) => {
    const connection = openHttpConnection(measurement.surroundings.gatewayUrl, meter);
    const reader = createStatusReader(connection, requestId, conditional);
    const client = createRegularClient({
      ...{ everyMs, index, seed: measurement.seed, failed: recorder.failed },
      look: async (signal) => recorder.asked(!recorder.learned(index, await reader.read(0, signal))),
    });
    return { ...client, close: () => connection.destroy() };
  });
}

const waitSeconds = 30;
const againAfterMs = 200;

/** Asks for the status of its request; the gateway answers when it has changed, or after 30 s that it has not. */
export function createLongPollClients(context: ClientContext): Clients {
  const { measurement, recorder, meter } = context;
  return separateClients(context, (requestId, index) => {
    const connection = openHttpConnection(measurement.surroundings.gatewayUrl, meter);
    const reader = createStatusReader(connection, requestId, true);
    let leave = new AbortController();
    let ended = Promise.resolve();

    async function askUntilGone(): Promise<void> {
      const { signal } = leave;
      while (!signal.aborted) {
        try {
          recorder.asked(!recorder.learned(index, await reader.read(waitSeconds, signal)));
        } catch (error) {
          if (isAborted(signal)) return;
          recorder.failed(wordsOf(error));
          await pause(againAfterMs);
        }
      }
    }

    return {
      async start() {
        leave = new AbortController();
        // The first answer comes at once and brings the ETag with which waiting begins.
        recorder.asked(!recorder.learned(index, await reader.read(0, leave.signal)));
        ended = askUntilGone();
      },
      async stop() {
        leave.abort();
        await ended;
      },
      close: () => connection.destroy(),
    };
  });
}
