/**
 * Sizes of tests that prove more when they take longer: `npm test` runs the short ones, and with REPLYTO_TEST_LONG=1 in
 * its environment the long ones.
 */
const isLongRun = process.env['REPLYTO_TEST_LONG'] === '1';

export function sized<T>(size: { readonly short: T; readonly long: T }): T {
  return isLongRun ? size.long : size.short;
}
