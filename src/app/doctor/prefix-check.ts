import type { Finding } from './finding.js';

export interface PrefixCheckOptions {
  readonly prefix: string;
  /** Stores whose gateways answered under the prefix. */
  readonly storeIds: ReadonlySet<string>;
  /** Undefined when the broker did not answer. */
  readonly server: string | undefined;
  /** Identity of the store in the data folder, where it could be read. */
  readonly storeId: string | undefined;
  /** The store in the data folder is held by a running gateway, which then is one of those that answered. */
  readonly isHeld: boolean;
}

/** Two deployments that share a prefix on one broker would eat each other's replies. */
export function checkPrefix(options: PrefixCheckOptions): Finding {
  const { prefix, storeIds, server, storeId, isHeld } = options;
  const check = 'prefix';
  if (server === undefined) {
    return {
      check,
      state: 'note',
      says: `who uses '${prefix}' is not known, because the broker does not answer`,
    };
  }
  const strangers =
    [...storeIds].filter((id) => id !== storeId).length - (isHeld && storeIds.size > 0 ? 1 : 0);
  if (strangers > 0) {
    return {
      check,
      state: 'wrong',
      says: `'${prefix}' is used by another deployment on this broker`,
      remedy: 'give each deployment its own prefix (--prefix or REPLYTO_PREFIX), or the same store',
      code: 'PREFIX_TAKEN',
    };
  }
  const says = storeIds.size === 0 ? 'is used by no running gateway' : 'is used by this deployment alone';
  return { check, state: 'ok', says: `'${prefix}' ${says}` };
}
