import type { StoreContext } from './context.js';

/** Remembers the broker that requests go to from now on; resolves with the one before, null when there was none. */
export function createBrokerMemory({ commits }: StoreContext): (address: string) => Promise<string | null> {
  return (address) =>
    commits.run(async (tx) => {
      const before = await tx
        .selectFrom('meta')
        .select('value')
        .where('key', '=', 'broker')
        .executeTakeFirst();
      const value = Buffer.from(address);
      await tx
        .insertInto('meta')
        .values({ key: 'broker', value })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
        .execute();
      return before === undefined ? null : before.value.toString('utf8');
    });
}
