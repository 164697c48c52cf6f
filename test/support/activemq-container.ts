/**
 * ActiveMQ Classic in a Docker container. Since 6.2.6 the image listens for OpenWire alone, so it gets a
 * configuration of ours. The attempt ends within 60 s whatever Docker does: at once without a daemon; a
 * container that comes up too late is stopped then.
 */
import { fileURLToPath } from 'node:url';
import { GenericContainer } from 'testcontainers';
import type { StartedTestContainer } from 'testcontainers';
import { activemqVersion } from './activemq-jars.js';
import type { OwnedBroker, UnavailableBroker } from './brokers.js';
import { serverVersion, untilStompAnswers } from './stomp-probe.js';
import { within } from './until.js';

/** The second is the name that the first had before. */
const images = [`apache/activemq:${activemqVersion}`, `apache/activemq-classic:${activemqVersion}`];
const attemptWithinMs = 60_000;
const stompPort = 61613;
const openWirePort = 61616;

/** The one that docker-compose.yml mounts. */
const configuration = fileURLToPath(new URL('../../docker/activemq.xml', import.meta.url));

export async function startClassicContainer(): Promise<OwnedBroker | UnavailableBroker> {
  const failures: string[] = [];
  const deadlineAt = performance.now() + attemptWithinMs;
  for (const image of images) {
    const leftMs = deadlineAt - performance.now();
    if (leftMs <= 0) break;
    const starting = startImage(image, leftMs);
    try {
      return await within(starting, { what: `Docker to start ${image}`, withinMs: leftMs });
    } catch (error) {
      void starting.then(
        (late) => late.stop(),
        () => undefined,
      );
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  return { unavailable: [...new Set(failures)].join('; ') };
}

async function startImage(image: string, withinMs: number): Promise<OwnedBroker> {
  const container = await new GenericContainer(image)
    .withExposedPorts(stompPort, openWirePort)
    .withCopyFilesToContainer([{ source: configuration, target: '/opt/apache-activemq/conf/activemq.xml' }])
    .withStartupTimeout(withinMs)
    .start();
  try {
    const url = `stomp://${addressOf(container, stompPort)}`;
    return {
      url,
      webSocketUrl: null,
      openWireUrl: `tcp://${addressOf(container, openWirePort)}`,
      version: serverVersion(await untilStompAnswers(url, withinMs)),
      how: `Docker image ${image}`,
      stop: async () => {
        await container.stop();
      },
    };
  } catch (error) {
    await container.stop();
    throw error;
  }
}

function addressOf(container: StartedTestContainer, port: number): string {
  return `${container.getHost()}:${container.getMappedPort(port)}`;
}
