/** A row of `npm run chaos` that kills one of several gateways on one PostgreSQL. */
import { describeOn } from '../support/brokers.js';
import { playChaos } from '../support/chaos.js';
import { processes } from '../support/process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

describeOn('classic', 'npm run chaos -- --short, with PostgreSQL', () => {
  const { startSource } = processes();
  const folder = temporaryFolder();

  it('loses nothing: reply-received-classic-postgres', async function () {
    this.timeout(240_000);
    await playChaos(this, {
      ...{ startSource, out: folder(), withinMs: 220_000 },
      row: 'reply-received-classic-postgres',
    });
  });
});
