/**
 * Keeps acknowledgements true on a connection whose messages are doubled, kept back or lost. To the broker every message
 * was delivered once and in its order, so:
 * - a copy of a message has an `ack` of its own, and the broker hears of the last acknowledgement alone, as if the ones
 *   before had been lost and it had delivered the message again;
 * - `ack:client` would acknowledge with a message all that the broker sent before it, also what never reached the
 *   client. Such a subscription is made as `client-individual`, and its acknowledgements go on one by one for what the
 *   client had got before.
 */
export interface Acknowledgements {
  /** Whether a frame of the client may have to go on as others. */
  concerns(command: string, headers: Headers): boolean;
  /** The headers with which a frame of the client goes on: of no frame, of one, or of several. */
  toBroker(command: string, headers: Headers): readonly Headers[];
  /** The client gets a MESSAGE with these headers. */
  delivered(headers: Headers): void;
  /** The headers of one more copy of a MESSAGE. */
  copyOf(headers: Headers): Headers;
}

type Headers = ReadonlyMap<string, string>;

/** A message as the broker knows it. */
interface Original {
  /** Headers by which an ACK names it. */
  readonly named: readonly (readonly [name: string, value: string])[];
  /** Deliveries of it that the client has not acknowledged. */
  open: number;
}

/** What the client knows by one name. */
interface Delivery {
  readonly original: Original;
  readonly subscription: string;
  /** Times that it was delivered under this name and not acknowledged. */
  open: number;
}

interface Subscription {
  readonly isCumulative: boolean;
  readonly isAutomatic: boolean;
  /** Keys of what the client got and has not acknowledged, in that order; of a cumulative one alone. */
  order: string[];
}

/** STOMP 1.2 has `ack` for it, 1.1 the message and the subscription. */
function keyOfMessage(headers: Headers): string {
  return headers.get('ack') ?? keyOfNames(headers);
}

function keyOfAcknowledgement(headers: Headers): string {
  return headers.get('id') ?? keyOfNames(headers);
}

function keyOfNames(headers: Headers): string {
  return `${headers.get('subscription') ?? ''} ${headers.get('message-id') ?? ''}`;
}

function originalOf(headers: Headers): Original {
  const ack = headers.get('ack');
  const named: Original['named'] =
    ack === undefined ? [['message-id', headers.get('message-id') ?? '']] : [['id', ack]];
  return { named, open: 0 };
}

export function createAcknowledgements(): Acknowledgements {
  const subscriptions = new Map<string, Subscription>();
  /** By what the client sees; of subscriptions that are cumulative, and of messages that were copied. */
  const deliveries = new Map<string, Delivery>();
  let copies = 0;

  function subscribe(headers: Headers): Headers {
    const mode = headers.get('ack') ?? 'auto';
    const isCumulative = mode === 'client';
    subscriptions.set(headers.get('id') ?? '', { isCumulative, isAutomatic: mode === 'auto', order: [] });
    return isCumulative ? new Map([...headers, ['ack', 'client-individual']]) : headers;
  }

  function unsubscribe(id: string): void {
    subscriptions.delete(id);
    for (const [key, { subscription }] of deliveries) if (subscription === id) deliveries.delete(key);
  }

  /** Registers one more delivery that the client will know by this key. */
  function open(key: string, subscription: string, original: Original): void {
    const known = deliveries.get(key) ?? { original, subscription, open: 0 };
    deliveries.set(key, known);
    known.open += 1;
    original.open += 1;
  }

  /** The message, when nothing more of it is open. */
  function settle(key: string): Original | undefined {
    const known = deliveries.get(key);
    if (known === undefined) return undefined;
    known.open -= 1;
    if (known.open === 0) deliveries.delete(key);
    known.original.open -= 1;
    return known.original.open === 0 ? known.original : undefined;
  }

  /** Keys that an acknowledgement of this one settles. */
  function covered(key: string): readonly string[] {
    const subscription = subscriptions.get(deliveries.get(key)?.subscription ?? '');
    const place = subscription?.order.indexOf(key) ?? -1;
    if (subscription === undefined || place === -1) return [key];
    return subscription.order.splice(0, place + 1);
  }

  function acknowledge(headers: Headers): readonly Headers[] {
    const key = keyOfAcknowledgement(headers);
    if (!deliveries.has(key)) return [headers];
    const originals = covered(key)
      .map(settle)
      .filter((original) => original !== undefined);
    return originals.map(({ named }, index) => {
      const own = new Map([...headers, ...named]);
      // The broker's word on the last is its word on all.
      if (index < originals.length - 1) own.delete('receipt');
      return own;
    });
  }

  return {
    concerns: (command, headers) =>
      command === 'SUBSCRIBE' ||
      command === 'UNSUBSCRIBE' ||
      ((command === 'ACK' || command === 'NACK') && deliveries.has(keyOfAcknowledgement(headers))),
    toBroker(command, headers) {
      if (command === 'SUBSCRIBE') return [subscribe(headers)];
      if (command === 'ACK' || command === 'NACK') return acknowledge(headers);
      if (command === 'UNSUBSCRIBE') unsubscribe(headers.get('id') ?? '');
      return [headers];
    },
    delivered(headers) {
      const id = headers.get('subscription') ?? '';
      const subscription = subscriptions.get(id);
      if (subscription?.isCumulative !== true) return;
      const key = keyOfMessage(headers);
      if (!deliveries.has(key)) open(key, id, originalOf(headers));
      subscription.order.push(key);
    },
    copyOf(headers) {
      const id = headers.get('subscription') ?? '';
      const subscription = subscriptions.get(id);
      if (subscription === undefined || subscription.isAutomatic) return headers;
      const key = keyOfMessage(headers);
      const known = deliveries.get(key)?.original ?? originalOf(headers);
      if (!deliveries.has(key)) open(key, id, known);
      const ack = headers.get('ack');
      copies += 1;
      const copy = ack === undefined ? headers : new Map([...headers, ['ack', `${ack}-copy-${copies}`]]);
      open(keyOfMessage(copy), id, known);
      return copy;
    },
  };
}
