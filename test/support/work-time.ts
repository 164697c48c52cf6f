/**
 * Measures from now on how much this process has worked: call the result for milliseconds. Unlike the time on the clock
 * it does not grow while others have the machine, and unlike that it says nothing about waiting.
 */
export function startWorkTime(): () => number {
  const startedAt = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(startedAt);
    return (user + system) / 1_000;
  };
}
