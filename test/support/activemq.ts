/**
 * ActiveMQ Classic for tests. `provisionClassic` finds one for the whole run: the one given by
 * TEST_BROKER_URL, else a Docker container, else a process of the Maven jars, else none, with the reason in
 * words. `startClassic` starts a broker that belongs to one test, which may stop, kill and restart it on
 * the same ports and data. A broker ends with the process that started it.
 */
import { join } from 'node:path';
import { startClassicContainer } from './activemq-container.js';
import { activemqJars, activemqWebSocketJars } from './activemq-jars.js';
import type { OwnedBroker, UnavailableBroker } from './brokers.js';
import { givenBrokerUrl } from './brokers.js';
import { freePort } from './free-port.js';
import type { RunningProcess } from './process.js';
import { startProcess } from './process.js';
import { serverVersion, probeStomp, untilStompAnswers } from './stomp-probe.js';
import { makeTemporaryFolder } from './temporary-folder.js';

export async function provisionClassic(): Promise<OwnedBroker | UnavailableBroker> {
  const given = givenBrokerUrl();
  if (given !== undefined) return useGiven(given);

  const container = await startClassicContainer();
  if (!('unavailable' in container)) return container;

  const jars = await activemqJars();
  if ('unavailable' in jars) {
    return { unavailable: `Docker: ${container.unavailable}; Maven: ${jars.unavailable}` };
  }
  try {
    const broker = await startClassic();
    return { ...broker, how: 'a process of the Maven jars', stop: () => broker.stop() };
  } catch (error) {
    return { unavailable: `Docker: ${container.unavailable}; Maven jars: ${String(error)}` };
  }
}

async function useGiven(url: string): Promise<OwnedBroker | UnavailableBroker> {
  try {
    const version = serverVersion(await probeStomp(url));
    return {
      url,
      webSocketUrl: null,
      openWireUrl: null,
      version,
      how: 'given by TEST_BROKER_URL',
      stop: () => Promise.resolve(),
    };
  } catch (error) {
    return { unavailable: `TEST_BROKER_URL: ${String(error)}` };
  }
}

export interface ClassicOptions {
  /** STOMP port of 127.0.0.1; default: one that is free. */
  readonly port?: number;
  /** Where it keeps its messages; default: a temporary folder that `stop` removes. */
  readonly dataDirectory?: string;
  /** Whether it keeps messages on disk; default true. */
  readonly persistent?: boolean;
  /** Whether it takes STOMP over WebSocket too, text messages of up to 16 MiB; default false. */
  readonly webSocket?: boolean;
}

export interface ClassicBroker {
  /** `stomp://127.0.0.1:PORT` */
  readonly url: string;
  /** STOMP; the same after a restart. */
  readonly port: number;
  readonly openWirePort: number;
  readonly openWireUrl: string;
  /** `ws://127.0.0.1:PORT/`; null without WebSocket. */
  readonly webSocketUrl: string | null;
  readonly version: string;
  /** Process id of the JVM now running. */
  readonly pid: number;
  /** Ends it in order and for good, and removes its temporary folder. */
  stop(): Promise<void>;
  /** kill -9; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same ports and data, after ending it in order where it still runs. */
  restart(): Promise<void>;
}

const startWithinMs = 60_000;
const stopWithinMs = 20_000;

/**
 * Starts a broker from the Maven jars and waits until it answers a STOMP CONNECT.
 *
 * @throws Error when there is no java or mvn, or with the broker's output when it does not answer within 60 s.
 */
export async function startClassic(options: ClassicOptions = {}): Promise<ClassicBroker> {
  const withWebSocket = options.webSocket === true;
  const jars = await (withWebSocket ? activemqWebSocketJars() : activemqJars());
  if ('unavailable' in jars) throw new Error(jars.unavailable);
  const { classPath } = jars;
  const folder = options.dataDirectory === undefined ? await makeTemporaryFolder() : undefined;
  const dataDirectory = options.dataDirectory ?? folder?.path ?? '';

  async function launch(wanted: Ports): Promise<Launched> {
    const webSocket = `,ws://127.0.0.1:${wanted.webSocket}?websocket.maxTextMessageSize=${16 * 1024 * 1024}`;
    const connectors = `stomp+nio://127.0.0.1:${wanted.stomp},tcp://127.0.0.1:${wanted.openWire}`;
    const parameters = [
      `broker:(${connectors}${withWebSocket ? webSocket : ''})`,
      `?persistent=${options.persistent ?? true}&useJmx=false&schedulerSupport=true`,
      `&dataDirectory=${join(dataDirectory, 'data')}`,
    ];
    const home = [`-Dactivemq.home=${dataDirectory}`, `-Dactivemq.base=${dataDirectory}`];
    const main = ['-cp', classPath, 'org.apache.activemq.console.Main', 'start', parameters.join('')];
    const child = startProcess('java', ['-Xmx512m', ...home, ...main], { name: 'ActiveMQ Classic' });
    try {
      // The log names the ports.
      const portOf = async (scheme: string): Promise<number> => {
        const line = new RegExp(`Listening for connections at:? ${scheme}://[^:]+:(\\d+)`, 'u');
        return Number((await child.line(line, startWithinMs))[1]);
      };
      const ports = {
        stomp: await portOf(String.raw`stomp\+nio`),
        openWire: await portOf('tcp'),
        webSocket: withWebSocket ? await portOf('ws') : 0,
      };
      const url = `stomp://127.0.0.1:${ports.stomp}`;
      const server = await untilStompAnswers(url, startWithinMs, () => !child.hasExited());
      return { child, ports, version: serverVersion(server) };
    } catch (error) {
      child.kill('SIGKILL');
      await child.exited;
      throw new Error(`ActiveMQ Classic did not start; it said:\n${child.output()}`, { cause: error });
    }
  }

  const given: Ports = {
    stomp: options.port ?? (await freePort()),
    openWire: await freePort(),
    webSocket: withWebSocket ? await freePort() : 0,
  };
  let current = await launch(given).catch(async (error: unknown) => {
    await folder?.remove();
    throw error;
  });
  const { ports, version } = current;
  return {
    url: `stomp://127.0.0.1:${ports.stomp}`,
    port: ports.stomp,
    openWirePort: ports.openWire,
    openWireUrl: `tcp://127.0.0.1:${ports.openWire}`,
    webSocketUrl: withWebSocket ? `ws://127.0.0.1:${ports.webSocket}/` : null,
    version,
    get pid() {
      return current.child.pid;
    },
    stop: async () => {
      await current.child.stop(stopWithinMs);
      await folder?.remove();
    },
    kill: async () => {
      current.child.kill('SIGKILL');
      await current.child.exited;
    },
    restart: async () => {
      await current.child.stop(stopWithinMs);
      current = await launch(ports);
    },
  };
}

interface Ports {
  readonly stomp: number;
  readonly openWire: number;
  /** 0 without WebSocket. */
  readonly webSocket: number;
}

interface Launched {
  readonly child: RunningProcess;
  readonly ports: Ports;
  readonly version: string;
}
