/** A way with all of its processes, each time anew: what one leaves behind is no burden for the next. */
import type { ServedGateway } from '../../test/support/served-gateway.js';
import type { TestDatabase } from '../../test/support/test-database.js';
import { createTestDatabase } from '../../test/support/test-database.js';
import { cpuSeconds, cpuSecondsOf } from '../tools/cpu.js';
import { endAll } from '../tools/end-all.js';
import { unlessAborted } from '../tools/interruption.js';
import { memoryBytes } from '../tools/memory.js';
import { startGateway } from './gateway.js';
import type { Load, LoadOutcome } from './load/load.js';
import type { Part, PartFigures } from './parts.js';
import { toPartFigures } from './parts.js';
import type { End, StartOptions } from './starting.js';
import { NotMeasurable } from './starting.js';
import type { Subject } from './subjects.js';
import { startSubject } from './subjects.js';
import type { System } from './system.js';
import type { Way } from './ways.js';
import { usesPostgres } from './ways.js';

export interface RunningWay {
  readonly way: Way;
  /** Of the gateway under test; null where another thing is. */
  readonly gatewayUrl: string | null;
  readonly subjectPid: number;
  /** Puts a load on it. */
  load(load: Load): Promise<LoadOutcome>;
  /** Seconds so far. */
  cpu(): Promise<PartFigures>;
  /** Bytes now. */
  memory(): PartFigures;
  /** What has ended before its time; null: all is there. */
  ended(): string | null;
  stop(): Promise<void>;
}

/** @throws NotMeasurable */
export async function startWay(system: System, way: Way, options: StartOptions): Promise<RunningWay> {
  const ends: End[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= endAll(ends.reverse()));
  try {
    const name = system.newName();
    const database = usesPostgres(way) ? await makeDatabase(system, way) : null;
    if (database !== null) ends.push(() => database.remove());
    const gateway = await startGateway(system, way, { name, database, ends, ...options });
    const brokerUrl = gateway?.brokerUrl ?? brokerUrlOf(system, way);
    const queue = `asked-${name}`;
    if (brokerUrl !== '') {
      ends.push(() => system.service.call('rest')());
      await unlessAborted(system.service.call('serve')({ brokerUrl, queue }), options.signal);
    }
    const place = { name, brokerUrl, queue, replyQueue: `answered-${name}`, database, gateway };
    const subject = await startSubject(system, way, { place, ends, ...options });
    return {
      ...{ way, gatewayUrl: subject.gatewayUrl, subjectPid: subject.pid, stop },
      ...createMeters(toPids(system, way, { gateway, subject }), database),
      load: (load) => subject.load(load),
      ended() {
        if (gateway !== null && cpuSeconds(gateway.pid) === null) return 'the gateway';
        return subject.ended() ? way.title : system.ended();
      },
    };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

/** Empty where no broker takes part. @throws NotMeasurable */
function brokerUrlOf({ classic }: System, { broker, title }: Way): string {
  if (broker === null) return '';
  if (classic === null) throw new NotMeasurable(`Without ActiveMQ Classic, not measured: ${title}.`);
  return classic.url;
}

type Pids = Readonly<Record<Exclude<Part, 'database'>, number | null>>;

function toPids(
  { classic, service, generator }: System,
  { broker, kind }: Way,
  { gateway, subject }: { readonly gateway: ServedGateway | null; readonly subject: Subject },
): Pids {
  // The broker in the gateway under test cannot be told from it.
  const embeddedPid = kind === 'library' ? gateway?.pid : null;
  return {
    subject: subject.pid,
    broker: (broker === 'classic' ? classic?.pid : embeddedPid) ?? null,
    service: broker === null ? null : service.pid,
    callers: kind === 'http' ? generator.pid : null,
  };
}

function createMeters(pids: Pids, database: TestDatabase | null): Pick<RunningWay, 'cpu' | 'memory'> {
  return {
    async cpu() {
      const servers = database === null ? [] : await database.serverProcesses();
      return toPartFigures((part) => {
        if (part === 'database') return cpuSecondsOf('postgres', servers);
        return pids[part] === null ? null : cpuSeconds(pids[part]);
      });
    },
    memory: () =>
      toPartFigures((part) => (part === 'database' || pids[part] === null ? null : memoryBytes(pids[part]))),
  };
}

/** To its end, whatever happens: one that is half made would stay. */
async function makeDatabase({ databaseUrl }: System, { title }: Way): Promise<TestDatabase> {
  if (databaseUrl === null) throw new NotMeasurable(`Without PostgreSQL, not measured: ${title}.`);
  const database = await createTestDatabase(databaseUrl);
  if ('unavailable' in database) throw new Error(database.unavailable);
  return database;
}
