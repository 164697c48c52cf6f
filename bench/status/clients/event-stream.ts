import type { Dispatcher } from 'undici';
import { isAborted, pause } from '../../tools/clock.js';
import { stepOf } from '../schedule.js';
import type { Client, ClientContext, Clients } from './client.js';
import { separateClients } from './client.js';
import { wordsOf } from '../../tools/words.js';
import { get, openHttpConnection } from './http-connection.js';

interface StreamOptions {
  readonly toPath: (subject: string) => string;
}

const againAfterMs = 200;

/** `GET /status/{project}` for one subject. */
export function createProjectEventClients(context: ClientContext): Clients {
  const { project } = context.measurement;
  return createEventStreamClients(context, {
    toPath: (subject) => `/status/${project}?subject=${encodeURIComponent(subject)}`,
  });
}

/** `GET /requests/{id}/events`. */
export function createRequestEventClients(context: ClientContext): Clients {
  return createEventStreamClients(context, { toPath: (subject) => `/requests/${subject}/events` });
}

/** Server-sent events, resumed by `Last-Event-ID` when a stream breaks or after an absence. */
function createEventStreamClients(context: ClientContext, { toPath }: StreamOptions): Clients {
  const { measurement, recorder, meter } = context;
  return separateClients(context, (subject, index): Client => {
    const connection = openHttpConnection(measurement.surroundings.gatewayUrl, meter);
    const path = toPath(subject);
    let lastId: string | undefined;
    let leave = new AbortController();
    let ended = Promise.resolve();

    function take({ id, text }: ReceivedEvent): void {
      if (id !== undefined) lastId = id;
      recorder.learned(index, stepOf(text));
    }

    async function open(signal: AbortSignal): Promise<Dispatcher.ResponseData> {
      const response = await get(connection, {
        path,
        headers: {
          accept: 'text/event-stream',
          ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
        },
        signal,
      });
      if (response.statusCode !== 200) {
        throw new Error(`${response.statusCode} for ${path}: ${(await response.body.text()).slice(0, 200)}`);
      }
      return response;
    }

    async function readUntilGone(first: Dispatcher.ResponseData, signal: AbortSignal): Promise<void> {
      let response: Dispatcher.ResponseData | undefined = first;
      while (!signal.aborted) {
        try {
          response ??= await open(signal);
          await readEvents(response, take);
          recorder.failed('the stream ended');
        } catch (error) {
          if (isAborted(signal)) return;
          recorder.failed(wordsOf(error));
        }
        response = undefined;
        await pause(againAfterMs);
      }
    }

    return {
      async start() {
        leave = new AbortController();
        ended = readUntilGone(await open(leave.signal), leave.signal);
      },
      async stop() {
        leave.abort();
        await ended;
      },
      close: () => connection.destroy(),
    };
  });
}

interface ReceivedEvent {
  readonly id: string | undefined;
  readonly text: string | undefined;
}

/** Resolves when the stream ends. The events of the gateway have one line of data each. */
async function readEvents(
  { body }: Dispatcher.ResponseData,
  take: (event: ReceivedEvent) => void,
): Promise<void> {
  let rest = '';
  body.setEncoding('utf8');
  for await (const chunk of body) {
    const blocks = (rest + String(chunk)).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = /^data: ?(.*)$/mu.exec(block)?.[1];
      if (data === undefined) continue;
      const { text } = JSON.parse(data) as { text?: string };
      take({ id: /^id: ?(.*)$/mu.exec(block)?.[1], text });
    }
  }
}
