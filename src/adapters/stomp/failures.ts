import { ReplytoError } from '#core/errors.js';

export function unavailable(detail: string, cause?: unknown): ReplytoError {
  return new ReplytoError('BROKER_UNAVAILABLE', { detail, cause });
}

/** In words, of an Error, or of the event that ws hands over. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  if (speaksNoTls(error)) return 'what listens there speaks no TLS';
  const code = errorCode(error);
  if (code === 'ENOTFOUND') return 'no host of this name is known (ENOTFOUND)';
  if (code === 'HPE_INVALID_CONSTANT') return 'what listens there speaks no WebSocket';
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : 'failed';
}

/** Such as `ECONNREFUSED`; empty where there is none. Of several addresses of one host that of the first. */
export function errorCode(error: unknown): string {
  if (error instanceof AggregateError) return errorCode(error.errors[0]);
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Whether the answer to a TLS handshake were plain bytes, which OpenSSL takes for a record of another version. */
export function speaksNoTls(error: unknown): boolean {
  const said = error instanceof Error ? error.message : '';
  return /:error:.*:(?:wrong version number|packet length too long|http request):/u.test(said);
}

/**
 * ActiveMQ says that the maximum data length or the maximum frame size was exceeded, or that a frame is larger than
 * allowed; RabbitMQ that a message size is larger; the embedded broker that a body is too long. Limits of headers are left
 * out: the largest frame need not be the one that breaks them, and none that is sent comes near them.
 */
const tooLarge =
  /\bmaximum (?:data length|frame size) was exceeded|\b(?:frame|message) size .*\blarger than|\b(?:body|frame|message) too (?:large|long|big)\b/iu;

/** Whether what an ERROR says means that a frame is larger than this broker takes. */
export function saysTooLarge(said: string): boolean {
  return tooLarge.test(said);
}
