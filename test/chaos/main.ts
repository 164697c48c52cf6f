/** `npm run chaos`: see `--help`. */
import { watchSignals } from '../../bench/tools/interruption.js';
import { play } from './play.js';
import { rows } from './rows/rows.js';

const signal = watchSignals();
for (const row of rows) {
  console.log(
    JSON.stringify(
      await play(row, { seed: 1, size: { requests: 1000, kills: 3, stopMs: 5000, randomMs: 5000 }, signal }),
      null,
      1,
    ),
  );
}
process.exit();
