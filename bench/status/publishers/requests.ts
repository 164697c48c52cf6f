import { Pool } from 'undici';
import { until } from '../../../test/support/until.js';

const connections = 10;
const withinMs = 60_000;

export interface Requests {
  /** Posts requests of these ids. */
  post(options: {
    readonly ids: readonly string[];
    readonly queue: string;
    readonly project: string;
  }): Promise<void>;
  /** Ends those that were posted, so that no measurement finds requests of the ones before it. */
  cancel(ids: readonly string[]): Promise<void>;
  /** Resolves when the project has so many events and the topics have all there are: nothing is left to be worked off. */
  untilQuiet(options: { readonly project: string; readonly events: number }): Promise<void>;
  close(): Promise<void>;
}

/** @param ended the part that is gone, if any: then nothing more is waited for */
export function createRequests(gatewayUrl: string, ended: () => string | null): Requests {
  const pool = new Pool(gatewayUrl, { connections, headersTimeout: withinMs, bodyTimeout: withinMs });

  async function call(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    headers: Record<string, string> = {},
  ): Promise<{ readonly statusCode: number; readonly text: string }> {
    const { statusCode, body } = await pool.request({ method, path, headers });
    return { statusCode, text: await body.text() };
  }

  async function succeed(...parameters: Parameters<typeof call>): Promise<string> {
    const { statusCode, text } = await call(...parameters);
    const [method, path] = parameters;
    if (statusCode >= 300) throw new Error(`${statusCode} for ${method} ${path}: ${text.slice(0, 300)}`);
    return text;
  }

  async function untilTrue(what: string, condition: () => Promise<boolean>): Promise<void> {
    await until(async () => ended() !== null || (await condition()), { what, withinMs });
    const gone = ended();
    if (gone !== null) throw new Error(`${gone} has ended`);
  }

  return {
    async post({ ids, queue, project }) {
      const headers = { prefer: 'respond-async', project };
      await Promise.all(
        ids.map((id) => succeed('POST', `/requests/${queue}`, { ...headers, 'message-id': id })),
      );
    },
    async cancel(ids) {
      const outcomes = await Promise.allSettled(
        ids.map(async (id) => {
          const { statusCode } = await call('DELETE', `/requests/${id}`);
          // 404: its post had failed.
          if (statusCode >= 300 && statusCode !== 404)
            throw new Error(`${statusCode} for DELETE /requests/…`);
        }),
      );
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
    async untilQuiet({ project, events }) {
      const accept = { accept: 'application/json' };
      await untilTrue(`${events} events of ${project} to be numbered`, async () => {
        const page = await succeed('GET', `/status/${project}?limit=1`, accept);
        return (JSON.parse(page) as { last: number }).last >= events;
      });
      await untilTrue('all events to be published', async () => {
        const metrics = await succeed('GET', '/metrics');
        const of = (name: string): number =>
          Number(new RegExp(`^replyto_events_${name}_total (\\S+)$`, 'mu').exec(metrics)?.[1] ?? 0);
        return of('published') + of('unpublished') >= of('numbered');
      });
    },
    close: () => pool.destroy(),
  };
}
