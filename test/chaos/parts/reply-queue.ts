/** The queue of callers who gave a Reply-To: whatever comes there, as often as it comes. */
import { randomUUID } from 'node:crypto';
import { openStranger } from '../../support/stranger.js';
import type { Stranger } from '../../support/stranger.js';
import { until } from '../../support/until.js';

/** A message on the Reply-To queue. */
export interface Forwarded {
  /** The request that it answers. */
  readonly requestId: string;
  readonly messageId: string;
  readonly text: string;
}

export interface ReplyQueue {
  /** Resolves when all is read that is in it now. */
  upToNow(): Promise<void>;
  stop(): Promise<void>;
}

const retryMs = 200;

/** Reads it until it is stopped, whatever becomes of the broker. A broker that was not told that one was read gives it again. */
export function readReplyQueue(
  brokerUrl: string,
  queue: string,
  onMessage: (message: Forwarded) => void,
): ReplyQueue {
  const ended = new AbortController();
  let current: Stranger | undefined;
  let lastMark = '';

  /** A function, because it may have been stopped during an await. */
  function isRunning(): boolean {
    return !ended.signal.aborted;
  }

  async function readOnce(): Promise<void> {
    const stranger = await openStranger(brokerUrl);
    current = stranger;
    try {
      const lost = stranger.closed.then(() => undefined);
      await Promise.race([stranger.subscribe(queue, { ack: 'client-individual' }), lost]);
      while (isRunning() && !stranger.isClosed()) {
        // A wait that was in vain is begun again.
        const message = await Promise.race([stranger.take('MESSAGE').catch(() => undefined), lost]);
        if (message === undefined) continue;
        const { headers, text } = message;
        const [requestId = '', messageId = ''] = [headers['correlation-id'], headers['Message-ID']];
        if (requestId === '') lastMark = text;
        else onMessage({ requestId, messageId, text });
        stranger.frame('ACK', { id: headers['ack'] ?? '' });
      }
    } finally {
      stranger.destroy();
    }
  }

  async function readOn(): Promise<void> {
    while (isRunning()) {
      await readOnce().catch(() => undefined);
      if (isRunning()) await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
  const reading = readOn();
  return {
    async upToNow() {
      const mark = randomUUID();
      const sender = await openStranger(brokerUrl);
      try {
        await sender.send(queue, { persistent: 'true' }, mark);
      } finally {
        sender.destroy();
      }
      await until(() => lastMark === mark, { what: 'the end of the Reply-To queue' });
    },
    async stop() {
      ended.abort();
      current?.destroy();
      await reading;
    },
  };
}
