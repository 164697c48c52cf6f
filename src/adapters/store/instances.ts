import { ReplytoError } from '#core/errors.js';
import type { AgreedSettings, Instances, JoiningInstance } from '#core/ports/instances.js';
import type { Role } from '#core/roles.js';
import { roles } from '#core/roles.js';
import type { StoreContext, Tx } from './context.js';
import { storeMigrations } from './migrations.js';
import { fromBlob, toBlob } from './rows.js';
import { checkKeyOf } from './store-check.js';

export function createInstances(context: StoreContext): Instances {
  const { db, commits, clock } = context;
  return {
    join: (instance) => commits.run((tx) => join(tx, context, instance)),
    // By itself: a sign of life must not wait for rows that others have locked.
    async renew(id, leaseMs) {
      const { numUpdatedRows } = await db
        .updateTable('instances')
        .set({ lease_until: clock.now() + leaseMs })
        .where('id', '=', id)
        .executeTakeFirst();
      return Number(numUpdatedRows) > 0;
    },
    leave: (id) =>
      commits.run(async (tx) => {
        await tx.deleteFrom('instances').where('id', '=', id).execute();
        await setFree(tx, id);
      }),
    forgetDead: () =>
      commits.run(async (tx) => {
        const dead = await tx
          .deleteFrom('instances')
          .where('lease_until', '<=', clock.now())
          .returning('id')
          .execute();
        for (const { id } of dead) await setFree(tx, id);
        return dead.map(({ id }) => id);
      }),
    async list() {
      const rows = await db
        .selectFrom('instances')
        .select(['id', 'started_at', 'version', 'lease_until', 'agreed'])
        .orderBy('started_at')
        .execute();
      return rows.map(({ id, version, agreed, started_at: startedAt, lease_until: leaseUntil }) => ({
        ...{ id, version, startedAt, leaseUntil, roles: rolesOf(agreed) },
      }));
    },
    async liveRoles() {
      const rows = await db
        .selectFrom('instances')
        .select('agreed')
        .where('lease_until', '>', clock.now())
        .execute();
      return [...new Set(rows.flatMap(({ agreed }) => rolesOf(agreed)))];
    },
  };
}

async function join(
  tx: Tx,
  { clock }: StoreContext,
  { id, version, leaseMs, roles: own, ...instance }: JoiningInstance,
): Promise<void> {
  const now = clock.now();
  // One that slept while others were upgraded must not go on with what it knows.
  const agreed = { ...instance.agreed, 'the layout of the database': String(storeMigrations.length) };
  // Those that join at the same time do so one after the other: the identity of the store is always there to be locked.
  await tx.selectFrom('meta').select('key').where('key', '=', 'id').forUpdate().execute();
  const others = await tx
    .selectFrom('instances')
    .select(['id', 'agreed'])
    .where('id', '<>', id)
    .where('lease_until', '>', now)
    .execute();
  for (const other of others) {
    const differing = differences(fromBlob<AgreedSettings>(other.agreed), agreed);
    if (differing.length === 0) continue;
    throw new ReplytoError('INSTANCE_CONFLICT', {
      detail: `another gateway of this store (instance ${other.id}) runs with other settings: ${differing.join(', ')}. Give both the same, or stop the other one first`,
    });
  }
  const row = { version, agreed: toBlob({ ...agreed, [rolesName]: own.join() }), lease_until: now + leaseMs };
  await tx
    .insertInto('instances')
    .values({ id, started_at: now, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute();
}

function differences(known: AgreedSettings, given: AgreedSettings): string[] {
  const names = new Set([...Object.keys(known), ...Object.keys(given)]);
  names.delete(rolesName);
  return [...names].filter((name) => known[name] !== given[name]).sort();
}

/** Stands beside what is agreed on, and is of each instance alone. */
const rolesName = 'roles';

/** Of an earlier version, whose instances did everything: all. */
export function rolesOf(agreed: Buffer): readonly Role[] {
  const given = fromBlob<AgreedSettings>(agreed)[rolesName];
  return given === undefined ? roles : roles.filter((role) => given.split(',').includes(role));
}

/** Whoever looks next finds it. An owner without a lease tells that the message may be on the broker already. */
async function setFree(tx: Tx, owner: string): Promise<void> {
  await tx
    .updateTable('requests')
    .set({ send_lease_until: 0 })
    .where('status', '=', 'accepted')
    .where('send_owner', '=', owner)
    .execute();
  await tx
    .updateTable('outbox')
    .set({ next_at: 0 })
    .where('status', '=', 'waiting')
    .where('owner', '=', owner)
    .execute();
  await tx.updateTable('outgoing').set({ next_at: 0 }).where('owner', '=', owner).execute();
  await tx.deleteFrom('duties').where('owner', '=', owner).execute();
  await tx.deleteFrom('meta').where('key', '=', checkKeyOf(owner)).execute();
}
