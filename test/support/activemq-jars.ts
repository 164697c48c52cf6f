/**
 * The jars of a complete ActiveMQ Classic, from Maven, kept under node_modules/.cache. A folder appears
 * there by rename and only when it is complete, so two processes may ask at once and a broken download
 * leaves nothing behind that looks whole.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProcess } from './process.js';

export const activemqVersion = '6.3.1';

const mavenWithinMs = 180_000;

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

/** Whether `java` can be run here. */
export async function hasJava(): Promise<boolean> {
  return (await succeeds('java', ['-version'])).ok;
}

/** The cached jars of a broker; Maven fetches them when they are not there yet (seconds; at most three minutes). */
export function activemqJars(): Promise<Jars> {
  return cachedJars(`activemq-${activemqVersion}`, brokerDependencies);
}

/** The same with its transport for WebSocket. */
export async function activemqWebSocketJars(): Promise<Jars> {
  const broker = await activemqJars();
  if ('unavailable' in broker) return broker;
  const webSocket = await cachedJars(`activemq-${activemqVersion}-websocket`, webSocketDependencies);
  if ('unavailable' in webSocket) return webSocket;
  return { classPath: [broker.classPath, webSocket.classPath].join(delimiter) };
}

async function cachedJars(name: string, dependencies: readonly Dependency[]): Promise<Jars> {
  if (!(await hasJava())) return { unavailable: 'no java on the path' };
  const folder = fileURLToPath(new URL(`../../node_modules/.cache/${name}`, import.meta.url));
  const classPath = join(folder, 'lib', '*');
  if (existsSync(folder)) return { classPath };
  if (!(await succeeds('mvn', ['-v'])).ok) return { unavailable: 'no mvn on the path' };

  await mkdir(dirname(folder), { recursive: true });
  const building = await mkdtemp(`${folder}-building-`);
  try {
    await writeFile(join(building, 'pom.xml'), toPom(dependencies));
    const fetched = await succeeds(
      'mvn',
      ['-B', '-q', 'dependency:copy-dependencies', `-DoutputDirectory=${join(building, 'lib')}`],
      building,
    );
    if (!fetched.ok) return { unavailable: `mvn could not fetch the jars: ${firstLine(fetched.output)}` };
    try {
      await rename(building, folder);
    } catch (error) {
      // Another process was faster: its folder is as good.
      if (!existsSync(folder)) throw error;
    }
    return { classPath };
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

async function succeeds(
  command: string,
  parameters: readonly string[],
  cwd?: string,
): Promise<{ readonly ok: boolean; readonly output: string }> {
  const child = startProcess(command, parameters, cwd === undefined ? {} : { cwd });
  const timer = setTimeout(() => child.kill('SIGKILL'), mavenWithinMs);
  const { code } = await child.exited;
  clearTimeout(timer);
  return { ok: code === 0, output: child.output() };
}

function firstLine(output: string): string {
  return output.split('\n').find((line) => line.includes('ERROR')) ?? output.slice(0, 200);
}
