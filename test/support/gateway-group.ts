import { randomUUID } from 'node:crypto';
import type { ServedGateway } from './served-gateway.js';
import { serveGateway } from './served-gateway.js';
import type { TestDatabase } from './test-database.js';
import { createTestDatabase } from './test-database.js';

/** Several gateways on one PostgreSQL and one broker. */
export interface GatewayGroup {
  readonly gateways: readonly ServedGateway[];
  readonly database: TestDatabase;
  readonly prefix: string;
  /** One more; with settings of its own. */
  add(settings?: Readonly<Record<string, string>>, startedWhen?: string): Promise<ServedGateway>;
  remove(): Promise<void>;
}

/** @returns why there is no database, in words */
export async function serveGatewayGroup(
  size: number,
  brokerUrl: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<GatewayGroup | { readonly unavailable: string }> {
  const created = await createTestDatabase();
  if ('unavailable' in created) return created;
  const database = created;
  const prefix = `group-${randomUUID()}`;
  const gateways: ServedGateway[] = [];

  async function add(
    more: Readonly<Record<string, string>> = {},
    startedWhen = '[+] replies',
  ): Promise<ServedGateway> {
    const gateway = await serveGateway({
      ...{ brokerUrl, startedWhen },
      settings: { REPLYTO_PREFIX: prefix, STORE_URL: database.url, ...settings, ...more },
    });
    gateways.push(gateway);
    return gateway;
  }

  async function remove(): Promise<void> {
    await Promise.all(gateways.map((gateway) => gateway.remove()));
    await database.remove();
  }

  try {
    // At the same time: one makes the tables, the others wait for it.
    await Promise.all(Array.from({ length: size }, () => add()));
  } catch (error) {
    await remove();
    throw error;
  }
  return { gateways, database, prefix, add, remove };
}
