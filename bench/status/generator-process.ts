import type { CalledProcess } from '../tools/called-process.js';
import { startCalledProcess } from '../tools/called-process.js';
import type { Calls } from './generator-calls.js';

export type Generator = Calls & Pick<CalledProcess<Calls>, 'pid' | 'hasEnded' | 'stop'>;

/** Starts the process of the clients; it ends with this one. */
export async function startGenerator(): Promise<Generator> {
  const { call, ...generator } = await startCalledProcess<Calls>(new URL('generator.ts', import.meta.url), {
    what: 'the process of the clients',
  });
  return { ...generator, open: call('open'), measure: call('measure'), close: call('close') };
}
