import { isUtf8 } from 'node:buffer';

/**
 * Header values between HTTP and the broker. Node hands bytes over as latin-1 characters; callers write UTF-8
 * (curl does), and on the broker values are UTF-8. What is not valid UTF-8 is kept as latin-1.
 */
export function fromHttpHeader(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : value;
}

export function toHttpHeader(value: string): string {
  return Buffer.from(value, 'utf8').toString('latin1');
}
