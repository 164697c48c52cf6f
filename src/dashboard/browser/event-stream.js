/**
 * Follows a stream of events without losing one. A cut connection is taken up again by the browser, with `Last-Event-ID`; where
 * it gives up, because the answer was an error, and after the page was hidden, the stream is opened anew behind the last event.
 */
import { withToken } from './api.js';
import { eventKinds } from './vocabulary.js';

const firstRetryMs = 1_000;
const longestRetryMs = 10_000;

/**
 * @template Event
 * @typedef {object} StreamHandlers
 * @property {(event: Event) => void} onEvent
 * @property {(gap: { from: number, to: number }) => void} onGap events that the gateway no longer has
 * @property {(isLive: boolean) => void} onConnection
 * @property {(after: number) => Promise<boolean>} mayRetry asked when the browser has given up, with the number of the last event:
 *   finds out why, and whether to go on; if not, the stream is closed
 */

/**
 * @template Event as the address gives them
 * @param {(after: number) => URL} toAddress
 * @param {number} start number of the last event that is known
 * @param {StreamHandlers<Event>} handlers
 * @returns {{ close(): void }}
 */
export function followEvents(toAddress, start, { onEvent, onGap, onConnection, mayRetry }) {
  let after = start;
  let retryMs = firstRetryMs;
  let isClosed = false;
  /** @type {EventSource | undefined} */
  let source;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function open() {
    disconnect();
    const opened = new EventSource(withToken(toAddress(after)));
    source = opened;
    opened.addEventListener('open', () => {
      retryMs = firstRetryMs;
      onConnection(true);
    });
    for (const kind of eventKinds) opened.addEventListener(kind, (message) => take(message, onEvent));
    opened.addEventListener('gap', (message) => take(message, onGap));
    opened.addEventListener('error', () => {
      if (opened !== source) return;
      onConnection(false);
      if (opened.readyState === EventSource.CLOSED) void retry();
    });
  }

  /**
   * @template Data
   * @param {MessageEvent<string>} message
   * @param {(data: Data) => void} handler
   */
  function take(message, handler) {
    after = Number(message.lastEventId);
    handler(JSON.parse(message.data));
  }

  async function retry() {
    disconnect();
    const mayGoOn = await mayRetry(after);
    if (!mayGoOn) close();
    // Whoever looks again has opened it meanwhile.
    if (isClosed || document.hidden || source !== undefined) return;
    timer = setTimeout(open, retryMs);
    retryMs = Math.min(retryMs * 2, longestRetryMs);
  }

  function disconnect() {
    clearTimeout(timer);
    source?.close();
    source = undefined;
  }

  function close() {
    isClosed = true;
    document.removeEventListener('visibilitychange', onVisibility);
    disconnect();
  }

  /** Browsers open few connections to one server: a page that nobody sees needs none. */
  function onVisibility() {
    if (document.hidden) disconnect();
    else if (source === undefined) open();
  }

  document.addEventListener('visibilitychange', onVisibility);
  if (!document.hidden) open();
  return { close };
}
