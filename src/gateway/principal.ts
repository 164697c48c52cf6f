/**
 * Who calls, and what they may do. Found out once for each call, in authentication.ts; every resource asks its
 * principal and nothing else about rights.
 */
import type { ServerResponse } from 'node:http';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { Identity } from '#core/ports/authenticator.js';
import type { Clock } from '#core/ports/clock.js';
import { isQueueAllowed } from '#schema/queue-pattern.js';

export interface Principal {
  /** The owner of what it posts and leases; null where nobody has to log in. */
  readonly name: string | null;
  /** Whether it has proved who it is, or need not. */
  readonly isKnown: boolean;
  /** Whether it may ask the queue, or send to it. */
  mayAsk(queue: string): boolean;
  /** Whether it may read the queue. */
  mayRead(queue: string): boolean;
  mayReplyTo(queue: string): boolean;
  mayUseProject(project: string): boolean;
  /** All queues and topics of the embedded broker, over WebSocket. */
  mayUseBroker(): boolean;
  /** Calls back once when it may go on no longer, or at once; for what lasts. Returns what takes the callback away. */
  onEnd(clock: Clock, callback: () => void): () => void;
}

/** Everybody, where nobody has to log in. */
export const anybody: Principal = {
  name: null,
  isKnown: true,
  mayAsk: () => true,
  mayRead: () => true,
  mayReplyTo: () => true,
  mayUseProject: () => true,
  mayUseBroker: () => true,
  onEnd: () => () => undefined,
};

/** Somebody without a token, at what is open to all. No request belongs to it: no name is empty. */
export const stranger: Principal = {
  name: '',
  isKnown: false,
  mayAsk: () => false,
  mayRead: () => false,
  mayReplyTo: () => false,
  mayUseProject: () => false,
  mayUseBroker: () => false,
  onEnd: () => () => undefined,
};

export function toPrincipal({ grants, expiresAt, onWithdrawn }: Identity): Principal {
  return {
    name: grants.name,
    isKnown: true,
    mayAsk: (queue) => isQueueAllowed(grants.queues, queue),
    mayRead: (queue) => isQueueAllowed(grants.read, queue),
    mayReplyTo: (queue) => isQueueAllowed(grants.replyTo, queue),
    mayUseProject: (project) => isQueueAllowed(grants.projects, project),
    mayUseBroker: () => grants.broker,
    onEnd(clock, callback) {
      const ended = new AbortController();
      let stop = (): void => undefined;
      // May call back at once.
      const unwatch = onWithdrawn(end);
      const cancel =
        expiresAt === null ? () => undefined : clock.after(Math.max(0, expiresAt - clock.now()), end);
      stop = () => {
        unwatch();
        cancel();
      };
      if (ended.signal.aborted) stop();

      function end(): void {
        if (ended.signal.aborted) return;
        ended.abort();
        stop();
        callback();
      }
      return stop;
    },
  };
}

const principals = new WeakMap<ServerResponse, Principal>();

/** Who called; known to every resource, because authentication comes before all of them. */
export function principalOf(response: ServerResponse): Principal {
  const principal = principals.get(response);
  if (principal === undefined) throw new Error('a call came by authentication');
  return principal;
}

export function setPrincipal(response: ServerResponse, principal: Principal): void {
  principals.set(response, principal);
}

/** Who reads a queue and holds what it leases. @throws NOT_PERMITTED */
export function readerOf(response: ServerResponse, queue: string): Principal {
  const principal = principalOf(response);
  const right = 'read this queue';
  refuseUnless(principal.mayRead(queue), principal, { field: 'queue', value: queue, right });
  return principal;
}

/**
 * @param right in words: `ask this queue`
 * @throws NOT_PERMITTED unless `isPermitted`
 */
export function refuseUnless(
  isPermitted: boolean,
  { name }: Principal,
  { field, value, right }: { readonly field: string; readonly value: string; readonly right: string },
): void {
  if (isPermitted) return;
  const allowed = `'${name ?? ''}' may not ${right}; its rights stand in its entry of authTokensFile or in its JWT`;
  throw new ReplytoError('NOT_PERMITTED', { problems: [toProblem(field, value, allowed)] });
}
