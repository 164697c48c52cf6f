// What followers of a project cost one gateway: idle event streams (memory, /livez beside them), active ones that all hear
// every event (delay, CPU), and what asking costs with a project, whose status nobody may wait for.
//
//   node --conditions=replyto-source --import tsx scripts/measure-followers.ts
//
// IDLE=9500, ACTIVE=1000, RATE=100 (events per second) and SECONDS=20 say how many; ASKED=2000 requests are asked in each
// of ROUNDS=3 rounds, with a project and without, in turns.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { call, post } from '../test/support/http.js';
import { serveGateway } from '../test/support/served-gateway.js';

const setting = (name: string, preset: number): number => Number(process.env[name] ?? preset);
const idle = setting('IDLE', 9_500);
const active = setting('ACTIVE', 1_000);
const rate = setting('RATE', 100);
const seconds = setting('SECONDS', 20);
const asked = setting('ASKED', 2_000);
const rounds = setting('ROUNDS', 3);

const gateway = await serveGateway({ settings: { REPLYTO_STATUS__MAX_FOLLOWERS: '20000' } });
const { hostname, port } = new URL(gateway.url);

function say(what: string, value: string): void {
  console.log(`${what.padEnd(52)} ${value}`);
}

function memoryMiB(): number {
  const status = readFileSync(`/proc/${gateway.pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+)/mu.exec(status)?.[1]) / 1024);
}

/** CPU seconds of the gateway so far; a tick is 10 ms. */
function cpuSeconds(): number {
  const fields = readFileSync(`/proc/${gateway.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function spread(values: number[], unit = 'ms'): string {
  const sorted = values.sort((one, other) => one - other);
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1);
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)} ${unit} of ${sorted.length}`;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Opens an event stream with as little as possible on this side. */
function follow(project: string, onText: (text: string) => void): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.setEncoding('latin1');
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.write(`GET /status/${project} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
    });
    socket.once('data', () => {
      socket.on('data', onText);
      resolve(socket);
    });
  });
}

async function openAll(project: string, count: number, onText: (text: string) => void): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(100, count - sockets.length) }, () => follow(project, onText));
    sockets.push(...(await Promise.all(some)));
  }
  return sockets;
}

async function livez(calls: number): Promise<string> {
  const took: number[] = [];
  for (let index = 0; index < calls; index += 1) {
    const startedAt = performance.now();
    await call(`${gateway.url}/livez`);
    took.push(performance.now() - startedAt);
    await pause(10);
  }
  return spread(took);
}

async function measureIdle(): Promise<void> {
  const before = memoryMiB();
  const startedAt = performance.now();
  const sockets = await openAll('quiet', idle, () => undefined);
  say(`${idle} idle followers opened in`, `${Math.round(performance.now() - startedAt)} ms`);
  const cpu = cpuSeconds();
  const after = memoryMiB();
  say(
    'memory',
    `${before} MiB before, ${after} MiB with them, ${Math.round(((after - before) * 1024) / idle)} KiB each`,
  );
  say('GET /livez beside them', await livez(500));
  await pause(16_000);
  say('CPU of 21 s with them', `${(cpuSeconds() - cpu).toFixed(2)} s`);
  for (const socket of sockets) socket.destroy();
}

async function measureActive(): Promise<void> {
  let heard = 0;
  const delays: number[] = [];
  // One of a hundred is timed: this side has to keep up, too.
  const sockets = await openAll('busy', active - Math.ceil(active / 100), (text) => {
    heard += text.split('\nevent: ').length - 1;
  });
  sockets.push(
    ...(await openAll('busy', Math.ceil(active / 100), (text) => {
      const now = Date.now();
      for (const [, time] of text.matchAll(/"time":(\d+)/gu)) delays.push(now - Number(time));
      heard += text.split('\nevent: ').length - 1;
    })),
  );
  const cpu = cpuSeconds();
  const startedAt = performance.now();
  let sent = 0;
  const underWay = new Set<Promise<unknown>>();
  while (performance.now() - startedAt < seconds * 1_000) {
    const due = Math.floor(((performance.now() - startedAt) / 1_000) * rate);
    for (; sent < due; sent += 1) {
      const event = { subject: `task-${sent % 50}`, kind: 'progress', percent: sent % 100, time: Date.now() };
      const one = post(`${gateway.url}/status/busy`, JSON.stringify(event)).finally(() =>
        underWay.delete(one),
      );
      underWay.add(one);
    }
    await pause(5);
  }
  await Promise.all(underWay);
  const deadline = performance.now() + 10_000;
  while (heard < sent * active && performance.now() < deadline) await pause(20);
  say(
    `${active} active followers, ${rate} events/s for ${seconds} s`,
    `${sent} events, ${heard} of ${sent * active} heard`,
  );
  say('delay from the event to the client', spread(delays));
  say('CPU of the gateway', `${(((cpuSeconds() - cpu) * 1_000) / sent).toFixed(1)} s per 1,000 events`);
  say('memory', `${memoryMiB()} MiB`);
  for (const socket of sockets) socket.destroy();
}

/** Accepted and answered by the caller's own reply over HTTP would measure the caller; accepted alone is what waits. */
async function ask(project: string | null): Promise<number> {
  const startedAt = performance.now();
  let left = asked;
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await post(`${gateway.url}/requests/measured`, '{}', {
        prefer: 'respond-async',
        ...(project === null ? {} : { project }),
      });
    }
  };
  await Promise.all(Array.from({ length: 20 }, caller));
  return (asked * 1_000) / (performance.now() - startedAt);
}

async function measureAsking(): Promise<void> {
  const [plain, withProject]: [number[], number[]] = [[], []];
  await ask(null);
  for (let round = 0; round < rounds; round += 1) {
    plain.push(await ask(null));
    withProject.push(await ask('asked'));
  }
  say('requests accepted without a project', spread(plain, 'per s'));
  say('requests accepted with a project', spread(withProject, 'per s'));
}

try {
  await measureAsking();
  await measureActive();
  await measureIdle();
} finally {
  await gateway.remove();
}
