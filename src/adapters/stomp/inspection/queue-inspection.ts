/**
 * Asks a broker how a queue stands, over a connection that is opened for it and closed afterwards: what the broker makes of a
 * question must not trouble what is sent and received. A few at a time; whoever comes on top of these learns nothing.
 */
import { toReplytoError } from '#core/errors.js';
import type { InspectOptions, QueueInspection, QueueView } from '#core/ports/queue-inspection.js';
import { unknownQueue } from '#core/ports/queue-inspection.js';
import type { BrokerAddress } from '../broker-url.js';
import { openConnection } from '../connection.js';
import type { ConnectionSettings, StompConnection } from '../stomp-connection.js';

export interface StompInspectionOptions {
  readonly address: BrokerAddress;
  readonly settings: ConnectionSettings;
  /** Looks at the same time; default 4. */
  readonly most?: number;
  readonly newName: () => string;
}

export interface StompInspection extends QueueInspection {
  /** Ends what is under way, and asks no more. */
  stop(): Promise<void>;
}

const goodbyeMs = 500;

export function createStompInspection(options: StompInspectionOptions): StompInspection {
  const { address, settings, most = 4 } = options;
  const { clock } = settings;
  const running = new Set<Promise<QueueView>>();
  const stopping = new AbortController();

  async function look(queue: string, { messageId, withinMs }: InspectOptions): Promise<QueueView> {
    let view = unknownQueue;
    const giveUp = new AbortController();
    const onStop = (): void => giveUp.abort();
    stopping.signal.addEventListener('abort', onStop);
    let cancel = (): void => undefined;
    const timeIsOver = new Promise<string>((resolve) => {
      cancel = clock.after(withinMs, () => giveUp.abort());
      giveUp.signal.addEventListener('abort', () => resolve(`the broker did not tell within ${withinMs} ms`));
    });
    let connection: StompConnection | undefined;
    const ask = async (): Promise<string | null> => {
      connection = await connect(giveUp.signal, withinMs);
      const { inquiry } = connection.broker.dialect;
      if ('cannot' in inquiry) return inquiry.cannot;
      const hasEnded = connection.ended.then(({ message }) => message);
      const question = { queue, messageId, name: options.newName() };
      const asked = inquiry
        .ask(connection, question, (found) => (view = { ...view, ...found }))
        .then(() => null);
      return Promise.race([asked, hasEnded]);
    };
    try {
      const failure = await Promise.race([ask(), timeIsOver]);
      // What is known already is not taken back, and an end is no news then.
      const isKnown = view.depth !== null && view.consumers !== null;
      return failure === null || isKnown ? view : { ...view, unknown: view.unknown ?? failure };
    } catch (error) {
      return { ...view, unknown: view.unknown ?? toReplytoError(error).message };
    } finally {
      cancel();
      giveUp.abort();
      stopping.signal.removeEventListener('abort', onStop);
      void connection?.close(goodbyeMs);
    }
  }

  /** To the first address that answers. */
  async function connect(giveUp: AbortSignal, withinMs: number): Promise<StompConnection> {
    let failure: unknown;
    for (const endpoint of address.endpoints) {
      const own = { ...settings, connectTimeoutMs: withinMs, receiptTimeoutMs: withinMs, heartbeatMs: 0 };
      try {
        return await openConnection(endpoint, own, giveUp);
      } catch (error) {
        failure ??= error;
      }
      if (giveUp.aborted) break;
    }
    throw failure;
  }

  return {
    async inspect(queue, how) {
      if (stopping.signal.aborted) return { ...unknownQueue, unknown: 'this process is stopping' };
      if (running.size >= most) {
        return { ...unknownQueue, unknown: `${most} others ask the broker at this moment; ask again` };
      }
      const looking = look(queue, how);
      running.add(looking);
      try {
        return await looking;
      } finally {
        running.delete(looking);
      }
    },
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}
