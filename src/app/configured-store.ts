/** The store that the settings name. */
import { join } from 'node:path';
import { openPostgresStore } from '#adapters/store/open-postgres-store.js';
import { openStore } from '#adapters/store/open-store.js';
import type { Store } from '#adapters/store/store.js';
import type { Configuration } from '#schema/configuration.js';
import { isPostgresUrl } from '#schema/store-settings.js';
import { systemClock as clock } from './system-clock.js';
import { newId } from './new-id.js';

/** @throws STORE_LOCKED, STORE_CORRUPT, STORE_NEWER, STORE_UNAVAILABLE */
export async function openConfiguredStore(configuration: Configuration, instance: string): Promise<Store> {
  const { store, dataDir, retention } = configuration;
  const common = { clock, newId, instance, retentionMs: retention.finalMs, eventRetention: retention };
  if (!isPostgresUrl(store.url)) return openStore({ path: join(dataDir, 'replyto.db'), ...common });
  const { url, poolSize, statementTimeoutMs } = store;
  return openPostgresStore({
    ...common,
    ...{ url, poolSize, statementTimeoutMs },
    applicationName: `replyto ${instance}`,
  });
}
