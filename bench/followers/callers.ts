/** So many callers, each with one call after the other, until there is nothing to do any more. */
export async function callInTurns(
  callers: number,
  hasNext: () => boolean,
  callOnce: () => Promise<void>,
): Promise<void> {
  const caller = async (): Promise<void> => {
    while (hasNext()) await callOnce();
  };
  await Promise.all(Array.from({ length: callers }, caller));
}
