/** What is measured: gateway, broker, database, each a real one, and the process of the clients. */
import { serveGateway } from '../../test/support/served-gateway.js';
import type { ServedGateway } from '../../test/support/served-gateway.js';
import { probeStomp } from '../../test/support/stomp-probe.js';
import { makeTemporaryFolder } from '../../test/support/temporary-folder.js';
import type { UsedBroker } from '../tools/broker.js';
import { findClassic } from '../tools/broker.js';
import { cpuSeconds } from '../tools/cpu.js';
import { endAll } from '../tools/end-all.js';
import { unlessAborted } from '../tools/interruption.js';
import { versionOfPackage } from '../tools/machine.js';
import { wordsOf } from '../tools/words.js';
import { openDatabase } from './database.js';
import type { BenchDatabase } from './database.js';
import { startGenerator } from './generator-process.js';
import type { Generator } from './generator-process.js';
import type { Publisher } from './publishers/publisher.js';
import { createRequests } from './publishers/requests.js';
import type { Requests } from './publishers/requests.js';
import { startService } from './publishers/service.js';

export interface SystemOptions {
  /** Ends what was started and rejects with its reason. */
  readonly signal: AbortSignal;
  /** `embedded`, the URL of a broker, or undefined: ActiveMQ Classic if it can be started, else embedded. */
  readonly broker: string | undefined;
  readonly databaseUrl: string;
}

export interface System {
  readonly gateway: ServedGateway;
  /** Process id of a broker that is a process of its own and was started here. */
  readonly brokerPid: number | null;
  readonly brokerUrl: string;
  readonly brokerKind: 'embedded' | 'rabbitmq' | 'other';
  readonly selectors: boolean;
  readonly database: BenchDatabase | null;
  readonly generator: Generator;
  /** Of the requests; nobody answers them. */
  readonly queue: string;
  readonly service: Publisher;
  readonly requests: Requests;
  /** For files of the file drop. */
  readonly folder: string;
  /** Names and versions of the parts. */
  readonly parts: Readonly<Record<string, string>>;
  /** What could not be measured and why, in sentences. */
  readonly missing: readonly string[];
  /** The part that has ended before its time, without which nothing can be measured any more; null: all are there. */
  ended(): string | null;
  /** Ends all parts, once; rejects with the first failure when the others have ended too. */
  stop(): Promise<void>;
}

const queue = 'long.tasks';
const prefix = 'status-bench';

export async function startSystem(options: SystemOptions): Promise<System> {
  const { broker: wanted, databaseUrl, signal } = options;
  const ends: (() => Promise<void>)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= endAll(ends.reverse()));
  // What is still starting is ended by its process id when this process ends.
  const started = <T>(part: Promise<T>): Promise<T> => unlessAborted(part, signal);
  try {
    const folder = await makeTemporaryFolder();
    ends.push(() => folder.remove());
    const { broker, missing } = await started(findBroker(wanted));
    if (broker !== undefined) ends.push(() => broker.stop());
    const brokerPid = broker?.pid ?? null;
    const gateway = await started(
      serveGateway({
        ...(broker === undefined ? {} : { brokerUrl: broker.url }),
        settings: { REPLYTO_PREFIX: prefix },
      }),
    );
    ends.push(() => gateway.remove());
    const generator = await started(startGenerator());
    ends.push(() => generator.stop());
    const { brokerUrl } = gateway;
    const service = await started(startService({ brokerUrl, queue, statusQueue: `${prefix}.status` }));
    ends.push(() => service.close());
    const ended = (): string | null => {
      const isGone = (pid: number | null): boolean => pid !== null && cpuSeconds(pid) === null;
      if (isGone(gateway.pid)) return 'the gateway';
      if (isGone(brokerPid)) return 'the broker';
      return generator.hasEnded() ? 'the process of the clients' : null;
    };
    const requests = createRequests(gateway.url, ended);
    ends.push(() => requests.close());
    const server = await started(probeStomp(brokerUrl));
    // To its end, whatever happens: a schema that is half made would stay.
    const database = await openDatabase(databaseUrl).catch(wordsOf);
    if (typeof database !== 'string') ends.push(() => database.close());
    signal.throwIfAborted();
    return {
      ...{ gateway, brokerUrl, generator, queue, service, requests, folder: folder.path, stop },
      brokerPid,
      brokerKind: server.startsWith('RabbitMQ') ? 'rabbitmq' : broker === undefined ? 'embedded' : 'other',
      selectors: server.startsWith('ActiveMQ'),
      database: typeof database === 'string' ? null : database,
      parts: {
        replyto: versionOfPackage(),
        broker: broker === undefined ? 'the embedded broker' : broker.pid === null ? server : broker.name,
        database: typeof database === 'string' ? 'none' : `PostgreSQL ${database.version}`,
        Node: process.versions.node,
      },
      missing: [
        ...missing,
        ...(typeof database === 'string'
          ? [`The shared database is not measured: no PostgreSQL at the address given (${database}).`]
          : []),
      ],
      ended,
    };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

/** Undefined without one: then it is the one in the gateway. */
interface FoundBroker {
  readonly broker: UsedBroker | undefined;
  readonly missing: readonly string[];
}

const inGateway = 'The broker is the one in the gateway, so its CPU time is part of the gateway’s.';
const given = 'The CPU time of the broker is not measured: it was not started by the benchmark.';

async function findBroker(wanted: string | undefined): Promise<FoundBroker> {
  if (wanted === 'embedded') return { broker: undefined, missing: [inGateway] };
  const broker = await findClassic(wanted);
  if ('unavailable' in broker) {
    const why = `A real ActiveMQ is not measured: ${broker.unavailable}.`;
    return { broker: undefined, missing: [why, inGateway] };
  }
  return { broker, missing: broker.pid === null ? [given] : [] };
}
