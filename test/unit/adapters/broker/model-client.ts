import type { MemoryTransport } from '../../../support/memory-transport.js';
import type { WrittenFrame } from './memory-frames.js';
import { createFrameReader } from './memory-frames.js';

export type AckMode = 'auto' | 'client' | 'client-individual';

/** What is known of a message that a client sent. */
export interface SentMessage {
  readonly persistent: boolean;
  /** By RECEIPT or ERROR; unknown when the connection ended before either. */
  stored: 'yes' | 'no' | 'unknown';
  acknowledged: 'yes' | 'no' | 'unknown';
  /** MESSAGE frames that brought it. */
  deliveries: number;
}

interface Subscribed {
  readonly destination: string;
  readonly mode: AckMode;
  readonly prefetch: number;
}

interface Delivery {
  readonly ack: string;
  readonly subscription: string;
  readonly message: SentMessage;
}

interface Settling {
  readonly delivery: Delivery;
  readonly accepted: boolean;
}

type Answer = 'RECEIPT' | 'ERROR' | 'none';

/**
 * A client that keeps a model of what the broker owes it: which deliveries are its own to settle, and what has
 * become of what it sent. Each frame asks for a receipt.
 */
export class ModelClient {
  readonly transport: MemoryTransport;
  readonly subscriptions = new Map<string, Subscribed>();
  gone = false;
  readonly #newFrames: () => WrittenFrame[];
  /** By body, which is unique. */
  readonly #messages: Map<string, SentMessage>;
  readonly #deliveries: Delivery[] = [];
  readonly #settled = new Set<Delivery>();
  readonly #unanswered = new Map<string, (answer: Answer) => void>();
  #transaction: { readonly sent: SentMessage[]; readonly settling: Settling[] } | undefined;
  #committing = 0;
  #frames = 0;

  constructor(transport: MemoryTransport, messages: Map<string, SentMessage>) {
    this.transport = transport;
    this.#newFrames = createFrameReader(transport);
    this.#messages = messages;
  }

  /** Deliveries that it may settle, in their order. */
  outstanding(): Delivery[] {
    this.#read();
    return this.#deliveries.filter(
      (delivery) => !this.#settled.has(delivery) && this.subscriptions.has(delivery.subscription),
    );
  }

  /** How many deliveries from there it may settle, and how many more messages it may be given. */
  holds(destination: string): { readonly outstanding: number; readonly room: number } {
    const taken = this.outstanding();
    let outstanding = 0;
    let room = 0;
    for (const [id, { destination: from, prefetch }] of this.subscriptions) {
      if (from !== destination) continue;
      const ofThis = taken.filter(({ subscription }) => subscription === id).length;
      outstanding += ofThis;
      room += Math.max(0, prefetch - ofThis);
    }
    return { outstanding, room };
  }

  send(destination: string, persistent: boolean, inTransaction: boolean): void {
    const transaction = inTransaction ? this.#transaction : undefined;
    const message: SentMessage = { persistent, stored: 'unknown', acknowledged: 'no', deliveries: 0 };
    const body = String(this.#messages.size + 1);
    this.#messages.set(body, message);
    transaction?.sent.push(message);
    this.#say(
      'SEND',
      { destination, persistent: String(persistent), ...named(transaction) },
      (answer) => {
        if (answer === 'ERROR') message.stored = 'no';
        if (answer === 'ERROR') transaction?.sent.splice(transaction.sent.indexOf(message), 1);
        if (answer === 'RECEIPT' && transaction === undefined) message.stored = 'yes';
      },
      body,
    );
  }

  subscribe(destination: string, mode: AckMode, prefetch: number): void {
    const id = `s${this.#frames}`;
    this.subscriptions.set(id, { destination, mode, prefetch: mode === 'auto' ? Infinity : prefetch });
    this.#say('SUBSCRIBE', { id, destination, ack: mode, 'prefetch-count': String(prefetch) }, (answer) => {
      if (answer === 'ERROR') this.subscriptions.delete(id);
    });
  }

  unsubscribe(place: number): void {
    const id = chosen([...this.subscriptions.keys()], place);
    if (id === undefined) return;
    this.#read();
    this.subscriptions.delete(id);
    this.#say('UNSUBSCRIBE', { id });
  }

  settle(command: 'ACK' | 'NACK', place: number, inTransaction: boolean): void {
    const delivery = chosen(this.outstanding(), place);
    if (delivery === undefined) return;
    // What it would cover depends on whether the COMMIT under way has been refused already.
    if (this.#committing > 0 && this.#modeOf(delivery) === 'client') return;
    const accepted = command === 'ACK';
    const transaction = inTransaction ? this.#transaction : undefined;
    if (transaction === undefined) {
      for (const { message } of this.#cover(delivery)) if (accepted) message.acknowledged = 'yes';
    } else transaction.settling.push({ delivery, accepted });
    this.#say(command, { id: delivery.ack, ...named(transaction) });
  }

  begin(): void {
    if (this.#transaction !== undefined) return;
    this.#transaction = { sent: [], settling: [] };
    this.#say('BEGIN', { transaction: 't' });
  }

  abort(): void {
    if (this.#transaction === undefined) return;
    for (const message of this.#transaction.sent) message.stored = 'no';
    this.#transaction = undefined;
    this.#say('ABORT', { transaction: 't' });
  }

  commit(): void {
    if (this.#transaction === undefined) return;
    const { sent, settling } = this.#transaction;
    this.#transaction = undefined;
    const taken = settling.flatMap(({ delivery, accepted }) =>
      this.#cover(delivery).map((covered) => ({ delivery: covered, accepted })),
    );
    this.#committing += 1;
    this.#say('COMMIT', { transaction: 't' }, (answer) => {
      this.#committing -= 1;
      const outcome = ({ RECEIPT: 'yes', ERROR: 'no', none: 'unknown' } as const)[answer];
      for (const message of sent) message.stored = outcome;
      for (const { delivery, accepted } of taken) {
        if (answer === 'ERROR') this.#settled.delete(delivery);
        else if (accepted && delivery.message.acknowledged !== 'yes') delivery.message.acknowledged = outcome;
      }
    });
  }

  /** DISCONNECT lets the broker finish and answer what is under way; a connection that drops does not. */
  leave(by: 'DISCONNECT' | 'drop'): void {
    for (const message of this.#transaction?.sent ?? []) message.stored = 'no';
    this.#read();
    this.gone = true;
    this.subscriptions.clear();
    if (by === 'DISCONNECT') this.#say('DISCONNECT', {});
    else this.#end();
  }

  /** @returns whether something was not answered although the connection did not drop. */
  end(): boolean {
    this.#read();
    const unanswered = this.#unanswered.size;
    this.#end();
    return unanswered > 0;
  }

  #end(): void {
    this.transport.drop();
    for (const answered of this.#unanswered.values()) answered('none');
    this.#unanswered.clear();
  }

  /** Takes what is settled with this delivery out of what is outstanding. */
  #cover(delivery: Delivery): Delivery[] {
    const outstanding = this.outstanding();
    const { subscription } = delivery;
    const place = outstanding.indexOf(delivery);
    const individual = this.#modeOf(delivery) === 'client-individual';
    const covered = outstanding
      .slice(individual ? place : 0, place + 1)
      .filter((other) => other.subscription === subscription);
    for (const one of covered) this.#settled.add(one);
    return covered;
  }

  #modeOf({ subscription }: Delivery): AckMode | undefined {
    return this.subscriptions.get(subscription)?.mode;
  }

  #say(
    command: string,
    headers: Record<string, string>,
    onAnswer: (answer: Answer) => void = () => undefined,
    body = '',
  ): void {
    this.#frames += 1;
    const receipt = String(this.#frames);
    this.#unanswered.set(receipt, onAnswer);
    const lines = Object.entries({ ...headers, receipt }).map(([name, value]) => `${name}:${value}\n`);
    this.transport.receive(`${command}\n${lines.join('')}\n${body}\0`);
    this.#read();
  }

  #read(): void {
    for (const frame of this.#newFrames()) {
      const { command, headers } = frame;
      if (command === 'MESSAGE') this.#received(frame);
      if (command !== 'RECEIPT' && command !== 'ERROR') continue;
      const receipt = headers['receipt-id'] ?? '';
      const answered = this.#unanswered.get(receipt);
      this.#unanswered.delete(receipt);
      if (answered === undefined) throw new Error(`answer to nothing: ${command} ${receipt}`);
      if (command === 'ERROR' && !expected.includes(headers['message'] ?? ''))
        throw new Error(headers['message']);
      answered(command);
    }
  }

  #received({ headers, body }: WrittenFrame): void {
    const message = this.#messages.get(body);
    if (message === undefined) throw new Error(`a message that nobody sent: ${body}`);
    message.deliveries += 1;
    const { ack, subscription = '' } = headers;
    if (ack === undefined) message.acknowledged = 'yes';
    else this.#deliveries.push({ ack, subscription, message });
  }
}

/** What may be refused without a fault of the broker. */
const expected = [
  'not stored',
  'acknowledgement not on disk yet',
  'dead letter not stored',
  'a delivery of the transaction is not in flight',
  'store full',
  'memory full',
  'too many queues',
];

function named(transaction: object | undefined): Record<string, string> {
  return transaction === undefined ? {} : { transaction: 't' };
}

function chosen<T>(items: readonly T[], place: number): T | undefined {
  return items[place % Math.max(1, items.length)];
}
