// The document's example: a REST call in, the reply in the queue that the caller named, read with the CLI.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { connectBroker, createReplier } from 'replyto';

const gateway = process.env.REPLYTO_URL ?? 'http://127.0.0.1:8080';
const brokerUrl = process.env.BROKER_URL ?? 'stomp://127.0.0.1:61613';
const replyQueue = 'Reply Queue';

const broker = await connectBroker(brokerUrl);
const service = createReplier({
  broker,
  queue: 'orion.workflow.create',
  handler: () => ({ result: 'Everything is awesome' }),
});
await service.start();

const messageId = randomUUID();
const response = await fetch(`${gateway}/orion/workflow/create`, {
  method: 'POST',
  headers: {
    'Content-Type': 'application/json',
    Time: '1552959300136',
    'Message-ID': messageId,
    'Reply-to': replyQueue,
  },
  body: JSON.stringify({
    Workflow: '46371a70b2cf3953b12b3e0bf8a83ea2',
    Modules: [{ GridCapability: ['23c83140-05df-4b53-9ccf-ce1fcfc22773'] }],
  }),
});
console.log(`asked: ${response.status} ${response.statusText}`);

const reply = JSON.parse(await consumeOne(replyQueue));
console.log('received from the reply queue:');
console.log(`  Message-ID is a new one:    ${reply.messageId !== messageId}`);
console.log(`  Correl-ID is the request's: ${reply.correlId === messageId}`);
console.log(`  Reply to:                   ${reply.replyTo}`);
console.log(`  Time is later:              ${reply.time > 1552959300136}`);
console.log(`  Contents:                   ${JSON.stringify(reply.body)}`);

await service.stop(1_000);
await broker.close();

/** `replyto consume QUEUE`, as in a terminal. */
function consumeOne(queue) {
  const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
  const parameters = [
    'consume',
    queue,
    '--count',
    '1',
    '--wait',
    '20',
    '-o',
    'json',
    '--broker-url',
    brokerUrl,
  ];
  const child = spawn(process.execPath, [cli, ...parameters], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  return new Promise((resolve, reject) => {
    child.once('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`consume ended with ${code}`)),
    );
  });
}
