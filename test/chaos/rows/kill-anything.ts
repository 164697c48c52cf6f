/** Every part has a killer of its own, who does what chance tells him, until the time is over. */
import { createRandom } from '#testing/random.js';
import type { Random } from '#testing/random.js';
import { within } from '../../support/until.js';
import type { ChaosGateway } from '../parts/gateway.js';
import { crashPoints } from '../points/crash-point.js';
import { awayFor, untilMoreAnswers } from './progress.js';
import type { Scene } from './row.js';

/** What is done to a part, again and again. It runs when this resolves. */
type Deed = (random: Random) => Promise<void>;

interface Killer {
  readonly deed: Deed;
  /** Milliseconds between two deeds, at most. */
  readonly pauseMs: number;
}

const goesOn = 50;
const healWithinMs = 120_000;
const retryMs = 500;
/** In this many requests, a gateway passes the point at which it is to die. */
const mostPassings = 50;
const passWithinMs = 5_000;
const longestStopMs = 8_000;
const longestAwayMs = 4_000;

export async function killAnything(scene: Scene): Promise<void> {
  const { size, random, signal } = scene;
  const endAt = performance.now() + size.randomMs;
  const seed = random.below(2 ** 30);

  async function work({ deed, pauseMs }: Killer, index: number): Promise<void> {
    const own = createRandom(seed, index);
    for (;;) {
      const waitMs = 1_000 + own.below(pauseMs);
      if (performance.now() + waitMs >= endAt) return;
      await awayFor(waitMs, signal);
      await deed(own);
    }
  }
  await Promise.all(killersOf(scene).map(work));
  await untilMoreAnswers(scene, goesOn);
}

function killersOf(scene: Scene): Killer[] {
  const { system, done, signal } = scene;
  const { broker, postgres } = system;
  const heal = (what: string, restart: () => Promise<void>): Promise<void> =>
    within(untilHealed(restart, signal), { what: `${what} to run again`, withinMs: healWithinMs });
  const killPart =
    (what: string, part: { kill(): Promise<void>; restart(): Promise<void> }): Deed =>
    async (random) => {
      await part.kill();
      done(`${what} killed`);
      await awayFor(random.below(longestAwayMs), signal);
      await heal(what, () => part.restart());
    };
  const killGateway =
    (what: string, gateway: ChaosGateway): Deed =>
    async (random) => {
      const how = random.pick(['kill', 'stop', 'point', 'point'] as const);
      if (how === 'stop') {
        await stopFor(gateway, random.below(longestStopMs), signal);
        done(`${what} stopped for a while`);
        return;
      }
      if (how === 'kill') {
        await gateway.kill();
        done(`${what} killed`);
      } else {
        const plan = { point: random.pick(crashPoints), passing: 1 + random.below(mostPassings) };
        gateway.plan(plan);
        const crashed = await within(gateway.ended, { what, withinMs: passWithinMs }).catch(() => null);
        gateway.plan(null);
        if (crashed === null && gateway.takeCrash() === null) return;
        done(`${what} killed at ${plan.point}`);
        await gateway.ended;
      }
      gateway.takeCrash();
      await heal(what, () => gateway.restart());
    };
  return [
    ...system.gateways.map((gateway, index) => ({
      ...{ deed: killGateway(`gateway ${index + 1}`, gateway), pauseMs: 8_000 },
    })),
    ...system.services.map((service, index) => ({
      ...{ deed: killPart(`service ${index + 1}`, service), pauseMs: 10_000 },
    })),
    ...(broker === null ? [] : [{ deed: killPart('broker', broker), pauseMs: 15_000 }]),
    ...(postgres === null ? [] : [{ deed: killPart('store', postgres), pauseMs: 15_000 }]),
  ];
}

async function stopFor({ pid }: ChaosGateway, ms: number, signal: AbortSignal): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  try {
    await awayFor(ms, signal);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

/** What it needs may be away itself just now. */
async function untilHealed(restart: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    try {
      await restart();
      return;
    } catch {
      await awayFor(retryMs, signal);
    }
  }
}
