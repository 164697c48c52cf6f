import { ReplytoError, toReplytoError } from '#core/errors.js';
import type { BrokerAddress, Endpoint } from './broker-url.js';
import type { ConnectionLog } from './connection-log.js';
import { openConnection } from './connection.js';
import type { ConnectionSettings, StompConnection } from './stomp-connection.js';

export interface ReconnectingOptions {
  /** For the log: what the connection is for. */
  readonly purpose: string;
  /** It is there for what troubles others: its ups and downs say nothing of the broker. */
  readonly isApart?: boolean;
  readonly log: ConnectionLog;
  readonly address: BrokerAddress;
  readonly settings: ConnectionSettings;
  /** 0 up to 1; jitter keeps a hundred clients from coming back in the same moment. */
  readonly random: () => number;
  /** What must be there before the connection counts as up, such as its subscriptions. A throw ends it. */
  readonly prepare?: (connection: StompConnection) => Promise<void>;
  readonly onUp?: (connection: StompConnection) => void;
  readonly onDown?: (reason: ReplytoError) => void;
}

/** A connection that comes back: after every end it is opened again, at the next endpoint of the list. */
export interface Reconnecting {
  /** Begins; resolves when it is up, or with what went wrong when each address of the list was tried in vain. */
  start(): Promise<ReplytoError | null>;
  stop(deadlineMs: number): Promise<void>;
  /** The connection while it is up. */
  current(): StompConnection | undefined;
}

const firstDelayMs = 100;
const longestDelayMs = 5_000;
/** A connection that lived this long starts the back-off from the beginning. */
const provenAfterMs = 10_000;

/** Milliseconds before attempt number `failures`: doubled each time, half of it random. */
export function backoffMs(failures: number, random: () => number): number {
  const ceiling = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(failures, 16));
  return ceiling / 2 + (random() * ceiling) / 2;
}

export function createReconnecting(options: ReconnectingOptions): Reconnecting {
  const { address, settings, random } = options;
  const { clock } = settings;
  const log = options.log.link(options.purpose, options.isApart);
  const stopping = new AbortController();
  let current: StompConnection | undefined;
  let wake: (() => void) | undefined;
  let running: Promise<void> | undefined;
  let next = address.randomize ? Math.floor(random() * address.endpoints.length) : 0;

  /** A connection that is not prepared yet has nothing to say goodbye for: a stop ends it at once. */
  async function open(): Promise<StompConnection> {
    const endpoint = endpointAt(address, next);
    next += 1;
    const connection = await openConnection(endpoint, settings, stopping.signal);
    const onStop = (): void => connection.terminate(stopped());
    stopping.signal.addEventListener('abort', onStop);
    try {
      if (isStopped()) onStop();
      await options.prepare?.(connection);
      return connection;
    } catch (error) {
      const reason = toReplytoError(error);
      connection.terminate(reason);
      throw reason;
    } finally {
      stopping.signal.removeEventListener('abort', onStop);
    }
  }

  /** A function, because stop() may have been called during an await. */
  function isStopped(): boolean {
    return stopping.signal.aborted;
  }

  async function run(begun: (outcome: ReplytoError | null) => void): Promise<void> {
    let failures = 0;
    let untried = address.endpoints.length;
    let told: ReplytoError | undefined;
    while (!isStopped()) {
      try {
        current = await open();
      } catch (error) {
        const reason = toReplytoError(error);
        // What a broker says tells more than that another one is away.
        if (told === undefined || told.code === 'BROKER_UNAVAILABLE') told = reason;
        untried -= 1;
        if (untried <= 0 || isStopped()) begun(told);
        if (isStopped()) return;
        log.down(reason);
        await pause(backoffMs(failures++, random));
        continue;
      }
      if (isStopped()) {
        current.terminate(stopped());
        return;
      }
      const upAt = clock.monotonic();
      log.up(current);
      begun(null);
      options.onUp?.(current);
      const reason = await current.ended;
      current = undefined;
      options.onDown?.(reason);
      if (isStopped()) return;
      log.down(reason);
      failures = clock.monotonic() - upAt >= provenAfterMs ? 0 : failures + 1;
      await pause(backoffMs(failures, random));
    }
  }

  function pause(ms: number): Promise<void> {
    if (isStopped()) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = clock.after(ms, done);
      function done(): void {
        cancel();
        wake = undefined;
        resolve();
      }
      wake = done;
    });
  }

  return {
    start: () =>
      new Promise((resolve) => {
        running = run(resolve).then(() => resolve(null));
      }),
    async stop(deadlineMs) {
      stopping.abort();
      wake?.();
      await current?.close(deadlineMs);
      await running;
      log.end();
    },
    current: () => (current?.isOpen() === true ? current : undefined),
  };
}

function endpointAt({ endpoints }: BrokerAddress, index: number): Endpoint {
  const endpoint = endpoints[index % endpoints.length];
  if (endpoint === undefined) throw new Error('an address has at least one endpoint');
  return endpoint;
}

function stopped(): ReplytoError {
  return new ReplytoError('BROKER_UNAVAILABLE', { detail: 'the connection was given up' });
}
