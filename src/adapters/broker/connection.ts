import type { Frame } from '#adapters/stomp-server/frame.js';
import type { FrameHandler } from '#adapters/stomp-server/frame-handler.js';
import { required } from '#adapters/stomp-server/header-checks.js';
import { protocolFault, refusal } from '#adapters/stomp-server/refusal.js';
import type { StompRefusal } from '#adapters/stomp-server/refusal.js';
import { parseDestination } from './destinations.js';
import { toHead } from './message-head.js';
import { notStored } from './not-stored.js';
import type { OutgoingMessage, Router } from './router.js';
import type { SubscriptionsOptions } from './subscriptions.js';
import { createSubscriptions } from './subscriptions.js';
import type { Transaction } from './transaction.js';
import { createTransaction } from './transaction.js';

export interface ConnectionOptions extends SubscriptionsOptions {
  readonly router: Router;
}

/**
 * What the frames of one client do in the broker. Owns the client's subscriptions and open transactions: when
 * the connection ends, deliveries that are not settled go back marked redelivered, transactions are forgotten.
 */
export function createConnection(options: ConnectionOptions): FrameHandler {
  const { core, router, settlement } = options;
  const { limits, log } = core;
  const subscriptions = createSubscriptions(options);
  const transactions = new Map<string, Transaction>();

  function send(frame: Frame): Promise<void> | undefined {
    const message = toMessage(frame);
    const transaction = transactionOf(frame);
    core.traffic.sent += 1;
    if (transaction !== undefined) {
      transaction.send(message);
      return undefined;
    }
    const routed = router.route(message);
    // A message that needs no disk waits for its turn too: it must not overtake the one before it.
    return log
      .write((batch) => routed.write(batch))
      .then(
        () => routed.apply(),
        (error: unknown) => {
          routed.discard();
          throw error;
        },
      );
  }

  function settle(frame: Frame): Promise<void> | undefined {
    const delivery = subscriptions.find(frame);
    const { subscription, key } = delivery;
    if (!subscription.isInFlight(key)) throw subscriptions.unknownDelivery();
    const transaction = transactionOf(frame);
    const accepted = frame.command === 'ACK';
    if (transaction !== undefined) {
      transaction.settle({ ...delivery, accepted });
      return undefined;
    }
    const keys = subscription.covered(key) ?? [];
    const messages = subscription.remove(keys).map(({ message }) => message);
    const outcome = accepted
      ? settlement.acknowledge(subscription.queue, messages)
      : settlement.reject(subscription.queue, messages);
    subscription.queue.wake(subscription);
    return outcome;
  }

  function transactionOf({ headers }: Frame): Transaction | undefined {
    const name = headers.get('transaction');
    if (name === undefined) return undefined;
    const transaction = transactions.get(name);
    if (transaction === undefined) throw unknownTransaction();
    return transaction;
  }

  function begin({ headers }: Frame): void {
    const name = required(headers, 'transaction');
    if (transactions.has(name)) {
      throw refusal('transaction in use', 'Open transactions of a connection have different names.');
    }
    if (transactions.size >= limits.openTransactions) {
      throw protocolFault(
        'too many transactions',
        `A connection may have ${limits.openTransactions} open transactions.`,
      );
    }
    transactions.set(name, createTransaction(core, router, settlement));
  }

  function finish({ command, headers }: Frame): Promise<void> | undefined {
    const name = required(headers, 'transaction');
    const transaction = transactions.get(name);
    if (transaction === undefined) throw unknownTransaction();
    transactions.delete(name);
    if (command === 'ABORT') {
      transaction.forget();
      return undefined;
    }
    return transaction.commit();
  }

  function carryOut(frame: Frame): Promise<void> | undefined {
    switch (frame.command) {
      case 'SEND':
        return send(frame);
      case 'SUBSCRIBE':
        return subscriptions.subscribe(frame);
      case 'UNSUBSCRIBE':
        return subscriptions.unsubscribe(frame);
      case 'ACK':
      case 'NACK':
        return settle(frame);
      case 'BEGIN':
        begin(frame);
        return undefined;
      case 'COMMIT':
      case 'ABORT':
        return finish(frame);
      case 'CONNECT':
      case 'STOMP':
      case 'DISCONNECT':
        throw protocolFault(`unexpected ${frame.command}`, 'The session answers it.');
    }
  }

  return {
    handle(frame) {
      // The log fails at once, where a place or a message is read, or later, where something is written.
      try {
        return carryOut(frame)?.catch((error: unknown) => {
          throw notStored(error);
        });
      } catch (error) {
        throw notStored(error);
      }
    },
    writable: () => subscriptions.wake(),
    closed() {
      for (const transaction of transactions.values()) transaction.forget();
      transactions.clear();
      subscriptions.end();
    },
  };
}

/** The body is copied where it would keep a far larger receive buffer alive. */
function toMessage({ headers, body }: Frame): OutgoingMessage {
  const destination = parseDestination(headers.get('destination'));
  const own = body.buffer.byteLength > 2 * body.length ? Buffer.from(body) : body;
  return {
    destination,
    persistent: headers.get('persistent') === 'true',
    payload: { head: toHead(headers), body: own },
  };
}

function unknownTransaction(): StompRefusal {
  return refusal('transaction unknown', 'BEGIN opens a transaction; COMMIT and ABORT end it.');
}
