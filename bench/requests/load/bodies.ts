/** Bodies of requests and of replies, which tell each other apart and when the service had them. */
import { nowUs } from '../../tools/clock.js';

/** About 200 bytes of JSON, as small orders are. */
const order = JSON.stringify({
  customer: '6193c5e2-9c0d-4a5b-8f55-0c7f2d6c1a3e',
  items: ['green tea', 'oat milk', 'ginger biscuits'],
  note: 'leave it with the neighbours when nobody opens, please',
});

export function requestBody(number: number): string {
  return `{"number":${number},"order":${order}}`;
}

/** What the service answers: when it had the request, of the clock that all processes share, and the request itself. */
export function replyBody(request: string): string {
  return `{"serviceAt":${nowUs()},"request":${request}}`;
}

interface ReadReply {
  /** Null: no service took part. */
  readonly serviceAt: number | null;
}

/** @throws Error when it is not the reply of that request */
export function readReply(text: string, number: number): ReadReply {
  const reply = parse(text);
  const request = reply?.request ?? reply;
  if (request?.number !== number) throw new Error('the reply of another request');
  return { serviceAt: reply?.serviceAt ?? null };
}

interface RequestBody {
  readonly number?: number;
}

interface ReplyBody extends RequestBody {
  readonly serviceAt?: number;
  readonly request?: RequestBody;
}

function parse(text: string): ReplyBody | null {
  try {
    return JSON.parse(text) as ReplyBody | null;
  } catch {
    throw new Error('a reply that is not JSON');
  }
}
