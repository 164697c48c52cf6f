import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** `Content-Digest` of a body as RFC 9530 writes it: `sha-256=:base64:`. */
export function contentDigest(body: Uint8Array): string {
  return `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
}

/** One digest over several parts, each with its length, so that no two lists of parts are alike. */
export function fingerprint(parts: readonly (string | Uint8Array | null)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    hash.update(part === null ? '-' : `${Buffer.byteLength(part)}:`);
    if (part !== null) hash.update(part);
  }
  return hash.digest('base64url');
}

/** `Reply-Token` of a request: proves over HTTP that the service was asked by this deployment. */
export function replyToken(secret: Uint8Array, messageId: string): string {
  return createHmac('sha256', secret).update(messageId).digest('base64url');
}

/** In constant time, whatever the given token is. */
export function isReplyToken(secret: Uint8Array, messageId: string, given: string): boolean {
  const wanted = createHash('sha256').update(replyToken(secret, messageId)).digest();
  return timingSafeEqual(wanted, createHash('sha256').update(given).digest());
}
