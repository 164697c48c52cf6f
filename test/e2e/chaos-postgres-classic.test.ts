/** Rows of `npm run chaos` that kill a PostgreSQL of their own, or one of several gateways on it. */
import { describeOn } from '../support/brokers.js';
import { playChaos } from '../support/chaos.js';
import { processes } from '../support/process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

describeOn('classic', 'npm run chaos -- --short, with PostgreSQL', () => {
  const { startSource } = processes();
  const folder = temporaryFolder();

  for (const row of ['store-classic-postgres', 'reply-received-classic-postgres']) {
    it(`loses nothing: ${row}`, async function () {
      // What could not be written down while the store was away is sent again when its lease of a minute is over.
      this.timeout(240_000);
      await playChaos(this, { startSource, row, out: folder(), withinMs: 220_000 });
    });
  }
});
