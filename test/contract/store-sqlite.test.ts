import { join } from 'node:path';
import { openStore } from '#adapters/store/open-store.js';
import { exclusiveCases, placeCases } from './store/durability.cases.js';
import { sharingCases } from './store/sharing.cases.js';
import { describeStoreContract } from './store/store.suite.js';

describeStoreContract({
  name: 'SQLite',
  open: ({ folder, ...options }) => openStore({ path: join(folder, 'replyto.db'), ...options }),
  skip: [{ reason: 'it is for one process', tests: sharingCases }],
});

describeStoreContract({
  name: 'SQLite in memory',
  open: ({ folder: _, ...options }) => openStore({ path: ':memory:', ...options }),
  skip: [
    { reason: 'memory is gone with its store', tests: [...placeCases, ...exclusiveCases] },
    { reason: 'it is for one process', tests: sharingCases },
  ],
});
