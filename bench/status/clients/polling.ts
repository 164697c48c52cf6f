import { isAborted, pause } from '../../tools/clock.js';
import type { Client, ClientContext, Clients } from './client.js';
import { separateClients } from './client.js';
import { wordsOf } from '../../tools/words.js';
import { createEventPageReader } from './event-page.js';
import { openHttpConnection } from './http-connection.js';
import { createRegularClient } from './regularly.js';
import { createStatusReader } from './status-document.js';

/** Asks for the status of its request from time to time, over one kept-alive connection. */
export function createPollingClients(
  context: ClientContext,
  { everyMs, conditional }: { readonly everyMs: number; readonly conditional: boolean },
): Clients {
  const { measurement, recorder, meter } = context;
  return separateClients(context, (requestId, index) => {
    const connection = openHttpConnection(measurement.surroundings.gatewayUrl, meter);
    const read = createStatusReader(connection, requestId, conditional);
    const client = createRegularClient({
      ...{ everyMs, index, seed: measurement.seed, failed: recorder.failed },
      look: async (signal) => recorder.asked(!recorder.learned(index, await read(signal))),
    });
    return { ...client, close: () => connection.destroy() };
  });
}

/** Asks from time to time which events of its request are new. */
export function createPagePollingClients(context: ClientContext, everyMs: number): Clients {
  const { measurement, recorder } = context;
  return separateClients(context, (requestId, index) => {
    const { ask, close } = createPageAsker(context, requestId, index);
    const client = createRegularClient({
      ...{ everyMs, index, seed: measurement.seed, failed: recorder.failed },
      look: (signal) => ask(0, signal),
    });
    return { ...client, close };
  });
}

/** Seconds; longer than any measurement, so no answer is empty. */
export const waitSeconds = 30;
const againAfterMs = 200;

/** Asks which events of its request are new; the gateway answers when there is one, or after 30 s without. */
export function createLongPollClients(context: ClientContext): Clients {
  const { recorder } = context;
  return separateClients(context, (requestId, index): Client => {
    const { ask, close } = createPageAsker(context, requestId, index);
    let leave = new AbortController();
    let ended = Promise.resolve();

    async function askUntilGone(signal: AbortSignal): Promise<void> {
      while (!signal.aborted) {
        try {
          await ask(waitSeconds, signal);
        } catch (error) {
          if (isAborted(signal)) return;
          recorder.failed(wordsOf(error));
          await pause(againAfterMs, signal);
        }
      }
    }

    return {
      async start() {
        leave = new AbortController();
        // The first answer comes at once and says where waiting begins.
        await ask(0, leave.signal);
        ended = askUntilGone(leave.signal);
      },
      async stop() {
        leave.abort();
        await ended;
      },
      close,
    };
  });
}

interface PageAsker {
  readonly ask: (waitSeconds: number, signal: AbortSignal) => Promise<void>;
  readonly close: () => Promise<void>;
}

function createPageAsker(
  { measurement, recorder, meter }: ClientContext,
  requestId: string,
  index: number,
): PageAsker {
  const connection = openHttpConnection(measurement.surroundings.gatewayUrl, meter);
  const read = createEventPageReader(connection, requestId);
  return {
    async ask(seconds, signal) {
      let news = false;
      for (const step of await read(seconds, signal)) {
        if (recorder.learned(index, step)) news = true;
      }
      recorder.asked(!news);
    },
    close: () => connection.destroy(),
  };
}
