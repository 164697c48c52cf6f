// A service in Python; a caller asks it over HTTP, as it asks any other.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ask, follow } from '../support/caller.mjs';
import { lacking, startService } from '../support/service-process.mjs';

/** Debian's stomp.py belongs to Debian's Python, which need not be the first of the path. */
const pythons = [process.env.PYTHON, 'python3', '/usr/bin/python3'].filter((name) => name !== undefined);
const python = pythons.find((name) => spawnSync(name, ['-c', 'import stomp']).status === 0);
if (python === undefined) {
  lacking("Python 3 with stomp.py 8: apt install python3-stomp, or pip install 'stomp.py==8.2.0'");
}

const service = await startService(python, [fileURLToPath(new URL('service.py', import.meta.url))], {
  ready: /answering requests/u,
});
await follow('example.python', { items: ['tea', 'cake'] }, { steps: 1 });
await ask('example.python', {});
await service.stop();
