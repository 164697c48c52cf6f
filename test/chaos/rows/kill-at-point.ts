/** Gateways that kill themselves at a named point, one after the other. */
import { within } from '../../support/until.js';
import type { ChaosGateway } from '../parts/gateway.js';
import type { Crash, CrashPoint } from '../points/crash-point.js';
import type { Scene } from './row.js';
import { untilMore } from './progress.js';

const crashWithinMs = 90_000;
/** Of requests, which the others accept before the dead one comes back. */
const withoutIt = 50;

/** @param withinMs until a gateway has died */
export async function killAtPoint(point: CrashPoint, scene: Scene, withinMs = crashWithinMs): Promise<void> {
  const { system, random, size } = scene;
  // Only some requests pass the last two.
  const most = Math.max(1, Math.floor(size.requests / size.kills / 6));
  for (let kill = 0; kill < size.kills; kill += 1) {
    scene.signal.throwIfAborted();
    const gateway = random.pick(system.gateways);
    const passing = 1 + random.below(most);
    gateway.plan({ point, passing });
    const crash = await crashOf(gateway, `${point}, passing ${passing}`, withinMs);
    gateway.plan(null);
    scene.done(`${crash.point}, passing ${crash.passing}: ${crash.requestId}`);
    if (system.gateways.length > 1) await untilMore(scene, withoutIt);
    await gateway.restart();
    await untilMore(scene, 1);
  }
}

/** @throws Error when it lives on, or died of something else */
async function crashOf(gateway: ChaosGateway, what: string, withinMs: number): Promise<Crash> {
  await within(gateway.ended, { what: `the end of a gateway at ${what}`, withinMs });
  const crash = gateway.takeCrash();
  if (crash === null) throw new Error(`a gateway ended before ${what}; it said:\n${gateway.output()}`);
  return crash;
}
