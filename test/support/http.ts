import { request } from 'undici';
import type { Dispatcher } from 'undici';

export interface HttpAnswer {
  readonly status: number;
  /** One string per header; repeated ones joined. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  text(): string;
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the test knows what it asked for
  json<T = Record<string, unknown>>(): T;
}

export interface HttpCall {
  readonly method?: Dispatcher.HttpMethod;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Gives the call up. */
  readonly signal?: AbortSignal;
}

/** One HTTP call; unlike fetch it adds no headers and hides no status. */
export async function call(url: string, options: HttpCall = {}): Promise<HttpAnswer> {
  const response = await request(url, {
    method: options.method ?? 'GET',
    ...(options.headers === undefined ? {} : { headers: options.headers }),
    ...(options.body === undefined ? {} : { body: options.body }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const body = Buffer.from(await response.body.arrayBuffer());
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const text = (): string => body.toString('utf8');
  return { status: response.statusCode, headers, body, text, json: () => JSON.parse(text()) as never };
}

export function post(
  url: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpAnswer> {
  return call(url, { method: 'POST', body, headers });
}
