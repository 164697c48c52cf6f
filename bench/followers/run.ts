/** The whole benchmark, one part after the other, on a gateway of its own with its embedded broker. */
import { serveGateway } from '../../test/support/served-gateway.js';
import { unlessAborted } from '../tools/interruption.js';
import { versionOfPackage } from '../tools/machine.js';
import type { Machine } from '../tools/machine.js';
import { measureAccepting } from './accepting.js';
import { measureActive } from './active.js';
import { measureIdle } from './idle.js';
import { untilQuiet } from './measuring.js';
import type { Plan } from './plan.js';
import { format } from './results.js';
import type { Results } from './results.js';
import { measureSettling } from './settling.js';

export interface RunOptions {
  readonly plan: Plan;
  /** As it was before the gateway was started. */
  readonly machine: Machine;
  readonly openFiles: number | null;
  readonly say: (line: string) => void;
  /** Ends it before its time: it rejects with the reason, and nothing of it is left. */
  readonly signal: AbortSignal;
}

const prefix = 'followers-bench';

export async function runBenchmark({ plan, machine, openFiles, say, signal }: RunOptions): Promise<Results> {
  const startedAt = new Date().toISOString();
  const startedMs = performance.now();
  const starting = serveGateway({ settings: { REPLYTO_PREFIX: prefix } });
  const gateway = await unlessAborted(starting, signal);
  const part = async <T>(name: string, measuring: () => Promise<T>): Promise<T> => {
    const result = await unlessAborted(measuring(), signal);
    await unlessAborted(untilQuiet(gateway), signal);
    say(`measured: ${name}`);
    return result;
  };
  try {
    const measuring = { gateway, signal };
    // The idle ones first, while the gateway has done nothing that is in its memory.
    const idle = await part('idle followers', () => measureIdle(measuring, plan));
    const active = await part('active followers', () => measureActive(measuring, plan));
    const accepting = await part('requests accepted', () => measureAccepting(measuring, plan));
    const settling = await part('requests replied', () =>
      measureSettling(measuring, plan, `${prefix}.status`),
    );
    return {
      ...{ format, plan, startedAt, machine, openFiles },
      tookMs: Math.round(performance.now() - startedMs),
      parts: { replyto: versionOfPackage(), broker: 'the embedded broker', Node: process.versions.node },
      ...{ accepting, settling, active, idle },
    };
  } finally {
    await gateway.remove();
  }
}
