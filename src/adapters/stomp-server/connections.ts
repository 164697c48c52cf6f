import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Deferred } from '#core/deferred.js';
import { createDeferred } from '#core/deferred.js';
import type { Session } from './frame-handler.js';
import { stompSubProtocols } from './frame.js';
import type { StompRefusal } from './refusal.js';
import { protocolFault } from './refusal.js';
import type { SessionOptions } from './session.js';
import { createSession } from './session.js';
import type { Transport } from './transport.js';
import { createWebSocketTransport, goingAway, normalClosure } from './websocket-transport.js';

type Accept = SessionOptions['accept'];

/** The connections of one STOMP server, from their opening to their end, over any transport. */
export interface StompConnections {
  /** Serves a client; `accept` makes the handler of its frames once it has logged in. */
  open(transport: Transport, accept: Accept): void;
  /**
   * Serves an upgraded WebSocket, sub-protocol `v12.stomp` or `v11.stomp` (`stompSubProtocols`) or none, of a server
   * with `autoPong: false`: `ws` would answer pings without end to a client that reads none of it.
   *
   * @param stream the socket below it (`request.socket`): with it, the frames of one turn leave in one write.
   */
  openWebSocket(socket: WebSocket, stream: Duplex | undefined, accept: Accept): void;
  /** Closes all; what is not closed after so many milliseconds is destroyed. Resolves when none is left. */
  close(deadlineMs: number): Promise<void>;
  /** Also those that have not logged in, and those on their way out. */
  readonly size: number;
}

export interface StompConnectionsOptions extends Pick<
  SessionOptions,
  'server' | 'limits' | 'clock' | 'logger' | 'login'
> {
  /** While false, whoever comes is closed at once. */
  readonly isServing: () => boolean;
  /** How many there may be, and what one too many is told; absent: who lets them in counts them. */
  readonly most?: { readonly count: number; readonly refusal: StompRefusal };
}

export function createStompConnections(options: StompConnectionsOptions): StompConnections {
  const { server, limits, clock, logger, login, isServing, most } = options;
  const sessions = new Map<Transport, Session>();
  /** Of them those that were too many and are to read why: they take nobody's place. */
  const refused = new Set<Transport>();
  /** Set while all are closed: WebSockets belong to no listener, so nobody else says when they are gone. */
  let allGone: Deferred<void> | undefined;

  function open(transport: Transport, accept: Accept): Session {
    const session = createSession({
      ...{ transport, server, limits, clock, logger, login, accept },
      id: randomBytes(6).toString('hex'),
      onClosed: () => {
        sessions.delete(transport);
        refused.delete(transport);
        if (sessions.size === 0) allGone?.resolve();
      },
    });
    sessions.set(transport, session);
    if (!isServing()) session.close();
    else if (most !== undefined && sessions.size - refused.size > most.count) {
      // In a flood there is no room for words either.
      if (refused.size >= most.count) transport.destroy();
      refused.add(transport);
      session.fail(most.refusal);
    }
    return session;
  }

  return {
    open: (transport, accept) => void open(transport, accept),
    openWebSocket(socket, stream, accept) {
      const closeCode = (): number => (isServing() ? normalClosure : goingAway);
      const transport = createWebSocketTransport(socket, stream, {
        clock,
        closeMs: limits.closeMs,
        closeCode,
      });
      const session = open(transport, accept);
      const { protocol } = socket;
      if (protocol === '' || (stompSubProtocols as readonly string[]).includes(protocol)) return;
      session.fail(
        protocolFault(
          'sub-protocol is not STOMP',
          `Sub-protocols are ${stompSubProtocols.join(', ')}, or none.`,
        ),
      );
    },
    async close(deadlineMs) {
      allGone = createDeferred();
      if (sessions.size === 0) allGone.resolve();
      for (const session of [...sessions.values()]) session.close();
      const cancelDestroy = clock.after(deadlineMs, () => {
        for (const transport of [...sessions.keys()]) transport.destroy();
      });
      await allGone.promise;
      cancelDestroy();
    },
    get size() {
      return sessions.size;
    },
  };
}
