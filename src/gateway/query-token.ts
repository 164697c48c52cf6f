/**
 * `?access_token=`, for browsers: neither EventSource nor WebSocket can send a header of their caller's choice. It is
 * taken out of the address as soon as a call comes, so that no log and no answer ever holds it.
 */
import type { IncomingMessage } from 'node:http';

export const queryTokenName = 'access_token';

const taken = new WeakMap<IncomingMessage, string | null>();

/** Takes every such parameter out of `request.url`; comes before whatever reads the address. */
export function takeQueryToken(request: IncomingMessage): void {
  const url = request.url ?? '';
  const start = url.indexOf('?');
  if (start === -1) return;
  const rest: string[] = [];
  let count = 0;
  for (const pair of url.slice(start + 1).split('&')) {
    const [[name, value] = ['', '']] = new URLSearchParams(pair);
    if (name !== queryTokenName) {
      rest.push(pair);
      continue;
    }
    count += 1;
    // Of several none counts: which one was meant is anybody's guess.
    taken.set(request, count === 1 ? value : null);
  }
  if (count > 0) request.url = `${url.slice(0, start)}${rest.length === 0 ? '' : `?${rest.join('&')}`}`;
}

/** What was taken: undefined when there was none, null when there were several. */
export function queryTokenOf(request: IncomingMessage): string | null | undefined {
  return taken.get(request);
}
