import { v7 } from 'uuid';
import { nextRandomBytes } from '#messaging/random-bytes.js';

/** UUID v7; ids of one millisecond are in no order. */
export function newId(): string {
  return v7({ random: nextRandomBytes(16) });
}
