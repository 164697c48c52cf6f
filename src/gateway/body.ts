/** The body of a call, unpacked, as far as the limit allows: what is larger is refused before it has come. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { RequestHandler } from 'express';
import { ReplytoError, toProblem, toReplytoError } from '#core/errors.js';
import type { NameShares } from '#messaging/name-shares.js';
import { createNameShares } from '#messaging/name-shares.js';
import type { Configuration } from '#schema/configuration.js';
import { awaitsContinue } from './connection/protocol.js';
import type { GivenDigest } from './content-digest.js';
import { readContentDigest } from './content-digest.js';
import { principalOf } from './principal.js';

const unpackers: ReadonlyMap<string, () => Transform> = new Map([
  ['gzip', createGunzip],
  // Its old name (RFC 9110, 8.4.1.3).
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);

const rooms = new WeakMap<ServerResponse, NameShares>();

/** Lets the bodies of all calls share the room that `http.maxIncomingBytes` gives them while they come. */
export function shareBodyRoom({ maxIncomingBytes, maxBodyBytes }: Configuration['http']): RequestHandler {
  // Half of it is the most that a name gets, and that has to be one body.
  const limit = Math.max(maxIncomingBytes, 2 * maxBodyBytes);
  const room = createNameShares({ limit, what: 'bytes of bodies are coming' });
  return (_request, response, next) => {
    rooms.set(response, room);
    next();
  };
}

interface ReadBodyOptions {
  readonly maxBytes: number;
  /** Its `Content-Digest` is not compared: whoever copies the headers of the message sends the digest of that. */
  readonly isReply?: boolean;
}

/**
 * Reads the body to its end. Who waits for leave to send it (`Expect: 100-continue`) gets it here. After an error the
 * rest of the body is let go as it comes.
 *
 * @throws BODY_TOO_LARGE, UNSUPPORTED_CONTENT, BODY_UNREADABLE, TOO_MANY_WAITING; INVALID_REQUEST when it is not what
 *   `Content-Digest` says
 */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  { maxBytes, isReply = false }: ReadBodyOptions,
): Promise<Buffer> {
  const { 'content-encoding': encoding = '', 'content-length': length } = request.headers;
  const isPlain = encoding === '' || encoding.toLowerCase() === 'identity';
  const create = unpackers.get(encoding.toLowerCase());
  if (!isPlain && create === undefined) {
    response.setHeader('Accept-Encoding', 'gzip, deflate, br');
    const problems = [toProblem('Content-Encoding', encoding, 'gzip, deflate, br or none')];
    throw new ReplytoError('UNSUPPORTED_CONTENT', { problems });
  }
  const maxSentBytes = isPlain ? maxBytes : mostPackedBytes(maxBytes);
  if (length !== undefined && Number(length) > maxSentBytes) throw tooLarge(maxBytes, length);
  const digest = isReply ? undefined : readContentDigest(request);
  if (awaitsContinue(request)) response.writeContinue();
  return collect(request, response, {
    unpacker: create?.(),
    maxBytes,
    maxSentBytes,
    takeRoom: roomTaker(response),
    digest,
  });
}

/** Takes room for bytes that have come, and gives what returns it. @throws TOO_MANY_WAITING */
type TakeRoom = (bytes: number) => () => void;

function roomTaker(response: ServerResponse): TakeRoom {
  const room = rooms.get(response);
  if (room === undefined) throw new Error('a body has no room');
  const { name } = principalOf(response);
  return (bytes) => {
    const refusal = room.refusal(name, bytes);
    if (refusal !== null) throw new ReplytoError('TOO_MANY_WAITING', { detail: refusal });
    return room.take(name, bytes);
  };
}

interface CollectOptions {
  readonly unpacker: Transform | undefined;
  readonly maxBytes: number;
  /** As they are sent, packed or not. */
  readonly maxSentBytes: number;
  readonly takeRoom: TakeRoom;
  readonly digest: GivenDigest | undefined;
}

function collect(
  request: IncomingMessage,
  response: ServerResponse,
  { unpacker, maxBytes, maxSentBytes, takeRoom, digest }: CollectOptions,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const giveBack: (() => void)[] = [];
    let bytes = 0;
    let sentBytes = 0;
    const contents = unpacker ?? request;

    function onSent(chunk: Buffer): void {
      sentBytes += chunk.byteLength;
      digest?.update(chunk);
      if (sentBytes > maxSentBytes) fail(tooLarge(maxBytes));
    }
    function onContents(chunk: Buffer): void {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) {
        fail(tooLarge(maxBytes));
        return;
      }
      try {
        giveBack.push(takeRoom(chunk.byteLength));
        chunks.push(chunk);
      } catch (error) {
        fail(toReplytoError(error));
      }
    }
    function onEnd(): void {
      // Packed data may have come to its end before the call has.
      if (!request.readableEnded || !contents.readableEnded) return;
      const mismatch = digest?.mismatch();
      if (mismatch !== undefined) {
        fail(mismatch);
        return;
      }
      finish();
      resolve(Buffer.concat(chunks));
    }
    function onClose(): void {
      // Unpacking goes on.
      if (request.readableEnded) return;
      fail(bodyCutOff(request, sentBytes));
    }
    /** Somebody else answered while it was coming: a broken chunk, a half-close, a deadline. Then the request tells nothing. */
    function onAnswered(): void {
      fail(bodyCutOff(request, sentBytes));
    }
    function onPackedWrong(cause: Error): void {
      fail(unreadable(toProblem('body', undefined, 'data as Content-Encoding says'), cause));
    }
    function fail(error: ReplytoError): void {
      finish();
      reject(error);
    }
    function finish(): void {
      for (const each of giveBack.splice(0)) each();
      response.off('close', onAnswered);
      request.off('data', onSent).off('end', onEnd).off('close', onClose).off('error', onClose);
      contents.off('data', onContents).off('end', onEnd);
      if (unpacker !== undefined) {
        request.unpipe(unpacker);
        unpacker.destroy();
      }
      // Whatever is left stands before the next call.
      request.resume();
    }

    response.on('close', onAnswered);
    request.on('data', onSent).on('end', onEnd).on('close', onClose).on('error', onClose);
    contents.on('data', onContents);
    if (unpacker !== undefined) request.pipe(unpacker).on('end', onEnd).on('error', onPackedWrong);
  });
}

/** Of a body whose caller has ended its side of the connection; `sentBytes` is how much of it came, where known. */
export function bodyCutOff({ headers }: IncomingMessage, sentBytes?: number): ReplytoError {
  const expected = headers['content-length'];
  const allowed = expected === undefined ? 'a last chunk' : `${expected} bytes, as Content-Length says`;
  return unreadable(toProblem('body', sentBytes === undefined ? undefined : `${sentBytes} bytes`, allowed));
}

/** Data that cannot be made smaller grows by less than this in each of the encodings. */
function mostPackedBytes(bytes: number): number {
  return bytes + Math.ceil(bytes / 100) + 1_024;
}

export function tooLarge(maxBytes: number, length?: string): ReplytoError {
  const value = length === undefined ? undefined : `${length} bytes`;
  return new ReplytoError('BODY_TOO_LARGE', {
    problems: [toProblem('body', value, `at most ${maxBytes} bytes`)],
  });
}

function unreadable(problem: ReturnType<typeof toProblem>, cause?: Error): ReplytoError {
  return new ReplytoError('BODY_UNREADABLE', { problems: [problem], cause });
}
