import fc from 'fast-check';
import type { Case } from '../messaging/case.js';
import type { StoreBench } from './bench.js';
import { allCommands } from './model.commands.js';
import { createStoreModel } from './model.js';

/** @param runs how many sequences; each takes a store of its own */
export function modelCases(test: Case, bench: StoreBench, runs: number): void {
  test('says what the state machine says, after any sequence of operations', async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(allCommands, { maxCommands: 60, size: 'max' }), async (commands) => {
        const store = await bench.openElsewhere();
        const { clock } = bench;
        try {
          await fc.asyncModelRun(
            () => ({
              model: createStoreModel(clock.now()),
              real: { store, clock, deliveryIds: new Map(), seen: new Map() },
            }),
            commands,
          );
        } finally {
          await store.close();
        }
      }),
      { numRuns: runs },
    );
  });
}
