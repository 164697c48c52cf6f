import { ReplytoError } from '#core/errors.js';

export function unavailable(detail: string, cause?: unknown): ReplytoError {
  return new ReplytoError('BROKER_UNAVAILABLE', { detail, cause });
}

/** Of an Error, or of the event that ws hands over. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : 'failed';
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
