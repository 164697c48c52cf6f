// A project is followed by curl, then by this program: first what a script tells of a task, then what becomes of a request.
import { spawnSync } from 'node:child_process';
import { TextDecoderStream } from 'node:stream/web';
import { fileURLToPath } from 'node:url';
import { lacking, startService } from '../support/service-process.mjs';

if (spawnSync('curl', ['--version']).status !== 0) lacking('curl: apt install curl');
const gateway = process.env.REPLYTO_URL ?? 'http://127.0.0.1:8080';
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
// A project exists by being named; this one is new, so its events count from 1.
const project = `example-${Date.now()}`;

const script = spawnSync('bash', [path('follow.sh')], {
  stdio: 'inherit',
  env: { ...process.env, PROJECT: project },
});
if (script.status !== 0) process.exit(1);

const service = await startService(process.execPath, [path('service.mjs')], { ready: /answering requests/u });
const asked = await fetch(`${gateway}/requests/example.import`, {
  method: 'POST',
  headers: { Project: project, Prefer: 'respond-async' },
});
console.log(`asked: ${asked.status}`);
// The gateway tells of its requests with a Project, the service of its progress.
const parameters = 'after=4&kind=progress,success';
const stream = await fetch(`${gateway}/status/${project}?${parameters}`, {
  headers: { Accept: 'text/event-stream' },
  signal: AbortSignal.timeout(60_000),
});
let text = '';
for await (const chunk of stream.body.pipeThrough(new TextDecoderStream())) {
  text += chunk;
  const events = text.split('\n\n');
  text = events.pop();
  for (const [, data] of events.join('\n').matchAll(/^data: (.*)$/gmu)) print(JSON.parse(data));
  if (/^event: success$/mu.test(events.join('\n'))) break;
}
await service.stop();

function print({ kind, percent, text }) {
  console.log(`${kind}: ${percent === undefined ? '' : `${percent} % `}${text}`);
}
