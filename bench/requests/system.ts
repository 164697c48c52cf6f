/** What all ways share: an ActiveMQ, a PostgreSQL, and the processes of the callers and of the service. */
import { randomBytes } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { buildPackage } from '../../test/support/built-package.js';
import { probeStomp } from '../../test/support/stomp-probe.js';
import { createTestDatabase } from '../../test/support/test-database.js';
import type { UsedBroker } from '../tools/broker.js';
import { findClassic } from '../tools/broker.js';
import type { CalledProcess } from '../tools/called-process.js';
import { startCalledProcess } from '../tools/called-process.js';
import { cpuSeconds } from '../tools/cpu.js';
import { endAll } from '../tools/end-all.js';
import { unlessAborted } from '../tools/interruption.js';
import { versionOfPackage } from '../tools/machine.js';
import type { GeneratorCalls } from './programs/generator.js';
import type { ServiceCalls } from './programs/service.js';

export interface SystemOptions {
  /** Ends what was started and rejects with its reason. */
  readonly signal: AbortSignal;
  /** URL of a broker that is taken for the ActiveMQ Classic; `none`: do without; undefined: one is started. */
  readonly broker: string | undefined;
  readonly databaseUrl: string;
  /** Whether the built package is measured, as it is installed, or the source. */
  readonly built: boolean;
}

export interface System {
  readonly built: boolean;
  readonly classic: UsedBroker | null;
  /** Address of a PostgreSQL in which databases can be made; null without. */
  readonly databaseUrl: string | null;
  readonly generator: CalledProcess<GeneratorCalls>;
  readonly service: CalledProcess<ServiceCalls>;
  /** Flags of Node for programs of this folder. */
  readonly nodeFlags: readonly string[];
  /** File URL of the library. */
  readonly library: string;
  /** Names and versions of the parts. */
  readonly parts: Readonly<Record<string, string>>;
  /** What is not there, and why, in sentences. */
  readonly missing: readonly string[];
  /** A name that nothing has had before, for queues and prefixes. */
  newName(): string;
  /** The part that has ended before its time; null: all are there. */
  ended(): string | null;
  /** Ends all parts, once. */
  stop(): Promise<void>;
}

const tsx = ['--import', import.meta.resolve('tsx')];

export async function startSystem({ signal, broker, databaseUrl, built }: SystemOptions): Promise<System> {
  const ends: (() => Promise<void>)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= endAll(ends.reverse()));
  const started = <T>(part: Promise<T>): Promise<T> => unlessAborted(part, signal);
  // Without the condition, what the programs import from the product is the built package.
  const nodeFlags = built ? tsx : process.execArgv;
  const fileOf = (name: string): URL => new URL(`programs/${name}`, import.meta.url);
  try {
    if (built) await started(buildPackage());
    const found = broker === 'none' ? { unavailable: '--broker none' } : await started(findClassic(broker));
    const classic = 'unavailable' in found ? null : found;
    if (classic !== null) ends.push(() => classic.stop());
    const generator = await started(
      startCalledProcess<GeneratorCalls>(fileOf('generator.ts'), {
        ...{ what: 'the process of the callers', nodeFlags },
      }),
    );
    ends.push(() => generator.stop());
    const service = await started(
      startCalledProcess<ServiceCalls>(fileOf('service.ts'), { what: 'the service', nodeFlags }),
    );
    ends.push(() => service.stop());
    // To its end, whatever happens: a database that is half made would stay.
    const database = await createTestDatabase(databaseUrl);
    const hasDatabase = !('unavailable' in database);
    if (hasDatabase) await database.remove();
    signal.throwIfAborted();
    const run = randomBytes(3).toString('hex');
    let names = 0;
    return {
      ...{ built, classic, generator, service, nodeFlags, stop },
      databaseUrl: hasDatabase ? databaseUrl : null,
      library: pathToFileURL(built ? 'dist/index.js' : 'src/index.ts').href,
      parts: {
        replyto: versionOfPackage(),
        broker: await started(nameOf(classic)),
        database: hasDatabase ? `PostgreSQL ${database.version}` : 'none',
        Node: process.versions.node,
      },
      missing: sayMissing(found, database),
      newName: () => `bench-${run}-${(names += 1)}`,
      ended() {
        if (classic !== null && classic.pid !== null && cpuSeconds(classic.pid) === null) return 'the broker';
        if (generator.hasEnded()) return 'the process of the callers';
        return service.hasEnded() ? 'the service' : null;
      },
      stop,
    };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

/** With its version. */
async function nameOf(classic: UsedBroker | null): Promise<string> {
  if (classic === null) return 'the embedded one';
  return classic.pid === null ? probeStomp(classic.url) : classic.name;
}

function sayMissing(broker: UsedBroker | Unavailable, database: object | Unavailable): string[] {
  return [
    ...('unavailable' in broker ? [`ActiveMQ Classic is not measured: ${broker.unavailable}.`] : []),
    ...('pid' in broker && broker.pid === null
      ? ['The CPU time of the broker is not measured: it was not started by the benchmark.']
      : []),
    ...('unavailable' in database ? [`PostgreSQL is not measured: ${database.unavailable}.`] : []),
  ];
}

interface Unavailable {
  readonly unavailable: string;
}
