import { openStranger } from './stranger.js';

/** How many messages a queue of ActiveMQ Classic has, those included that a consumer has not acknowledged; takes none. */
export async function countAtClassic(brokerUrl: string, queue: string): Promise<number> {
  const raw = await openStranger(brokerUrl);
  try {
    await raw.subscribe(queue, { browser: 'true', id: 'browser' });
    for (let count = 0; ; count += 1) {
      // A browser is told so when it has seen all.
      const { headers } = await raw.take('MESSAGE');
      if (headers['browser'] === 'end') return count;
    }
  } finally {
    raw.destroy();
  }
}
