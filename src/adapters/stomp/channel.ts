/**
 * Message Channel (https://www.enterpriseintegrationpatterns.com/MessageChannel.html) over STOMP.
 * Sends have connections of their own, several, each with a bound on what is unconfirmed: a broker that
 * blocks while it writes a receipt must never hold back replies, nor the other way round. What a connection has no
 * room for waits here, in order for each destination, and costs no memory but the message itself.
 * A missing receipt ends its connection, as does a full Artemis. So a destination that missed one, or has no room, is sent
 * to over a connection apart, until it confirms again: the next miss ends nothing that others use.
 * Failure: a send rejects as soon as its connection ends; nothing is sent again here, that is the caller's
 * decision. Shutdown: what waits is rejected, what is written gets until the deadline for its receipt.
 */
import type { Destination } from '#core/destination.js';
import type { ErrorCode } from '#core/error-kinds.js';
import { ReplytoError, isReplytoError } from '#core/errors.js';
import type { Message } from '#core/message.js';
import type { MessageChannel, SendOptions } from '#core/ports/message-channel.js';
import { bodyForm } from './body.js';
import type { BrokerAddress } from './broker-url.js';
import type { ConnectionLog } from './connection-log.js';
import type { Dialect } from './dialects/dialect.js';
import { toHeaders } from './headers.js';
import type { OutgoingFrame } from './outgoing-frame.js';
import { frameSize } from './outgoing-frame.js';
import { overdueMs } from './overdue.js';
import { createLosses } from './losses.js';
import { createReconnecting } from './reconnecting.js';
import { createSendPlaces } from './send-places.js';
import type { PlacedSend, SendPlacesOptions } from './send-places.js';
import type { ConnectionSettings, StompConnection } from './stomp-connection.js';
import { createSuspects } from './suspects.js';
import { createTrials } from './trials.js';
import { createUnconfirming } from './unconfirming.js';
import { createWaitingSends } from './waiting-sends.js';

export interface ChannelOptions extends SendPlacesOptions {
  readonly address: BrokerAddress;
  readonly log: ConnectionLog;
  readonly settings: ConnectionSettings;
  readonly random: () => number;
  /** Of its connections, for their names. */
  readonly purpose: string;
  /** Connections that share the sends; without one every send rejects. */
  readonly connections: number;
}

export interface StompChannel extends MessageChannel {
  start(): Promise<ReplytoError | null>;
  stop(deadlineMs: number): Promise<void>;
  /** Sends that wait for a free place or for a receipt. */
  readonly pending: number;
  /** The broker of an open connection, if there is one. */
  broker(): StompConnection['broker'] | undefined;
  /** Of the open connections, see `overdueMs` in overdue.ts; 0 without one. */
  overdueMs(): number;
}

interface WaitingSend {
  readonly place: PlacedSend;
  readonly destination: Destination;
  readonly message: Message;
  readonly options: SendOptions & { readonly persistent: boolean };
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

export function createStompChannel(options: ChannelOptions): StompChannel {
  const { clock } = options.settings;
  const upListeners = new Set<() => void>();
  const waiting = createWaitingSends<WaitingSend>();
  const places = createSendPlaces(options);
  const suspects = createSuspects(clock);
  let sending = 0;
  let stopped = false;

  const links = Array.from({ length: options.connections }, (_, index) =>
    createReconnecting({
      ...options,
      purpose: `${options.purpose}-${index + 1}`,
      onUp: (connection) => {
        connection.onDrain(dispatch);
        for (const listener of upListeners) listener();
        dispatch();
      },
      onDown: () => {
        if (openConnections().length === 0) rejectWaiting('the connection to the broker ended');
      },
    }),
  );

  /** Of a connection apart. */
  const onChange = (connection: StompConnection | undefined): void => {
    connection?.onDrain(dispatch);
    dispatch();
  };
  const unconfirming = createUnconfirming({ ...options, onChange });
  const trials = createTrials({ ...options, places, onChange });

  const losses = createLosses({
    clock,
    suspects,
    connections: () => [...openConnections(), trials.current()].filter((one) => one !== undefined),
    onJudged: dispatch,
  });

  function openConnections(): StompConnection[] {
    return links.map((link) => link.current()).filter((connection) => connection !== undefined);
  }

  function rejectWaiting(detail: string): void {
    for (const { reject } of waiting.clear()) reject(new ReplytoError('BROKER_UNAVAILABLE', { detail }));
  }

  /** Of the connections that have room, `shared` or apart, the one with the fewest unconfirmed sends. */
  function freeConnection(send: WaitingSend, shared: StompConnection[]): StompConnection | undefined {
    const { place, message, destination } = send;
    const apart = suspects.has(message, destination)
      ? trialConnection(place, suspects.mostTogether(message, destination))
      : unconfirming.connectionFor(place.destination);
    if (apart === 'wait') return undefined;
    const candidates = apart === undefined ? shared : [apart];
    const free = candidates.filter((one) => places.hasRoom(one, place));
    return free.sort((a, b) => a.unconfirmed - b.unconfirmed)[0];
  }

  function trialConnection(place: PlacedSend, mostTogether: number): StompConnection | 'wait' | undefined {
    // A trial says nothing without another connection that outlives it.
    if (losses.areOpen || openConnections().length === 0) return 'wait';
    return trials.connectionFor(place, mostTogether);
  }

  function dispatch(): void {
    if (waiting.size === 0) return;
    // Looked for again only when a place was taken: there may be thousands of destinations that wait.
    let free = notFull();
    const take = (send: WaitingSend): boolean => {
      const isTaken = tryToWrite(send, free.shared);
      if (isTaken) free = notFull();
      return isTaken;
    };
    waiting.offer(take, () => free.shared.length + free.apart.length === 0);
  }

  function notFull(): Record<'shared' | 'apart', StompConnection[]> {
    const apart = [unconfirming.current(), trials.current()].filter((one) => one !== undefined);
    const isNotFull = (one: StompConnection): boolean => !places.isFull(one);
    return { shared: openConnections().filter(isNotFull), apart: apart.filter(isNotFull) };
  }

  function tryToWrite(send: WaitingSend, shared = openConnections()): boolean {
    const connection = freeConnection(send, shared);
    if (connection !== undefined) write(connection, send);
    return connection !== undefined;
  }

  function write(connection: StompConnection, send: WaitingSend): void {
    let frame: OutgoingFrame;
    try {
      frame = toFrame(send, connection.broker.dialect);
    } catch (error) {
      send.reject(error);
      return;
    }
    const { message, destination, place } = send;
    const wasTrial = connection === trials.current();
    const endTrial = wasTrial ? trials.begin(suspects.mostTogether(message, destination)) : undefined;
    const leave = places.take(connection, { ...place, bytes: frameSize(frame) });
    sending += 1;
    connection
      .send(frame)
      .finally(() => {
        sending -= 1;
        leave();
        endTrial?.();
        dispatch();
      })
      .then(
        () => {
          suspects.clear(message, destination);
          unconfirming.clear(place.destination);
          send.resolve();
        },
        async (error: unknown) => send.reject(await judge(send, connection, { error, wasTrial })),
      );
  }

  function toFrame({ destination, message, options: how }: WaitingSend, dialect: Dialect): OutgoingFrame {
    const headers = { ...toHeaders(message, dialect), ...dialect.sendHeaders(destination) };
    if (how.persistent) headers['persistent'] = 'true';
    if (how.brokerExpiresAt !== undefined) {
      Object.assign(headers, dialect.expiryHeaders(how.brokerExpiresAt, how.now ?? clock.now()));
    }
    const asText = bodyForm(dialect, message) === 'text';
    return { address: dialect.toAddress(destination), headers, body: message.body, asText };
  }

  /** What a send that failed rejects with. */
  function judge(
    { message, destination, place }: WaitingSend,
    connection: StompConnection,
    { error, wasTrial }: { readonly error: unknown; readonly wasTrial: boolean },
  ): unknown {
    const { namesRefusedFrames, closesItself } = connection.broker.dialect;
    const endedIt = (code: ErrorCode): boolean =>
      code === 'RECEIPT_TIMEOUT' || (code === 'BROKER_FULL' && closesItself);
    if (isReplytoError(error) && endedIt(error.code) && !stopped) unconfirming.add(place.destination);
    if (namesRefusedFrames || stopped || !isReplytoError(error)) return error;
    if (error.code === 'SEND_UNCONFIRMED' && connection.leavesDoubt)
      return losses.add(connection, { message, destination, error, wasTrial });
    if (error.code === 'SEND_REFUSED') suspects.add(message, destination);
    return error;
  }

  function enqueue(destination: Destination, message: Message, how: WaitingSend['options']): Promise<void> {
    if (stopped || openConnections().length === 0) {
      const detail = stopped ? 'the channel is stopped' : 'there is no connection to the broker';
      return Promise.reject(
        new ReplytoError('BROKER_UNAVAILABLE', { detail, destination: destination.name }),
      );
    }
    const place = { destination: `${destination.kind} ${destination.name}`, bytes: message.body.byteLength };
    return new Promise((resolve, reject) => {
      waiting.add(place.destination, { place, destination, message, options: how, resolve, reject });
      // No place became free: the others that wait have been asked.
      waiting.offerOf(place.destination, tryToWrite);
    });
  }

  return {
    isUp: () => !stopped && openConnections().length > 0,
    onUp(callback) {
      upListeners.add(callback);
      return () => void upListeners.delete(callback);
    },
    send: (destination, message, how = {}) => enqueue(destination, message, { ...how, persistent: true }),
    publish: (destination, message) => enqueue(destination, message, { persistent: false }),
    async start() {
      const outcomes = await Promise.all(links.map((link) => link.start()));
      return outcomes.includes(null) ? null : (outcomes[0] ?? null);
    },
    async stop(deadlineMs) {
      stopped = true;
      rejectWaiting('the channel is stopped');
      losses.stop();
      upListeners.clear();
      await Promise.all([unconfirming, trials, ...links].map((one) => one.stop(deadlineMs)));
    },
    get pending() {
      return waiting.size + sending;
    },
    broker: () => openConnections()[0]?.broker,
    overdueMs: () => overdueMs(openConnections(), clock.monotonic()),
  };
}
