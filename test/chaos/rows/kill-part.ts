/** Whole parts that are killed by others, at moments that chance gives. */
import { randomUUID } from 'node:crypto';
import { post } from '../../support/http.js';
import { until } from '../../support/until.js';
import { awayFor, untilMore, untilMoreAnswers } from './progress.js';
import type { Scene } from './row.js';

const longestAwayMs = 3_000;
/** Beyond this gateways give what they hold of replies back to the broker. */
const longAwayMs = 12_000;
const goesOn = 50;

/** One kill after the other, each after some more requests. `kill` gets its number, from 0, and heals what it killed. */
async function inTurns(scene: Scene, kill: (index: number) => Promise<void>): Promise<void> {
  const { size, random } = scene;
  const most = Math.max(1, Math.floor(size.requests / size.kills));
  for (let index = 0; index < size.kills; index += 1) {
    await untilMore(scene, 1 + random.below(most));
    await kill(index);
    await untilMoreAnswers(scene, goesOn);
  }
}

export function killBroker(scene: Scene): Promise<void> {
  const { system, random, done, load, signal } = scene;
  return inTurns(scene, async () => {
    const { broker } = system;
    if (broker === null) throw new Error('the embedded broker dies with its gateway');
    const awayMs = random.below(longestAwayMs);
    await broker.kill();
    done(`broker killed after ${load.accepted()} accepted, started again ${awayMs} ms later`);
    await awayFor(awayMs, signal);
    await broker.restart();
  });
}

/** Every other time the gateways die, too, so that whatever they told the broker without a commit is lost. */
export function killStore(scene: Scene): Promise<void> {
  const { system, random, done, load, size, signal } = scene;
  return inTurns(scene, async (index) => {
    const { postgres, gateways } = system;
    if (postgres === null) throw new Error('SQLite dies with its gateway');
    const awayMs = random.below(Math.min(size.stopMs, longAwayMs));
    await postgres.kill();
    const accepted = load.accepted();
    const refusedAfterMs = await untilRefused(gateways.map(({ url }) => url));
    await awayFor(awayMs, signal);
    const withGateways = index % 2 === 1;
    if (withGateways) await Promise.all(gateways.map((gateway) => gateway.kill()));
    await postgres.restart();
    if (withGateways) await Promise.all(gateways.map((gateway) => gateway.restart()));
    done(
      `store killed after ${accepted} accepted; 503 from all gateways ${refusedAfterMs} ms later; away ${awayMs} ms more` +
        (withGateways ? ', at the end of which all gateways were killed' : ''),
    );
  });
}

/** New work is refused while there is no store. @returns milliseconds until all do */
async function untilRefused(urls: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  for (const url of urls) {
    await until(
      async () => {
        const headers = { 'message-id': randomUUID(), prefer: 'respond-async' };
        const { status } = await post(`${url}/requests/nobody`, 'refused', headers);
        return status === 503;
      },
      { what: '503 for new work without a store' },
    );
  }
  return Math.round(performance.now() - startedAt);
}

export function killService(scene: Scene): Promise<void> {
  const { system, random, done, load, signal } = scene;
  return inTurns(scene, async () => {
    const index = random.below(system.services.length);
    const awayMs = random.below(longestAwayMs);
    await system.services[index]?.kill();
    done(`service ${index + 1} killed after ${load.accepted()} accepted, started again ${awayMs} ms later`);
    await awayFor(awayMs, signal);
    await system.services[index]?.restart();
  });
}

export function killGateway(scene: Scene): Promise<void> {
  const { system, random, done, load } = scene;
  return inTurns(scene, async () => {
    const index = random.below(system.gateways.length);
    await system.gateways[index]?.kill();
    done(`gateway ${index + 1} killed after ${load.accepted()} accepted`);
    if (system.gateways.length > 1) await untilMore(scene, goesOn);
    await system.gateways[index]?.restart();
  });
}

/** It hears nothing and says nothing, and comes back as if nothing had been: at first later than its lease lasts, where time is given. */
export function stopGateway(scene: Scene): Promise<void> {
  const { system, random, done, load, size, signal } = scene;
  return inTurns(scene, async (turn) => {
    const index = random.below(system.gateways.length);
    const gateway = system.gateways[index];
    if (gateway === undefined) return;
    const stoppedMs = turn === 0 ? size.stopMs : random.below(size.stopMs);
    process.kill(gateway.pid, 'SIGSTOP');
    try {
      done(`gateway ${index + 1} stopped after ${load.accepted()} accepted, for ${stoppedMs} ms`);
      await untilMore(scene, goesOn);
      await awayFor(stoppedMs, signal);
    } finally {
      process.kill(gateway.pid, 'SIGCONT');
    }
  });
}
