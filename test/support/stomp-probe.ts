import { openRawStomp } from './raw-stomp.js';
import { until } from './until.js';

/**
 * Logs in to a STOMP broker once and leaves again. Resolves with the `server` header of CONNECTED, such as
 * `ActiveMQ/6.3.1`, or with an empty text when the broker does not name itself.
 *
 * @throws Error when the broker cannot be reached or does not answer with CONNECTED.
 */
export async function probeStomp(url: string): Promise<string> {
  const { hostname, port, username, password } = new URL(url);
  const client = await openRawStomp(Number(port), hostname);
  try {
    const login = username === '' ? {} : { login: username, passcode: password };
    return (await client.connect(login)).headers['server'] ?? '';
  } finally {
    client.destroy();
  }
}

/** Probes until the broker answers; `alive` says whether it is still worth waiting. */
export async function untilStompAnswers(
  url: string,
  withinMs: number,
  alive = (): boolean => true,
): Promise<string> {
  const answer = await until(
    async () => {
      if (!alive()) return { server: null };
      return { server: await probeStomp(url) };
    },
    { what: `a STOMP broker at ${url}`, withinMs },
  );
  if (answer.server === null) throw new Error(`the broker of ${url} ended before it answered`);
  return answer.server;
}

/** The version in a `server` header: `6.3.1` of `ActiveMQ/6.3.1`. */
export function serverVersion(server: string): string {
  return /\/(\S+)/u.exec(server)?.[1] ?? (server === '' ? 'unknown' : server);
}
