// Requests per second of POST /requests/demo.echo, waited for, at 1 and 50 connections: the built gateway in one process,
// the echo service in a second, this load generator in a third. Run `npm run build` first.
//
//   node scripts/measure-asking.mjs                                    the embedded broker
//   BROKER_URL=stomp://127.0.0.1:61613 node scripts/measure-asking.mjs   another broker
//
// SECONDS=5 and ROUNDS=3 say how long each figure is measured and how often.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'undici';

const seconds = Number(process.env.SECONDS ?? 5);
const rounds = Number(process.env.ROUNDS ?? 3);
const cli = 'dist/cli/main.js';

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

const folder = mkdtempSync(join(tmpdir(), 'replyto-measure-'));
const [port, brokerPort] = [await freePort(), await freePort()];
const url = `http://127.0.0.1:${port}`;
const env = {
  ...process.env,
  PORT: String(port),
  BROKER_PORT: String(brokerPort),
  DATA_DIR: folder,
  LOG_LEVEL: 'warn',
};
const brokerUrl = process.env.BROKER_URL ?? `stomp://127.0.0.1:${brokerPort}`;
const children = [];

/** `ended` is there from the start: a child that has ended says so no more. */
function start(...parameters) {
  const child = spawn(process.execPath, [cli, ...parameters], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  children.push({ child, ended: new Promise((resolve) => child.once('exit', resolve)) });
}

async function until(condition) {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await condition().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('not ready within 20 s');
}

async function load(connections) {
  const latencies = [];
  let failed = 0;
  const endAt = Date.now() + seconds * 1_000;
  async function caller() {
    const client = new Client(url);
    while (Date.now() < endAt) {
      const startedAt = performance.now();
      const { statusCode, body } = await client.request({
        path: '/requests/demo.echo',
        method: 'POST',
        headers: { 'content-type': 'application/json', prefer: 'wait=20' },
        body: '{"say":"hello"}',
      });
      await body.dump();
      if (statusCode === 200) latencies.push(performance.now() - startedAt);
      else failed += 1;
    }
    await client.close();
  }
  await Promise.all(Array.from({ length: connections }, caller));
  latencies.sort((a, b) => a - b);
  const at = (share) => (latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(2);
  return { rate: latencies.length / seconds, p50: at(0.5), p99: at(0.99), failed };
}

try {
  start('serve');
  await until(async () => (await (await fetch(`${url}/readyz?verbose`)).text()).includes('[+] replies'));
  start('reply', 'demo.echo', '--echo', '--concurrency', '100', '--broker-url', brokerUrl);
  await until(async () => {
    const answer = await fetch(`${url}/requests/demo.echo`, {
      method: 'POST',
      headers: { prefer: 'wait=1' },
    });
    return answer.status === 200;
  });
  console.log(
    `broker ${(await (await fetch(`${url}/version`)).json()).broker}, ${seconds} s each, ${rounds} rounds`,
  );
  for (const connections of [1, 50]) {
    const results = [];
    for (let round = 0; round < rounds; round += 1) results.push(await load(connections));
    const rates = results.map(({ rate }) => Math.round(rate)).join(' / ');
    const { p50, p99 } = results.at(-1);
    const failed = results.reduce((sum, result) => sum + result.failed, 0);
    console.log(
      `${connections} connections: ${rates} requests/s; last round p50 ${p50} ms, p99 ${p99} ms; ${failed} failed`,
    );
  }
} finally {
  for (const { child } of children) child.kill('SIGTERM');
  await Promise.all(children.map(({ ended }) => ended));
  rmSync(folder, { recursive: true, force: true });
}
