/** What is measured: gateway, broker, database, each a real one, and the process of the clients. */
import { readFileSync } from 'node:fs';
import { startClassic } from '../../test/support/activemq.js';
import { serveGateway } from '../../test/support/served-gateway.js';
import type { ServedGateway } from '../../test/support/served-gateway.js';
import { probeStomp } from '../../test/support/stomp-probe.js';
import { makeTemporaryFolder } from '../../test/support/temporary-folder.js';
import { wordsOf } from './clients/client.js';
import { openDatabase } from './database.js';
import type { BenchDatabase } from './database.js';
import { startGenerator } from './generator-process.js';
import type { Generator } from './generator-process.js';
import type { Publisher } from './publishers/publisher.js';
import { createRequests } from './publishers/requests.js';
import type { Requests } from './publishers/requests.js';
import { startService } from './publishers/service.js';

export interface SystemOptions {
  /** `embedded`, the URL of a broker, or undefined: ActiveMQ Classic if it can be started, else embedded. */
  readonly broker: string | undefined;
  readonly databaseUrl: string;
}

export interface System {
  readonly gateway: ServedGateway;
  /** Process id of a broker that is a process of its own and was started here. */
  readonly brokerPid: number | null;
  readonly brokerUrl: string;
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
  stop(): Promise<void>;
}

interface UsedBroker {
  /** Undefined: the one in the gateway. */
  readonly url?: string;
  readonly pid: number | null;
  readonly name: string;
  readonly missing: readonly string[];
  stop(): Promise<void>;
}

const queue = 'long.tasks';
const prefix = 'status-bench';

export async function startSystem({ broker: wanted, databaseUrl }: SystemOptions): Promise<System> {
  const ends: (() => Promise<void>)[] = [];
  async function stop(): Promise<void> {
    for (const end of ends.splice(0).reverse()) await end();
  }
  try {
    const folder = await makeTemporaryFolder();
    ends.push(() => folder.remove());
    const broker = await findBroker(wanted);
    ends.push(() => broker.stop());
    const gateway = await serveGateway({
      ...(broker.url === undefined ? {} : { brokerUrl: broker.url }),
      settings: { REPLYTO_PREFIX: prefix },
    });
    ends.push(() => gateway.remove());
    const database = await openDatabase(databaseUrl).catch(wordsOf);
    if (typeof database !== 'string') ends.push(() => database.close());
    const generator = await startGenerator();
    ends.push(() => generator.stop());
    const { brokerUrl } = gateway;
    const service = await startService({ brokerUrl, queue, statusQueue: `${prefix}.status` });
    ends.push(() => service.close());
    const requests = createRequests(gateway.url);
    ends.push(() => requests.close());
    const server = await probeStomp(brokerUrl);
    return {
      ...{ gateway, brokerUrl, generator, queue, service, requests, folder: folder.path, stop },
      brokerPid: broker.pid,
      selectors: server.startsWith('ActiveMQ'),
      database: typeof database === 'string' ? null : database,
      parts: {
        replyto: versionOfPackage(),
        broker: broker.pid === null && broker.url !== undefined ? server : broker.name,
        database: typeof database === 'string' ? 'none' : `PostgreSQL ${database.version}`,
        Node: process.versions.node,
      },
      missing: [
        ...broker.missing,
        ...(typeof database === 'string'
          ? [`The shared database is not measured: no PostgreSQL at the address given (${database}).`]
          : []),
      ],
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function versionOfPackage(): string {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  return version;
}

const embedded: UsedBroker = {
  pid: null,
  name: 'the embedded broker',
  missing: ['The broker is the one in the gateway, so its CPU time is part of the gateway’s.'],
  stop: () => Promise.resolve(),
};

async function findBroker(wanted: string | undefined): Promise<UsedBroker> {
  if (wanted === 'embedded') return embedded;
  if (wanted !== undefined) {
    const missing = ['The CPU time of the broker is not measured: it was not started by the benchmark.'];
    return { url: wanted, pid: null, name: wanted, missing, stop: () => Promise.resolve() };
  }
  try {
    const broker = await startClassic();
    return {
      ...{ url: broker.url, pid: broker.pid, missing: [] },
      name: `ActiveMQ Classic ${broker.version}`,
      stop: () => broker.stop(),
    };
  } catch (error) {
    const why = `A real ActiveMQ is not measured: ${wordsOf(error)}.`;
    return { ...embedded, missing: [why, ...embedded.missing] };
  }
}
