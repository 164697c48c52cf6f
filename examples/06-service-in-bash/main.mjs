// A service in bash, run by `replyto reply`; a caller asks it over HTTP, as it asks any other.
import { fileURLToPath } from 'node:url';
import { ask, follow } from '../support/caller.mjs';
import { startService } from '../support/service-process.mjs';

const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const parameters = ['reply', 'example.words', '--exec', './service.sh'];
const service = await startService(process.execPath, [cli, ...parameters], {
  ready: /answering requests/u,
  cwd: fileURLToPath(new URL('.', import.meta.url)),
});
await follow('example.words', 'one loaf, please', { steps: 1 });
await ask('example.words', '');
await service.stop();
