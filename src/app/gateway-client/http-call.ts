/**
 * One HTTP call with node:http. Not fetch: that gives up on an answer after five minutes, and a gateway may be
 * asked to hold one for an hour.
 */
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { errorCode, speaksNoTls } from '#adapters/stomp/failures.js';
import { ReplytoError } from '#core/errors.js';
import { systemClock } from '../system-clock.js';

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Where the gateway is: `http://127.0.0.1:8080`. */
  readonly base: URL;
  /** Path with query, encoded; goes out as it is. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Whom to trust, and what to show, where the address is https. */
  readonly tls?: ConnectionOptions;
  /** Milliseconds until the whole answer must be there. */
  readonly deadlineMs: number;
  /** Ends the call with WAIT_ABORTED. */
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names; a repeated header is joined. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Far above every reply that a gateway takes. */
const maxAnswerBytes = 256 * 1024 * 1024;
/** A gateway that lost its power says nothing while a reply is awaited; keep-alive probes find out. */
const keepAliveMs = 15_000;

/** @throws GATEWAY_UNAVAILABLE, WAIT_ABORTED */
export function callHttp(call: HttpCall): Promise<HttpAnswer> {
  return exchange(call, readAnswer);
}

/** An answer whose body comes bit by bit. */
export interface OpenAnswer extends Omit<HttpAnswer, 'body'> {
  /** Ends with an error when the connection broke, or said nothing for too long. To be read or closed. */
  readonly body: AsyncIterable<Buffer>;
  /** All of a body that ends soon, such as a problem. */
  readWhole(): Promise<HttpAnswer>;
  /** Lets go of it. */
  close(): void;
}

/**
 * The answer as soon as its head is there; `deadlineMs` is for that alone. The signal ends the body too.
 *
 * @param silenceMs Milliseconds without a byte after which the connection counts as broken.
 * @throws GATEWAY_UNAVAILABLE, WAIT_ABORTED
 */
export function openHttp(call: HttpCall, silenceMs: number): Promise<OpenAnswer> {
  return exchange(call, (response) => {
    response.setTimeout(silenceMs, () => {
      response.destroy(new Error(`it said nothing for ${Math.round(silenceMs / 1_000)} s`));
    });
    return Promise.resolve({
      ...headOf(response),
      body: response,
      readWhole: () => readAnswer(response),
      close: () => void response.destroy(),
    });
  });
}

function exchange<T>(call: HttpCall, read: (response: IncomingMessage) => Promise<T>): Promise<T> {
  const { base, method, path, body, signal } = call;
  const shown = base.origin;
  const send = base.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const fail = (reason: string, cause?: unknown): void => {
      const detail = `no answer from the gateway at ${shown}: ${reason}; ${remedyFor(cause, base)}`;
      reject(new ReplytoError('GATEWAY_UNAVAILABLE', { detail, cause }));
    };
    const request = send({
      ...(base.protocol === 'https:' ? call.tls : {}),
      protocol: base.protocol,
      hostname: base.hostname.replace(/^\[|\]$/gu, ''),
      port: base.port,
      path: `${base.pathname.replace(/\/$/u, '')}${path}`,
      method,
      headers: toWire({
        ...call.headers,
        ...(body === undefined ? {} : { 'Content-Length': String(body.byteLength) }),
      }),
      agent: false,
    });
    const cancelDeadline = systemClock.after(call.deadlineMs, () => {
      fail(`none came within ${Math.round(call.deadlineMs / 1000)} s`);
      request.destroy();
    });
    const onAbort = (): void => {
      reject(new ReplytoError('WAIT_ABORTED'));
      request.destroy();
    };
    signal?.addEventListener('abort', onAbort);
    request.setSocketKeepAlive(true, keepAliveMs);
    request.on('error', (error) => fail(reasonOf(error), error));
    request.on('close', () => {
      cancelDeadline();
      signal?.removeEventListener('abort', onAbort);
    });
    request.on('response', (response) => {
      read(response)
        .finally(cancelDeadline)
        .then(resolve, (error: unknown) => fail(reasonOf(error), error));
    });
    if (signal?.aborted === true) onAbort();
    else request.end(body);
  });
}

async function readAnswer(response: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > maxAnswerBytes) throw new Error(`it is larger than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return { ...headOf(response), body: Buffer.concat(chunks) };
}

function headOf(response: IncomingMessage): Omit<HttpAnswer, 'body'> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = fromWire(Array.isArray(value) ? value.join(', ') : value);
  }
  return { status: response.statusCode ?? 0, headers };
}

/** Header values are UTF-8 on the wire; Node takes and gives their bytes as latin-1 characters. */
function toWire(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Buffer.from(value, 'utf8').toString('latin1')]),
  );
}

function fromWire(value: string): string {
  return Buffer.from(value, 'latin1').toString('utf8');
}

const untrusted =
  'its certificate is of no trusted authority; name the authority by REPLYTO_CA_FILE or NODE_EXTRA_CA_CERTS';

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'no host of this name is known',
  HPE_INVALID_CONSTANT: 'what listens there speaks no HTTP',
  EAI_AGAIN: 'its name cannot be resolved at present',
  ECONNRESET: 'it ended the connection',
  ETIMEDOUT: 'it cannot be reached',
  EHOSTUNREACH: 'it cannot be reached',
  ENETUNREACH: 'it cannot be reached',
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    'it asks for a certificate; give one by REPLYTO_CERT_FILE and REPLYTO_KEY_FILE',
};

/** What went wrong with a connection, in words. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return 'it failed';
  if (speaksNoTls(error)) return 'what listens there speaks no TLS';
  const code = errorCode(error);
  return reasons[code] ?? (error.message === 'socket hang up' ? 'it ended the connection' : error.message);
}

/** Where the address is wrong, starting a gateway would not help. */
function remedyFor(error: unknown, base: URL): string {
  if (speaksNoTls(error)) return `write http://${base.host} in --url or REPLYTO_URL`;
  if (errorCode(error) === 'ENOTFOUND') return 'correct the host in --url or REPLYTO_URL';
  return "start one with 'replyto serve' or 'replyto dev', or name another by --url or REPLYTO_URL";
}

/** Whether it failed before anything of the call was sent, by the cause of a GATEWAY_UNAVAILABLE. */
export function isSurelyUnsent(cause: unknown): boolean {
  return speaksNoTls(cause) || ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'].includes(errorCode(cause));
}
