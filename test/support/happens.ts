/** The parts of docs/what-happens-when.md, in its order. */
export const situations = {
  HTTP: 'Callers over HTTP',
  STOMP: 'Clients of the embedded broker',
  WebSocket: 'Followers over WebSocket',
  Messages: 'Messages from strangers',
  Surroundings: 'Surroundings',
} as const;

/**
 * A test case that is a row of docs/what-happens-when.md: what goes wrong, and its outcome, which the body proves.
 * Both are written as literals, because the page is made from the sources of the tests.
 */
export function happens(
  part: keyof typeof situations,
  when: string,
  outcome: string,
  body: (this: Mocha.Context) => Promise<void> | void,
): void {
  it(`${situations[part]}: ${when} → ${outcome}`, body);
}
