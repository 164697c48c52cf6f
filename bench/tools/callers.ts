/** So many callers, each with one call after the other, until there is nothing to do any more. `callOnce` gets the caller's number, from 0. */
export async function callInTurns(
  callers: number,
  hasNext: () => boolean,
  callOnce: (caller: number) => Promise<void>,
): Promise<void> {
  const caller = async (_: unknown, number: number): Promise<void> => {
    while (hasNext()) await callOnce(number);
  };
  await Promise.all(Array.from({ length: callers }, caller));
}
