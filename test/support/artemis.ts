/** ActiveMQ Artemis for tests: a process of the Maven distribution, with an instance folder of its own. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OwnedBroker, UnavailableBroker } from './brokers.js';
import { freePort } from './free-port.js';
import { cachedFromMaven, runCommand, runMaven } from './maven-cache.js';
import type { RunningProcess } from './process.js';
import { startProcess } from './process.js';
import { serverVersion, untilStompAnswers } from './stomp-probe.js';
import { makeTemporaryFolder } from './temporary-folder.js';

/** The newest whose distribution Maven has under this name. */
const artemisVersion = '2.44.0';

const startWithinMs = 60_000;
const stopWithinMs = 20_000;
/** Where `artemis create` writes its acceptors; ours takes their place. */
const acceptors = /<acceptors>.*<\/acceptors>/su;

/** Here the login of the tests may use topics alone. */
const topicsAlone = `<security-setting match="topics.#">${[
  ...['createAddress', 'createNonDurableQueue', 'deleteNonDurableQueue', 'consume', 'send'],
]
  .map((type) => `<permission type="${type}" roles="amq"/>`)
  .join('')}</security-setting>`;
/** Nobody has a right to these addresses. */
const forbidden = `<security-setting match="forbidden.#">${[
  ...['createAddress', 'createDurableQueue', 'createNonDurableQueue', 'consume', 'send'],
]
  .map((type) => `<permission type="${type}" roles="nobody"/>`)
  .join('')}</security-setting>`;
/** Nobody may ask the management. */
const unmanaged =
  '<security-setting match="activemq.management#"><permission type="manage" roles="nobody"/></security-setting>';
/** These exist only when an administrator makes them. */
const strict =
  '<address-setting match="strict.#"><auto-create-queues>false</auto-create-queues><auto-create-addresses>false</auto-create-addresses></address-setting>';
/** This address is there without a queue, and gets none by itself. */
const bare = '<address name="bare.orders"><anycast/></address>';
const bareQueues =
  '<address-setting match="bare.#"><auto-create-queues>false</auto-create-queues></address-setting>';
/** These go as soon as they are empty and nobody listens. */
const fleeting =
  '<address-setting match="fleeting.#"><auto-delete-queues>true</auto-delete-queues><auto-delete-addresses>true</auto-delete-addresses></address-setting>';

interface ArtemisOptions {
  /**
   * Parameters of the acceptor, such as `anycastPrefix=/queue/;multicastPrefix=/topic/`; default none, as Artemis has it.
   */
  readonly acceptor?: string;
  /** Whether the login of the tests may ask its management; default true. */
  readonly isManaged?: boolean;
}

interface ArtemisBroker extends OwnedBroker {
  /** Process id of the JVM now running. */
  readonly pid: number;
  /** kill -9; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data, after ending it in order where it still runs. */
  restart(): Promise<void>;
}

/** The unpacked distribution; Maven fetches it when it is not there yet. */
export async function artemisDistribution(): Promise<{ readonly home: string } | UnavailableBroker> {
  const name = `artemis-${artemisVersion}`;
  const cached = await cachedFromMaven(name, async (folder) => {
    const artifact = `org.apache.activemq:apache-artemis:${artemisVersion}:tar.gz:bin`;
    const failure = await runMaven(
      ['dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`],
      folder,
    );
    if (failure !== null) return failure;
    const archive = `apache-artemis-${artemisVersion}-bin.tar.gz`;
    const unpacked = await runCommand('tar', ['xzf', archive], folder);
    return unpacked.ok ? null : unpacked.output;
  });
  if ('unavailable' in cached) return cached;
  return { home: join(cached.folder, `apache-artemis-${artemisVersion}`) };
}

/** Its JMS client, which the distribution has for older JMS alone. */
export async function artemisClientJars(): Promise<{ readonly classPath: string } | UnavailableBroker> {
  const name = `artemis-client-${artemisVersion}`;
  const cached = await cachedFromMaven(name, (folder) => {
    const artifact = `org.apache.activemq:artemis-jakarta-client-all:${artemisVersion}`;
    return runMaven(['dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`], folder);
  });
  return 'unavailable' in cached ? cached : { classPath: join(cached.folder, '*') };
}

/** @throws Error when there is none to be had, or with the broker's output when it does not answer within 60 s. */
export async function startArtemis(options: ArtemisOptions = {}): Promise<ArtemisBroker> {
  const distribution = await artemisDistribution();
  if ('unavailable' in distribution) throw new Error(distribution.unavailable);
  const folder = await makeTemporaryFolder();
  const instance = join(folder.path, 'instance');
  const port = await freePort();
  const url = `stomp://127.0.0.1:${port}`;

  async function create(home: string): Promise<void> {
    const flags = ['--no-web', '--no-amqp-acceptor', '--no-mqtt-acceptor', '--no-hornetq-acceptor'];
    const access = ['--user', 'artemis', '--password', 'artemis', '--allow-anonymous'];
    // The journal of plain files needs no native library, and no tuning of some seconds.
    const journal = ['--nio', '--no-autotune', '--silent'];
    const parameters = ['create', instance, ...access, ...flags, ...journal];
    const created = await runCommand(join(home, 'bin', 'artemis'), parameters);
    if (!created.ok) throw new Error(`artemis create: ${created.output}`);
    const file = join(instance, 'etc', 'broker.xml');
    const acceptor = [
      `tcp://127.0.0.1:${port}?protocols=STOMP,OPENWIRE,CORE;remotingThreads=64`,
      options.acceptor ?? [],
    ]
      .flat()
      .join(';');
    const more = options.isManaged === false ? unmanaged : '';
    const text = await readFile(file, 'utf8');
    const ours = `<acceptors><acceptor name="test">${acceptor}</acceptor></acceptors>`;
    const changed = text
      .replace(acceptors, ours)
      .replace('</security-settings>', `${forbidden}${topicsAlone}${more}</security-settings>`)
      .replace('</address-settings>', `${strict}${bareQueues}${fleeting}</address-settings>`)
      .replace('</addresses>', `${bare}</addresses>`);
    await writeFile(file, changed);
  }

  async function launch(): Promise<{ readonly child: RunningProcess; readonly server: string }> {
    const child = startProcess(join(instance, 'bin', 'artemis'), ['run'], {
      name: 'ActiveMQ Artemis',
      env: { JAVA_ARGS: '-Xmx512m -Xms128m' },
    });
    try {
      return { child, server: await untilStompAnswers(url, startWithinMs, () => !child.hasExited()) };
    } catch (error) {
      child.kill('SIGKILL');
      await child.exited;
      throw new Error(`ActiveMQ Artemis did not start; it said:\n${child.output()}`, { cause: error });
    }
  }

  let current = await create(distribution.home)
    .then(launch)
    .catch(async (error: unknown) => {
      await folder.remove();
      throw error;
    });
  return {
    url,
    // One port takes both.
    webSocketUrl: `ws://127.0.0.1:${port}/`,
    openWireUrl: `tcp://127.0.0.1:${port}`,
    version: serverVersion(current.server),
    how: 'a process of the Maven distribution',
    get pid() {
      return current.child.pid;
    },
    stop: async () => {
      await current.child.stop(stopWithinMs);
      await folder.remove();
    },
    kill: async () => {
      current.child.kill('SIGKILL');
      await current.child.exited;
    },
    restart: async () => {
      await current.child.stop(stopWithinMs);
      current = await launch();
    },
  };
}
