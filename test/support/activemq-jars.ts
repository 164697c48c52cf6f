/** The jars of a complete ActiveMQ Classic, from Maven. */
import { writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { cachedFromMaven, runMaven } from './maven-cache.js';

export const activemqVersion = '6.3.1';

interface Dependency {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
  /** Without what it depends on itself. */
  readonly alone?: boolean;
}

const activemq = { group: 'org.apache.activemq', version: activemqVersion };
const jetty = { group: 'org.eclipse.jetty', version: '11.0.26' };

const brokerDependencies: readonly Dependency[] = [
  { ...activemq, artifact: 'activemq-stomp' },
  { ...activemq, artifact: 'activemq-kahadb-store' },
  { ...activemq, artifact: 'activemq-console' },
  { ...activemq, artifact: 'activemq-client' },
  { group: 'org.slf4j', artifact: 'slf4j-simple', version: '2.0.16' },
];

/** Maven has no newer activemq-http; it runs in the newer broker, and Jetty 11 is the one that it was made for. */
const webSocketDependencies: readonly Dependency[] = [
  { ...activemq, artifact: 'activemq-http', version: '6.2.4', alone: true },
  { ...jetty, artifact: 'jetty-servlet' },
  { ...jetty, group: `${jetty.group}.websocket`, artifact: 'websocket-jetty-server' },
];

/** By which it writes maps as JSON; a distribution of it has them. */
const statisticsDependencies: readonly Dependency[] = [
  { group: 'com.thoughtworks.xstream', artifact: 'xstream', version: '1.4.21' },
  { group: 'org.codehaus.jettison', artifact: 'jettison', version: '1.5.4' },
];

function toPom(dependencies: readonly Dependency[]): string {
  const exclusions =
    '<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>';
  const lines = dependencies.map(
    ({ group, artifact, version, alone }) =>
      `    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>${alone === true ? exclusions : ''}</dependency>`,
  );
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>replyto.test</groupId>
  <artifactId>activemq</artifactId>
  <version>1</version>
  <dependencies>
${lines.join('\n')}
  </dependencies>
</project>
`;
}

/** A Java class path that stands for all jars, or why there is none. */
export type Jars = { readonly classPath: string } | { readonly unavailable: string };

/** The cached jars of a broker; Maven fetches them when they are not there yet (seconds; at most three minutes). */
export function activemqJars(): Promise<Jars> {
  return cachedJars(`activemq-${activemqVersion}`, brokerDependencies);
}

/** The same with its transport for WebSocket. */
export function activemqWebSocketJars(): Promise<Jars> {
  return activemqJarsAnd('websocket', webSocketDependencies);
}

/** The same with what its statistics plugin needs to write JSON. */
export function activemqStatisticsJars(): Promise<Jars> {
  return activemqJarsAnd('statistics', statisticsDependencies);
}

async function activemqJarsAnd(name: string, dependencies: readonly Dependency[]): Promise<Jars> {
  const broker = await activemqJars();
  if ('unavailable' in broker) return broker;
  const more = await cachedJars(`activemq-${activemqVersion}-${name}`, dependencies);
  if ('unavailable' in more) return more;
  return { classPath: [broker.classPath, more.classPath].join(delimiter) };
}

async function cachedJars(name: string, dependencies: readonly Dependency[]): Promise<Jars> {
  const cached = await cachedFromMaven(name, async (folder) => {
    await writeFile(join(folder, 'pom.xml'), toPom(dependencies));
    return runMaven(['dependency:copy-dependencies', `-DoutputDirectory=${join(folder, 'lib')}`], folder);
  });
  return 'unavailable' in cached ? cached : { classPath: join(cached.folder, 'lib', '*') };
}
