/**
 * The connection on which suspects are tried (suspects.ts): one apart, so that whoever ends it disturbs no others, and
 * those others show that the broker lives. It is there while there is something to try.
 */
import { createLeaving } from './leaving.js';
import { createReconnecting } from './reconnecting.js';
import type { Reconnecting, ReconnectingOptions } from './reconnecting.js';
import type { PlacedSend, SendPlaces } from './send-places.js';
import type { StompConnection } from './stomp-connection.js';

export interface Trials {
  /**
   * The connection for a suspect that may go together with `mostTogether - 1` others, when it may go now; else `wait`, and
   * it is opened when it is not there. Undefined when it does not come up: then it is better to disturb others than not to
   * try at all. {@link TrialsOptions.onChange} tells when to ask again.
   */
  connectionFor(place: PlacedSend, mostTogether: number): StompConnection | 'wait' | undefined;
  /** A suspect goes; the returned function says that it ended. */
  begin(mostTogether: number): () => void;
  current(): StompConnection | undefined;
  stop(deadlineMs: number): Promise<void>;
}

interface TrialsOptions extends Omit<ReconnectingOptions, 'onUp' | 'onDown' | 'purpose' | 'isApart'> {
  readonly places: Pick<SendPlaces, 'hasRoom'>;
  readonly onChange: (connection: StompConnection | undefined) => void;
}

/** It is kept so long for the next suspect. */
const idleMs = 5_000;
/** When it did not come up it is opened again after this. */
const retryMs = 60_000;
const goodbyeMs = 5_000;

export function createTrials(options: TrialsOptions): Trials {
  const { clock, connectTimeoutMs } = options.settings;
  let underWay = 0;
  /** Of those that went since none was under way. */
  let leastTogether = Infinity;
  /** Somebody found no room: nobody follows before all have ended, else one who must go alone would wait for ever. */
  let isRoundOver = false;
  let link: Reconnecting | undefined;
  const leaving = createLeaving();
  let failedAt = -Infinity;
  let cancelTimer = (): void => undefined;

  function end(deadlineMs: number): void {
    cancelTimer();
    const ended = link;
    link = undefined;
    if (ended === undefined) return;
    leaving.add(ended, deadlineMs);
  }

  /** Each has a new one: the pauses of a connection that ends again and again are for brokers that are away. */
  function open(): void {
    const opened = createReconnecting({
      ...options,
      purpose: 'send-trial',
      isApart: true,
      onUp(connection) {
        endWhenIdle();
        options.onChange(connection);
      },
      onDown: () => {
        if (link !== opened) return;
        end(0);
        // Whoever asked meanwhile was told to wait for this one.
        options.onChange(undefined);
      },
    });
    link = opened;
    cancelTimer = clock.after(connectTimeoutMs, () => {
      failedAt = clock.monotonic();
      end(0);
      options.onChange(undefined);
    });
    void opened.start();
  }

  function endWhenIdle(): void {
    cancelTimer();
    if (link !== undefined && underWay === 0) cancelTimer = clock.after(idleMs, () => end(goodbyeMs));
  }

  return {
    connectionFor(place, mostTogether) {
      if (underWay === 0) [isRoundOver, leastTogether] = [false, Infinity];
      const connection = link?.current();
      if (connection === undefined) {
        if (clock.monotonic() - failedAt < retryMs) return undefined;
        if (link === undefined) open();
        return 'wait';
      }
      const isFull = underWay >= Math.min(mostTogether, leastTogether);
      if (isFull || !options.places.hasRoom(connection, place)) isRoundOver = true;
      return isRoundOver ? 'wait' : connection;
    },
    begin(mostTogether) {
      underWay += 1;
      leastTogether = Math.min(leastTogether, mostTogether);
      cancelTimer();
      return () => {
        underWay -= 1;
        if (link?.current() !== undefined) endWhenIdle();
      };
    },
    current: () => link?.current(),
    async stop(deadlineMs) {
      end(deadlineMs);
      await leaving.stop(deadlineMs);
    },
  };
}
