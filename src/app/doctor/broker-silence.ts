/**
 * What to do about a broker that takes a connection and then says nothing, by what the error says; undefined for every
 * other error. The error codes alone do not tell a broker that is away from one that is stuck.
 */
export function silenceRemedy(says: string): string | undefined {
  if (says.includes('did not answer within')) {
    return 'something takes connections there and says nothing: see that this is its STOMP port (61613) and no proxy or other program, and that the broker is not stopped or out of memory; then start it again';
  }
  if (says.includes('did not confirm within')) {
    return 'the broker took the login and confirms nothing: it may be full (memory, store or temp limit reached), or stuck; look into its log, make room or start consumers';
  }
  if (/did not come back within|fell silent/u.test(says)) {
    return 'the broker took a message and did not deliver it: it may be full, stuck or overloaded; look into its log';
  }
  return undefined;
}
