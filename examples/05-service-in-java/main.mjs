// Two services in Java, on JMS alone: one knows nothing of the gateway, the other sends progress and faults.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ask, follow } from '../support/caller.mjs';
import { lacking, startService } from '../support/service-process.mjs';

if (spawnSync('mvn', ['-v']).status !== 0) lacking('Java 17 and Maven: apt install default-jdk maven');
if (process.env.OPENWIRE_URL === undefined) {
  lacking(
    'an ActiveMQ, Classic or Artemis, with STOMP and OpenWire: BROKER_URL=stomp://HOST:61613 OPENWIRE_URL=tcp://HOST:61616',
  );
}

// A folder of its own, because two of these may run at once.
const target = mkdtempSync(join(tmpdir(), 'replyto-example-'));
process.once('exit', () => rmSync(target, { recursive: true, force: true }));

const start = (mainClass) =>
  startService(
    'mvn',
    ['-B', '-q', 'compile', 'exec:java', `-Dexec.mainClass=${mainClass}`, `-Dtarget=${target}`],
    {
      ready: /answering requests/u,
      cwd: fileURLToPath(new URL('.', import.meta.url)),
    },
  );

const plain = await start('PlainService');
await ask('example.plain-java', 'one loaf, please');
await plain.stop();

const knowing = await start('KnowingService');
await follow('example.knowing-java', 'one loaf, please', { steps: 1 });
await ask('example.knowing-java', '');
await knowing.stop();
