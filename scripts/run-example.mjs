// Runs one example by its folder's name. It uses the gateway at REPLYTO_URL and the broker at BROKER_URL if a gateway
// answers there, such as that of `npm start`; else it starts one for the time being, on the broker at BROKER_URL, by
// default on its embedded broker.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildIfNeeded } from './build-if-needed.mjs';

const [name = ''] = process.argv.slice(2);
const main = join('examples', name, 'main.mjs');
if (name === '' || !existsSync(main)) {
  const names = readdirSync('examples').filter((folder) => existsSync(join('examples', folder, 'main.mjs')));
  console.error(`usage: npm run example -- NAME, one of ${names.join(', ')}`);
  process.exit(2);
}

/** From below the ports that the system gives to outgoing connections, one of which might take it before the gateway does. */
async function freePort() {
  for (;;) {
    const port = randomInt(10_000, 32_000);
    const server = createServer();
    const isFree = await new Promise((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

async function isReady(url) {
  try {
    return (await fetch(`${url}/readyz`)).ok;
  } catch {
    return false;
  }
}

/** What a signal ends first: the gateway while it starts, then the example. */
let running;

/** Starts a program of Node. `ended` resolves with its exit code, null when a signal ended it. */
function run(parameters, options) {
  const child = spawn(process.execPath, parameters, options);
  running = child;
  return { child, ended: new Promise((resolve) => child.once('exit', resolve)) };
}

async function startGateway() {
  const folder = mkdtempSync(join(tmpdir(), 'replyto-example-'));
  const [port, brokerPort] = [await freePort(), await freePort()];
  const env = { ...process.env, PORT: port, BROKER_PORT: brokerPort, DATA_DIR: folder, LOG_LEVEL: 'warn' };
  const { child, ended } = run(['dist/cli/main.js', 'serve'], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 20_000;
  while (!(await isReady(url))) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      await stop();
      console.error('the gateway did not start');
      process.exit(1);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { url, brokerUrl: env.BROKER_URL ?? `stomp://127.0.0.1:${brokerPort}`, stop };
}

// The examples use the package by its name, and that is the built package.
await buildIfNeeded();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => (running === undefined ? process.exit(1) : running.kill(signal)));
}
const given = process.env.REPLYTO_URL ?? 'http://127.0.0.1:8080';
const gateway = (await isReady(given))
  ? {
      url: given,
      brokerUrl: process.env.BROKER_URL ?? 'stomp://127.0.0.1:61613',
      stop: async () => undefined,
    }
  : await startGateway();
const example = run([main], {
  stdio: 'inherit',
  env: { ...process.env, REPLYTO_URL: gateway.url, BROKER_URL: gateway.brokerUrl },
});
const code = await example.ended;
await gateway.stop();
process.exitCode = code ?? 1;
