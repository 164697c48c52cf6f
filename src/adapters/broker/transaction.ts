import { protocolFault, refusal } from '#adapters/stomp-server/refusal.js';
import type { StompRefusal } from '#adapters/stomp-server/refusal.js';
import type { Change } from './change.js';
import { prepareAll } from './change.js';
import type { BrokerCore } from './core.js';
import type { OutgoingMessage, Router } from './router.js';
import type { Settlement } from './settlement.js';
import type { StoredMessage } from './stored-message.js';
import { sizeOf } from './stored-message.js';
import type { Delivered, Subscription } from './subscription.js';

/**
 * What a STOMP transaction has gathered. Nothing of it is seen or done before COMMIT, which is one database
 * transaction: messages, acknowledgements, rejections and the dead letters they make, all or nothing. ABORT, or
 * the end of the connection, forgets it; deliveries acknowledged in it are then in flight as before.
 */
export interface Transaction {
  send(message: OutgoingMessage): void;
  settle(action: SettleAction): void;
  /** Ends it. Rejects with nothing done: StompRefusal, or what the log says. */
  commit(): Promise<void>;
  /** Ends it with nothing done. */
  forget(): void;
}

interface SettleAction {
  readonly subscription: Subscription;
  readonly key: number;
  readonly accepted: boolean;
}

interface Taken {
  readonly subscription: Subscription;
  readonly delivered: readonly Delivered[];
  readonly accepted: boolean;
}

export function createTransaction(core: BrokerCore, router: Router, settlement: Settlement): Transaction {
  const { limits, log, memory } = core;
  const messages: OutgoingMessage[] = [];
  const actions: SettleAction[] = [];
  let bytes = 0;

  function forget(): void {
    memory.give(bytes);
    bytes = 0;
  }

  function checkActions(): void {
    if (messages.length + actions.length < limits.actionsPerTransaction) return;
    throw protocolFault(
      'too many actions in a transaction',
      `A transaction may have ${limits.actionsPerTransaction} SEND, ACK and NACK frames.`,
    );
  }

  /** Takes the deliveries out of what is in flight, so that nothing else settles them meanwhile. */
  function take(): Taken[] {
    const taken: Taken[] = [];
    for (const { subscription, key, accepted } of actions) {
      const keys = subscription.covered(key);
      // In mode `client` a later acknowledgement of the same transaction may have covered it.
      if (keys !== undefined) taken.push({ subscription, delivered: subscription.remove(keys), accepted });
      else if (
        !taken.some(({ delivered, subscription: other }) => other === subscription && hasKey(delivered, key))
      ) {
        putBack(taken);
        throw deliveryGone();
      }
    }
    return taken;
  }

  return {
    send(message) {
      checkActions();
      const size = sizeOf(message.payload);
      if (bytes + size > limits.transactionBytes) {
        throw protocolFault(
          'transaction too large',
          `The messages of a transaction may take ${limits.transactionBytes} bytes.`,
        );
      }
      if (!memory.take(size)) {
        throw refusal(
          'memory full',
          'Messages of open transactions are in memory: commit, or wait for room.',
        );
      }
      bytes += size;
      messages.push(message);
    },
    settle(action) {
      checkActions();
      actions.push(action);
    },
    async commit() {
      forget();
      const taken = take();
      let change: Change | undefined;
      try {
        const prepared = prepareAll([
          ...messages.map((message) => () => router.route(message)),
          ...taken.map(({ subscription, delivered, accepted }) => () => {
            const settled = delivered.map(({ message }) => message);
            return settlement.prepare(subscription.queue, settled, accepted);
          }),
        ]);
        change = prepared;
        await log.write((batch) => prepared.write(batch));
      } catch (error) {
        change?.discard();
        putBack(taken);
        throw error;
      }
      change.apply();
      for (const { subscription } of taken) subscription.queue.wake(subscription);
    },
    forget,
  };
}

function hasKey(delivered: readonly Delivered[], key: number): boolean {
  return delivered.some((one) => one.key === key);
}

/** Newest first, so that each lands before what was delivered after it. */
function putBack(taken: readonly Taken[]): void {
  for (const { subscription, delivered } of [...taken].reverse()) {
    if (subscription.restore(delivered)) continue;
    const messages: StoredMessage[] = delivered.map(({ message }) => message);
    subscription.queue.giveBack(messages);
  }
}

function deliveryGone(): StompRefusal {
  return refusal(
    'a delivery of the transaction is not in flight',
    'ACK and NACK of a transaction name deliveries that are still unsettled at COMMIT.',
  );
}
