// A service of bash and curl: neither it nor its caller knows the broker.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ask, follow } from '../support/caller.mjs';
import { lacking, startService } from '../support/service-process.mjs';

if (spawnSync('curl', ['--version']).status !== 0) lacking('curl: apt install curl');
const script = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'replyto-example-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const env = { ...process.env, KEPT: join(folder, 'later.txt') };

const service = await startService('bash', [script('service.sh')], { ready: /answering requests/u, env });
await ask('example.curl', 'one loaf, please');
await ask('example.curl', '');
await follow('example.curl', 'later: one large loaf', {
  meanwhile: async () => {
    await ask('example.curl', 'and milk');
    spawnSync('bash', [script('answer-later.sh')], { stdio: 'inherit', env });
  },
});
await service.stop();
