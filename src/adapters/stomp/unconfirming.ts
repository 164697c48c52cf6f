/**
 * Destinations that are full, or may be: they did not confirm a message within the deadline. They share one connection, which
 * is there while there are any: when a receipt is missing again, it ends with nobody else's messages on it.
 */
import { createLeaving } from './leaving.js';
import type { ReconnectingOptions } from './reconnecting.js';
import { createReconnecting } from './reconnecting.js';
import type { Reconnecting } from './reconnecting.js';
import type { StompConnection } from './stomp-connection.js';

export interface Unconfirming {
  add(destination: string): void;
  /** It has confirmed a message: it is like any other. */
  clear(destination: string): void;
  /**
   * The connection for one of them; `wait` while it is being opened. Undefined for any other destination, and for all when
   * it does not come up: then it is better to disturb others than not to try at all.
   */
  connectionFor(destination: string): StompConnection | 'wait' | undefined;
  /** The connection, if there is one and it is up. */
  current(): StompConnection | undefined;
  stop(deadlineMs: number): Promise<void>;
}

/** Of more, those that are so for the longest time are forgotten; nothing is lost by that. */
const mostDestinations = 1_000;
/** Beside the time that what was sent last has for its receipt. */
const goodbyeMs = 5_000;

interface UnconfirmingOptions extends Omit<ReconnectingOptions, 'onUp' | 'onDown' | 'purpose' | 'isApart'> {
  /** Called when more can be said of the connection than `wait`. */
  readonly onChange: (connection: StompConnection | undefined) => void;
}

export function createUnconfirming(options: UnconfirmingOptions): Unconfirming {
  const { clock, connectTimeoutMs, receiptTimeoutMs } = options.settings;
  const destinations = new Set<string>();
  let link: Reconnecting | undefined;
  let isAwaited = false;
  let cancelWait = (): void => undefined;
  const leaving = createLeaving();

  function awaitLink(): void {
    isAwaited = true;
    cancelWait = clock.after(connectTimeoutMs, () => {
      isAwaited = false;
      options.onChange(undefined);
    });
  }

  function begin(): void {
    awaitLink();
    const begun = createReconnecting({
      ...options,
      purpose: 'send-apart',
      isApart: true,
      onUp: (connection) => {
        if (link !== begun) return;
        cancelWait();
        options.onChange(connection);
      },
      onDown: () => {
        if (link === begun) awaitLink();
      },
    });
    link = begun;
    void begun.start();
  }

  function end(deadlineMs: number): void {
    cancelWait();
    isAwaited = false;
    const ended = link;
    link = undefined;
    if (ended === undefined) return;
    leaving.add(ended, deadlineMs);
  }

  return {
    add(destination) {
      destinations.add(destination);
      const [oldest] = destinations;
      if (destinations.size > mostDestinations && oldest !== undefined) destinations.delete(oldest);
      if (link === undefined) begin();
    },
    clear(destination) {
      if (destinations.delete(destination) && destinations.size === 0) end(receiptTimeoutMs + goodbyeMs);
    },
    connectionFor(destination) {
      if (!destinations.has(destination)) return undefined;
      return link?.current() ?? (isAwaited ? 'wait' : undefined);
    },
    current: () => link?.current(),
    async stop(deadlineMs) {
      destinations.clear();
      end(deadlineMs);
      await leaving.stop(deadlineMs);
    },
  };
}
