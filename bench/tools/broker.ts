/** The ActiveMQ Classic of a run: one that is started for it, or one that is given. */
import { startClassic } from '../../test/support/activemq.js';
import { wordsOf } from './words.js';

export interface UsedBroker {
  readonly url: string;
  /** Process id; null when it was not started here. */
  readonly pid: number | null;
  /** With its version; of one that was given its address. */
  readonly name: string;
  stop(): Promise<void>;
}

/** @returns why there is none, in words */
export async function findClassic(
  given: string | undefined,
): Promise<UsedBroker | { readonly unavailable: string }> {
  if (given !== undefined) return { url: given, pid: null, name: given, stop: () => Promise.resolve() };
  try {
    const broker = await startClassic();
    const { url, pid, version } = broker;
    return { url, pid, name: `ActiveMQ Classic ${version}`, stop: () => broker.stop() };
  } catch (error) {
    return { unavailable: wordsOf(error) };
  }
}
