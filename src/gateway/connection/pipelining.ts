/**
 * Calls that come faster on one connection than they are answered. Node hands over all that one read holds at once,
 * thousands of them; begun together they would keep everybody else from being served meanwhile, and their answers
 * would fill the memory when nobody reads them.
 */
import type { RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ReplytoError } from '#core/errors.js';
import type { Call, Connections } from './connections.js';
import { sendLastProblem } from '../problem.js';

/** Calls of a connection that are begun before others have their turn. */
const begunAtOnce = 10;
/** Calls of a connection that are begun and whose answers are not taken yet: as many as may wait, and a little more. */
const mostUnderWay = 12;
/** Bytes of answers that wait for their client; beyond it the next call of its connection is not begun. */
const mostUnreadBytes = 1_048_576;
/** Calls of a connection that are not answered; the next one is its last. */
const mostUnanswered = 100;
/** Calls behind the last one: more than one read holds. Who goes on all the same is cut off. */
const mostIgnored = 5_000;

interface Line {
  readonly socket: Socket;
  readonly waiting: Call[];
  /** Those that were begun and whose answers are not taken, in their order. */
  underWay: ServerResponse[];
  begunInTurn: number;
  /** Of the call that was begun before the next one. */
  previous: ServerResponse | undefined;
  /** Calls behind the one that has the last answer; undefined before there is one. */
  ignored: number | undefined;
}

/**
 * Serves the calls of each connection in their order, ten in a turn of the event loop, and no more of them than their
 * client takes the answers of. The call after hundred that
 * have no answer gets 429 in its turn. Nothing that stands behind the last answer of a connection is served: it may be
 * a part of the call that was refused.
 */
export function paceCalls(server: Server, connections: Connections, serve: RequestListener): void {
  const lines = new WeakMap<Socket, Line>();

  function lineOf(socket: Socket): Line {
    const known = lines.get(socket);
    if (known !== undefined) return known;
    const line: Line = {
      socket,
      waiting: [],
      underWay: [],
      begunInTurn: 0,
      previous: undefined,
      ignored: undefined,
    };
    lines.set(socket, line);
    return line;
  }

  function hasRoom(line: Line): boolean {
    line.underWay = line.underWay.filter((response) => !response.writableFinished);
    const unread = line.underWay.reduce((bytes, { writableLength }) => bytes + writableLength, 0);
    return line.underWay.length < mostUnderWay && unread <= mostUnreadBytes;
  }

  function begin(line: Line): void {
    while (line.waiting.length > 0 && line.begunInTurn < begunAtOnce && hasRoom(line)) {
      const call = line.waiting.shift();
      if (call === undefined) return;
      if (line.previous?.getHeader('connection') === 'close') {
        close(line);
        return;
      }
      if (line.begunInTurn === 0) {
        setImmediate(() => {
          line.begunInTurn = 0;
          begin(line);
        });
      }
      line.begunInTurn += 1;
      line.previous = call.response;
      if (isOver(call)) continue;
      line.underWay.push(call.response);
      serve(call.request, call.response);
    }
  }

  // When the first answer is taken there is room, and there is one as long as there is none.
  connections.onChange((socket) => {
    const line = lines.get(socket as Socket);
    if (line !== undefined) begin(line);
  });

  server.on('request', (request, response) => {
    const { socket } = request;
    const line = lineOf(socket);
    if (line.ignored !== undefined) {
      line.ignored += 1;
      if (line.ignored > mostIgnored) socket.destroy();
      return;
    }
    const unanswered = connections.calls(socket).length - 1;
    if (unanswered >= mostUnanswered) {
      const detail = `${unanswered} calls of this connection are not answered yet; the limit is ${mostUnanswered}`;
      sendLastProblem(response, new ReplytoError('TOO_MANY_WAITING', { detail }));
      line.ignored = 0;
      // Reading the body of a call before it may set it going again.
      socket.pause();
      return;
    }
    line.waiting.push({ request, response });
    begin(line);
  });
}

function close(line: Line): void {
  line.waiting.length = 0;
  line.ignored = 0;
}

/** Its caller is gone, or it was refused before it was begun: the gateway stops, or its rest is no HTTP. */
function isOver({ request, response }: Call): boolean {
  return request.socket.destroyed || request.destroyed || response.headersSent;
}
