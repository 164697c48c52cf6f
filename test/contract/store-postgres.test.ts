import { createHash } from 'node:crypto';
import { openPostgresStore } from '#adapters/store/open-postgres-store.js';
import { skip } from '../support/skip.js';
import type { TestDatabase } from '../support/test-database.js';
import { createTestDatabase } from '../support/test-database.js';
import { exclusiveCases } from './store/durability.cases.js';
import { describeStoreContract } from './store/store.suite.js';

describe('PostgreSQL', function () {
  let database: TestDatabase | undefined;

  before(async function () {
    const created = await createTestDatabase();
    if ('unavailable' in created) skip(this, created.unavailable);
    database = created;
  });
  after(() => database?.remove());

  describeStoreContract({
    name: 'PostgreSQL',
    async open({ folder, ...options }) {
      if (database === undefined) throw new Error('the store is for tests and their hooks');
      const url = await database.schemaUrl(
        `p${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`,
      );
      return openPostgresStore({ url, usesDatabaseTime: false, ...options });
    },
    // Each makes all tables anew.
    modelRuns: 20,
    skip: [{ reason: 'any number of processes may have it open', tests: exclusiveCases }],
  });
});
