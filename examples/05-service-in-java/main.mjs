// Two services in Java, on JMS alone: one knows nothing of the gateway, the other sends progress and faults.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ask, follow } from '../support/caller.mjs';
import { lacking, startService } from '../support/service-process.mjs';

if (spawnSync('mvn', ['-v']).status !== 0) lacking('Java 17 and Maven: apt install default-jdk maven');
if (process.env.OPENWIRE_URL === undefined) {
  lacking('an ActiveMQ Classic: BROKER_URL=stomp://HOST:61613 OPENWIRE_URL=tcp://HOST:61616');
}

const start = (mainClass) =>
  startService('mvn', ['-B', '-q', 'compile', 'exec:java', `-Dexec.mainClass=${mainClass}`], {
    ready: /answering requests/u,
    cwd: fileURLToPath(new URL('.', import.meta.url)),
  });

const plain = await start('PlainService');
await ask('example.plain-java', 'one loaf, please');
await plain.stop();

const knowing = await start('KnowingService');
await follow('example.knowing-java', 'one loaf, please');
await ask('example.knowing-java', '');
await knowing.stop();
