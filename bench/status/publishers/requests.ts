import { randomUUID } from 'node:crypto';
import { Pool } from 'undici';
import { until } from '../../../test/support/until.js';

const connections = 10;
const sentWithinMs = 60_000;

export interface Requests {
  /** Posts so many and waits until the gateway has sent them all, so that nothing of that falls into a measurement. */
  post(options: {
    readonly queue: string;
    readonly project: string;
    readonly count: number;
  }): Promise<readonly string[]>;
  /** Ends them, so that no measurement finds those of the ones before it. */
  cancel(ids: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export function createRequests(gatewayUrl: string): Requests {
  const pool = new Pool(gatewayUrl, { connections });

  async function call(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    headers: Record<string, string> = {},
  ): Promise<{ readonly status?: string }> {
    const { statusCode, body } = await pool.request({ method, path, headers });
    const text = await body.text();
    if (statusCode >= 300) throw new Error(`${statusCode} for ${method} ${path}: ${text.slice(0, 300)}`);
    return text === '' ? {} : (JSON.parse(text) as { status?: string });
  }

  return {
    async post({ queue, project, count }) {
      const ids = Array.from({ length: count }, () => randomUUID());
      const headers = { prefer: 'respond-async', project };
      await Promise.all(
        ids.map((id) => call('POST', `/requests/${queue}`, { ...headers, 'message-id': id })),
      );
      for (const id of ids) {
        await until(async () => (await call('GET', `/requests/${id}`)).status === 'sent', {
          what: `request ${id} to be sent`,
          withinMs: sentWithinMs,
        });
      }
      return ids;
    },
    async cancel(ids) {
      await Promise.all(ids.map((id) => call('DELETE', `/requests/${id}`)));
    },
    close: () => pool.close(),
  };
}
