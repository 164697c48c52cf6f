/**
 * RabbitMQ for tests: a node of its own, with the STOMP plugins, beside whatever already runs on the machine. It shares
 * nothing with another node: name server (epmd), cookie, ports and data are its own, and end with it.
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { OwnedBroker, UnavailableBroker } from './brokers.js';
import { freePort } from './free-port.js';
import type { ProcessOptions, RunningProcess } from './process.js';
import { startProcess } from './process.js';
import { serverVersion, untilStompAnswers } from './stomp-probe.js';
import { makeTemporaryFolder } from './temporary-folder.js';

const startWithinMs = 60_000;
const stopWithinMs = 20_000;
const setpriv = '/usr/bin/setpriv';

interface RabbitmqBroker extends OwnedBroker {
  /** Process id of the Erlang machine now running. */
  readonly pid: number;
  /** Where it speaks AMQP. */
  readonly amqpPort: number;
  /** `rabbitmqctl` on this node; gives what it printed. @throws Error with what it said when it fails */
  control(...parameters: string[]): Promise<string>;
  /** What it does by itself a moment after it made a queue; killed before, it has neither the queue nor its messages. */
  syncQueues(): Promise<void>;
  /** kill -9; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same ports and data, after ending it in order where it still runs. */
  restart(): Promise<void>;
}

/** The start script. Debian's own on the path changes the user, so the one behind it comes first. */
function rabbitmqServer(): { readonly command: string } | UnavailableBroker {
  const folders = ['/usr/lib/rabbitmq/bin', ...(process.env['PATH'] ?? '').split(delimiter)];
  const found = folders.map((folder) => join(folder, 'rabbitmq-server')).find((path) => existsSync(path));
  return found === undefined ? { unavailable: 'no rabbitmq-server on the path' } : { command: found };
}

/** One of its own for a suite that kills it; the reason in words where none is installed. */
export async function startOwnRabbitmq(): Promise<RabbitmqBroker | UnavailableBroker> {
  const server = rabbitmqServer();
  return 'unavailable' in server ? server : await startRabbitmq();
}

/** Where the system can do it, a process that ends with this one, even when this one is killed. */
function startMortal(
  command: string,
  parameters: readonly string[],
  options: ProcessOptions,
): RunningProcess {
  return existsSync(setpriv)
    ? startProcess(setpriv, ['--pdeathsig', 'KILL', command, ...parameters], options)
    : startProcess(command, parameters, options);
}

/** @throws Error when there is none, or with the node's output when it does not answer within 60 s. */
export async function startRabbitmq(): Promise<RabbitmqBroker> {
  const server = rabbitmqServer();
  if ('unavailable' in server) throw new Error(server.unavailable);
  const { command } = server;
  const folder = await makeTemporaryFolder();
  const inFolder = (name: string): string => join(folder.path, name);
  const ports = await Promise.all(Array.from({ length: 5 }, freePort));
  const [amqp, stomp, webSocket, distribution, names] = ports;
  const url = `stomp://guest:guest@127.0.0.1:${stomp}`;
  const node = `replyto-test-${stomp}@localhost`;
  await writeFile(
    inFolder('rabbitmq.conf'),
    [
      `listeners.tcp.1 = 127.0.0.1:${amqp}`,
      `stomp.listeners.tcp.1 = 127.0.0.1:${stomp}`,
      'web_stomp.tcp.ip = 127.0.0.1',
      `web_stomp.tcp.port = ${webSocket}`,
      '',
    ].join('\n'),
  );
  await writeFile(inFolder('enabled_plugins'), '[rabbitmq_stomp,rabbitmq_web_stomp].\n');
  // The cookie is made in the home folder.
  const env = { ERL_EPMD_PORT: String(names), ERL_EPMD_ADDRESS: '127.0.0.1', HOME: folder.path };
  const nameServer = startMortal('epmd', [], { name: 'epmd', env });

  async function launch(): Promise<{ readonly child: RunningProcess; readonly server: string }> {
    const child = startMortal(command, [], {
      name: 'RabbitMQ',
      env: {
        ...env,
        RABBITMQ_NODENAME: node,
        RABBITMQ_DIST_PORT: String(distribution),
        RABBITMQ_CONFIG_FILE: inFolder('rabbitmq'),
        RABBITMQ_ENABLED_PLUGINS_FILE: inFolder('enabled_plugins'),
        RABBITMQ_MNESIA_BASE: inFolder('data'),
        RABBITMQ_LOG_BASE: inFolder('log'),
        // Then the script becomes the node, so that its process id is the node's.
        RUNNING_UNDER_SYSTEMD: 'true',
      },
    });
    try {
      return { child, server: await untilStompAnswers(url, startWithinMs, () => !child.hasExited()) };
    } catch (error) {
      child.kill('SIGKILL');
      await child.exited;
      throw new Error(`RabbitMQ did not start; it said:\n${child.output()}`, { cause: error });
    }
  }

  async function removeAll(): Promise<void> {
    await nameServer.stop();
    await folder.remove();
  }

  let current = await launch().catch(async (error: unknown) => {
    await removeAll();
    throw error;
  });
  async function control(...parameters: string[]): Promise<string> {
    const all = ['-q', '-n', node, '-t', '30', ...parameters];
    const child = startProcess(command.replace(/rabbitmq-server$/u, 'rabbitmqctl'), all, { env });
    const { code } = await child.exited;
    if (code !== 0)
      throw new Error(`rabbitmqctl ${parameters.join(' ')} failed; it said:\n${child.output()}`);
    return child.stdout();
  }

  return {
    url,
    webSocketUrl: `ws://guest:guest@127.0.0.1:${webSocket}/ws`,
    // It speaks AMQP to JMS clients, not OpenWire.
    openWireUrl: null,
    version: serverVersion(current.server),
    how: 'a node of its own with the STOMP plugins',
    amqpPort: amqp ?? 0,
    control,
    syncQueues: async () => {
      await control('eval', 'mnesia:sync_log().');
    },
    get pid() {
      return current.child.pid;
    },
    stop: async () => {
      await current.child.stop(stopWithinMs);
      await removeAll();
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
