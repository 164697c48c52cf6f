import { createHash, timingSafeEqual } from 'node:crypto';

export interface Credentials {
  readonly login: string;
  readonly passcode: string;
}

/** Says whether a login is right; absent headers come as empty texts. */
export type LoginCheck = (given: Credentials) => boolean;

/** Compares in constant time; digests make the lengths equal. */
export function createLoginCheck(expected: Credentials): LoginCheck {
  const login = digest(expected.login);
  const passcode = digest(expected.passcode);
  return (given) => {
    const sameLogin = timingSafeEqual(digest(given.login), login);
    const samePasscode = timingSafeEqual(digest(given.passcode), passcode);
    return sameLogin && samePasscode;
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
