/**
 * The jars of a complete ActiveMQ Classic, from Maven, kept under node_modules/.cache. A folder appears
 * there by rename and only when it is complete, so two processes may ask at once and a broken download
 * leaves nothing behind that looks whole.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProcess } from './process.js';

export const activemqVersion = '6.3.1';

const cacheFolder = fileURLToPath(
  new URL(`../../node_modules/.cache/activemq-${activemqVersion}`, import.meta.url),
);
const mavenWithinMs = 180_000;

const dependencies = [
  ['org.apache.activemq', 'activemq-stomp', activemqVersion],
  ['org.apache.activemq', 'activemq-kahadb-store', activemqVersion],
  ['org.apache.activemq', 'activemq-console', activemqVersion],
  ['org.apache.activemq', 'activemq-client', activemqVersion],
  ['org.slf4j', 'slf4j-simple', '2.0.16'],
] as const;

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>replyto.test</groupId>
  <artifactId>activemq</artifactId>
  <version>1</version>
  <dependencies>
${dependencies
  .map(
    ([group, artifact, version]) =>
      `    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`,
  )
  .join('\n')}
  </dependencies>
</project>
`;

/** A Java class path entry that stands for all jars, or why there is none. */
export type Jars = { readonly classPath: string } | { readonly unavailable: string };

/** Whether `java` can be run here. */
export async function hasJava(): Promise<boolean> {
  return (await succeeds('java', ['-version'])).ok;
}

/** The cached jars; Maven fetches them when they are not there yet (seconds; at most three minutes). */
export async function activemqJars(): Promise<Jars> {
  if (!(await hasJava())) return { unavailable: 'no java on the path' };
  const classPath = join(cacheFolder, 'lib', '*');
  if (existsSync(cacheFolder)) return { classPath };
  if (!(await succeeds('mvn', ['-v'])).ok) return { unavailable: 'no mvn on the path' };

  await mkdir(dirname(cacheFolder), { recursive: true });
  const building = await mkdtemp(join(dirname(cacheFolder), `${basename(cacheFolder)}-building-`));
  try {
    await writeFile(join(building, 'pom.xml'), pom);
    const fetched = await succeeds(
      'mvn',
      ['-B', '-q', 'dependency:copy-dependencies', `-DoutputDirectory=${join(building, 'lib')}`],
      building,
    );
    if (!fetched.ok) return { unavailable: `mvn could not fetch the jars: ${firstLine(fetched.output)}` };
    try {
      await rename(building, cacheFolder);
    } catch (error) {
      // Another process was faster: its folder is as good.
      if (!existsSync(cacheFolder)) throw error;
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
