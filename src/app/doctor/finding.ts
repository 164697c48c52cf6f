import type { ErrorCode } from '#core/error-kinds.js';
import type { Problem } from '#core/errors.js';

/** What one check of the doctor found. */
export interface Finding {
  readonly check: CheckName;
  /** `note`: nothing is wrong, but it is worth knowing. */
  readonly state: 'ok' | 'note' | 'wrong';
  /** What is so, in a sentence. */
  readonly says: string;
  /** What to do about it; always with something wrong. */
  readonly remedy?: string;
  /** Error that a start or a call would meet; gives the exit code. */
  readonly code?: ErrorCode;
  /** Every single fault, of a configuration. */
  readonly problems?: readonly Problem[];
}

/** In the order in which they are told. */
export const checkNames = [
  'configuration',
  'data folder',
  'database',
  'open files',
  'HTTP port',
  'broker port',
  'broker',
  'prefix',
  'gateway',
  'clock',
] as const;
export type CheckName = (typeof checkNames)[number];
