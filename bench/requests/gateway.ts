import { startProcess, startSource } from '../../test/support/process.js';
import type { ServedGateway } from '../../test/support/served-gateway.js';
import { serveGateway } from '../../test/support/served-gateway.js';
import type { TestDatabase } from '../../test/support/test-database.js';
import { within } from '../../test/support/until.js';
import { unlessAborted } from '../tools/interruption.js';
import type { End, StartOptions } from './starting.js';
import { NotMeasurable, inOneLine } from './starting.js';
import type { System } from './system.js';
import type { Way } from './ways.js';

const checkWithinMs = 30_000;

interface GatewayStart extends StartOptions {
  readonly name: string;
  readonly database: TestDatabase | null;
  readonly ends: End[];
}

/** The one under test, or the one whose broker the others use; null where neither is wanted. */
export async function startGateway(
  system: System,
  way: Way,
  { name, database, ends, signal, subjectFlags = [] }: GatewayStart,
): Promise<ServedGateway | null> {
  const isSubject = way.subject.is === 'gateway';
  if (!isSubject && way.broker !== 'embedded') return null;
  // Its caller tells.
  if (way.broker === 'classic' && system.classic === null) return null;
  const settings = {
    REPLYTO_PREFIX: name,
    ...(database === null ? {} : { STORE_URL: database.url }),
  };
  if (database !== null) await checkSettings(system, way, settings);
  const gateway = await unlessAborted(
    serveGateway({
      ...(way.broker === 'embedded' ? {} : { brokerUrl: system.classic?.url ?? '' }),
      settings,
      ...(system.built ? { built: { nodeFlags: isSubject ? subjectFlags : [] } } : {}),
    }),
    signal,
  );
  ends.push(() => gateway.remove());
  return gateway;
}

/** @throws NotMeasurable with the words of the product */
async function checkSettings(
  { built }: System,
  { title }: Way,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const parameters = ['config', 'check'];
  const options = { env: settings };
  const check = built
    ? startProcess(process.execPath, ['dist/cli/main.js', ...parameters], options)
    : startSource('src/cli/main.ts', parameters, options);
  const { code } = await within(check.exited, {
    what: 'the check of the settings',
    withinMs: checkWithinMs,
  });
  if (code !== 0) throw new NotMeasurable(`Not measured: ${title}. ${inOneLine(check.output())}`);
}
