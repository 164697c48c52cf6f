import { expect } from 'chai';
import { createRandom } from '#testing/random.js';
import type { Crash } from '../../chaos/points/crash-point.js';
import { killAtPoint } from '../../chaos/rows/kill-at-point.js';
import type { Scene } from '../../chaos/rows/row.js';
import { sizes } from '../../chaos/sizes.js';

/** A gateway that only says how it ended. */
function sceneWith(gateway: { readonly ended: Promise<unknown>; readonly crash: Crash | null }): {
  readonly scene: Scene;
  readonly done: string[];
} {
  const done: string[] = [];
  let accepted = 0;
  const scene = {
    system: {
      gateways: [
        {
          ...{ plan: () => undefined, restart: () => Promise.resolve(), output: () => 'what it said' },
          ...{ ended: gateway.ended, takeCrash: () => gateway.crash },
        },
      ],
    },
    load: { accepted: () => (accepted += 1) },
    ...{ random: createRandom(1, 0), size: sizes.short, done: (what: string) => void done.push(what) },
    signal: new AbortController().signal,
  };
  return { scene: scene as unknown as Scene, done };
}

async function failureOf(scene: Scene): Promise<string> {
  return killAtPoint('accepted', scene, 50).then(
    () => 'it succeeded',
    (error: unknown) => String(error),
  );
}

describe('a kill at a named point', () => {
  it('is told with the request that was there', async () => {
    const crash = { point: 'accepted', passing: 3, requestId: 'r' } as const;
    const { scene, done } = sceneWith({ ended: Promise.resolve(), crash });
    await killAtPoint('accepted', scene);
    expect(done).to.deep.equal(['accepted, passing 3: r']);
  });

  it('has failed when the gateway lives on', async () => {
    const { scene, done } = sceneWith({ ended: new Promise(() => undefined), crash: null });
    expect(await failureOf(scene)).to.match(/in vain for the end of a gateway at accepted, passing \d+$/u);
    expect(done).to.deep.equal([]);
  });

  it('has failed when the gateway died of something else', async () => {
    const { scene, done } = sceneWith({ ended: Promise.resolve(), crash: null });
    expect(await failureOf(scene)).to.match(/a gateway ended before accepted, .*what it said/su);
    expect(done).to.deep.equal([]);
  });
});
