/** The event streams of one kind of resource: how many may be open, for whom, and how they end. */
import type { Request, Response } from 'express';
import { ReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { NameShares } from '#messaging/name-shares.js';
import { keepWaiting, turnOf } from './connection/connection-waits.js';
import type { EventStream } from './event-stream.js';
import { describeEventStream, openEventStream } from './event-stream.js';
import { principalOf } from './principal.js';

export interface EventStreams {
  /**
   * Opens a stream when it is this call's turn, and gives it to `follow`. `prepare` may answer otherwise, or throw: then it
   * gives false.
   *
   * @throws TOO_MANY_WAITING, SHUTTING_DOWN
   */
  serve(
    request: Request,
    response: Response,
    how: {
      readonly prepare: () => Promise<boolean>;
      readonly follow: (stream: EventStream) => Promise<void> | void;
    },
  ): Promise<void>;
  /** Ends every stream, so that clients reconnect elsewhere or later. */
  stop(): void;
  readonly size: number;
}

export const retryMs = 2_000;

export function createEventStreams(options: {
  /** What a stream takes one of while it is open; others may share them. */
  readonly places: NameShares;
  readonly clock: Clock;
  readonly isStopping: () => boolean;
}): EventStreams {
  const { clock, places } = options;
  const streams = new Set<EventStream>();

  async function serveInTurn(
    request: Request,
    response: Response,
    { prepare, follow }: Parameters<EventStreams['serve']>[2],
  ): Promise<void> {
    if (!(await prepare())) return;
    if (options.isStopping()) throw new ReplytoError('SHUTTING_DOWN');
    if (request.method === 'HEAD') {
      // The stream would keep the connection without ever sending a byte.
      describeEventStream(response);
      response.end();
      return;
    }
    const principal = principalOf(response);
    const refusal = places.refusal(principal.name);
    if (refusal !== null) throw new ReplytoError('TOO_MANY_WAITING', { detail: refusal });
    if (response.destroyed) return;
    const giveBack = places.take(principal.name);
    const stream = openEventStream(response, clock);
    streams.add(stream);
    // A token is withdrawn or expires while streams of its name are open; who still has one comes back.
    const unwatch = principal.onEnd(clock, () => stream.end(retryMs));
    stream.onClose(() => {
      streams.delete(stream);
      giveBack();
      unwatch();
    });
    await follow(stream);
  }

  return {
    async serve(request, response, how) {
      const gone = new AbortController();
      const release = keepWaiting(response, () => gone.abort());
      try {
        // Behind another answer nobody could read the stream, and it would be buffered without bound.
        await turnOf(response, gone.signal);
        if (!gone.signal.aborted) await serveInTurn(request, response, how);
      } finally {
        release();
      }
    },
    stop() {
      for (const stream of [...streams]) stream.end(retryMs);
    },
    get size() {
      return streams.size;
    },
  };
}
