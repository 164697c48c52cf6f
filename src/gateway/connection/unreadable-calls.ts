/**
 * What Node's parser gives up on: broken HTTP, too many bytes of headers, a call that does not come whole in time.
 * Such a call never becomes a request; it gets a problem of its own in its turn, and its connection is closed. Calls
 * before it on the same connection, which came whole, are answered as if nothing had followed.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { ErrorCode } from '#core/error-kinds.js';
import { durationInWords } from '#schema/duration.js';
import { bodyCutOff } from '../body.js';
import type { Call, Connections } from './connections.js';
import { StatusError, sendLastProblem } from '../problem.js';
import { maxHeaderBytes } from './http-server.js';
import type { CallDeadlines } from './http-server.js';
import { endWithProblem } from './raw-problem.js';

export interface UnreadableCallOptions {
  readonly connections: Connections;
  readonly deadlines: CallDeadlines;
  readonly onRefused: () => void;
}

type ParserError = Error & { readonly code?: string; readonly reason?: string };

export function answerUnreadableCalls(
  server: Server,
  { connections, deadlines, onRefused }: UnreadableCallOptions,
): void {
  const broken = new WeakSet<Duplex>();

  function refuse(socket: Socket, last: Call | undefined, error: ReplytoError): void {
    if (last === undefined || last.request.complete) {
      connections.whenAnswered(socket, () => endWithProblem(socket, error));
    } else if (last.response.headersSent) {
      // Behind an answer that it had before its end, another one would be taken for that of the next call.
      connections.whenAnswered(socket, () => socket.destroySoon());
    } else {
      sendLastProblem(last.response, error);
    }
  }

  server.on('clientError', (error: ParserError, duplex) => {
    const socket = duplex as Socket;
    // The connection itself has failed, and nobody is there to be told.
    if (socket.destroyed) return;
    // No agreement upon TLS was reached: there is nothing to write an answer on.
    if (!connections.open.has(socket)) {
      socket.destroy();
      return;
    }
    const last = connections.calls(socket).at(-1);
    if (socket.readableEnded && last?.request.complete === true) {
      // As everywhere in Node, who closes its side while it waits for an answer has hung up.
      socket.destroySoon();
    } else if (!broken.has(socket)) {
      broken.add(socket);
      onRefused();
      refuse(socket, last, toError(error, last?.request.complete === false ? last : undefined, deadlines));
    }
  });
}

/** `begun`: the call whose headers came whole and whose body did not. */
function toError(error: ParserError, begun: Call | undefined, deadlines: CallDeadlines): ReplytoError {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW': {
      const allowed = `at most ${maxHeaderBytes} bytes altogether, with the path`;
      return new StatusError(431, 'INVALID_REQUEST', {
        problems: [toProblem('headers', undefined, allowed)],
      });
    }
    case 'ERR_HTTP_REQUEST_TIMEOUT': {
      return begun === undefined
        ? timeout('INVALID_REQUEST', 'headers', deadlines.headersTimeoutMs)
        : timeout('BODY_UNREADABLE', 'call', deadlines.callTimeoutMs);
    }
    case 'HPE_INVALID_EOF_STATE': {
      return begun === undefined ? noHttp(error) : bodyCutOff(begun.request);
    }
    default: {
      return noHttp(error);
    }
  }
}

function timeout(code: ErrorCode, what: string, withinMs: number): StatusError {
  const problems = [toProblem(what, undefined, `to come whole within ${durationInWords(withinMs)}`)];
  return new StatusError(408, code, { problems });
}

function noHttp({ reason, message }: ParserError): ReplytoError {
  const problems = [toProblem('HTTP', reason ?? message, 'a call of HTTP/1.1')];
  return new ReplytoError('INVALID_REQUEST', { problems });
}
