import { randomBytes, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import pg from 'pg';
import type { OpenPostgresStoreOptions } from '#adapters/store/open-postgres-store.js';
import { openPostgresStore } from '#adapters/store/open-postgres-store.js';
import { migrate } from '#adapters/postgres/migrations.js';
import { createPostgresPool } from '#adapters/postgres/pool.js';
import { storeMigrations } from '#adapters/store/migrations.js';
import type { Store } from '#adapters/store/store.js';
import { systemClock } from '#app/system-clock.js';
import type { AcceptOutcome } from '#core/ports/request-store.js';
import { failureOf } from '../support/errors.js';
import { happens } from '../support/happens.js';
import { newReply, newRequest } from '../support/requests.js';
import { skip } from '../support/skip.js';
import type { SilentProxy } from '../support/silent-proxy.js';
import { startSilentProxy } from '../support/silent-proxy.js';
import type { TestDatabase } from '../support/test-database.js';
import { createTestDatabase } from '../support/test-database.js';
import { until } from '../support/until.js';

const leaseMs = 60_000;
const statementTimeoutMs = 1_000;

/** A PostgreSQL that does not do what it should. */
describe('the store on a PostgreSQL in trouble', function () {
  this.timeout(60_000);
  let database: TestDatabase | undefined;
  let proxy: SilentProxy;
  let store: Store;

  before(async function () {
    const created = await createTestDatabase();
    if ('unavailable' in created) skip(this, created.unavailable);
    database = created;
  });
  after(() => database?.remove());
  beforeEach(async () => {
    proxy = await startSilentProxy(await database!.schemaUrl(`t${randomBytes(4).toString('hex')}`));
    store = await open();
  });
  afterEach(async () => {
    proxy.resume();
    await store.close();
    await proxy.stop();
  });

  const open = (more: Partial<OpenPostgresStoreOptions> = {}): Promise<Store> =>
    openPostgresStore({
      ...{ url: proxy.url, clock: systemClock, newId: randomUUID, statementTimeoutMs },
      connectTimeoutMs: 1_000,
      ...more,
    });

  const accept = (id: string = randomUUID()): Promise<AcceptOutcome> =>
    store.requests.accept(newRequest({ id }), { owner: null, leaseMs });

  async function isWell(): Promise<boolean> {
    return accept().then(
      ({ kind }) => kind === 'created',
      () => false,
    );
  }

  happens(
    'Surroundings',
    'PostgreSQL cuts all connections while requests come in',
    'what was accepted is kept, all else gets 503, and a second later it goes on',
    async () => {
      const ids = Array.from({ length: 300 }, () => randomUUID());
      const accepting = ids.map((id) => accept(id));
      await accepting[0];
      await database!.disconnect();
      const outcomes = await Promise.allSettled(accepting);
      await until(isWell, { what: 'a store that takes requests again' });
      for (const [index, outcome] of outcomes.entries()) {
        if (outcome.status === 'fulfilled') {
          expect(await store.requests.find(ids[index]!)).to.include({ status: 'accepted' });
        } else expect(outcome.reason).to.include({ code: 'STORE_UNAVAILABLE', retryable: true });
      }
    },
  );

  happens(
    'Surroundings',
    'PostgreSQL is there and answers nothing',
    'hundreds of calls get 503 within seconds, all at once and not one after the other; it goes on when it answers',
    async () => {
      expect(await isWell()).to.equal(true);
      proxy.fallSilent();
      const beganAt = performance.now();
      const outcomes = await Promise.allSettled(Array.from({ length: 400 }, () => accept()));
      expect(outcomes.every(({ status }) => status === 'rejected')).to.equal(true);
      // What the server and its answer get, twice: for the transaction and for a connection that takes its place.
      expect(performance.now() - beganAt).to.be.below(15_000);
      proxy.resume();
      await until(isWell, { what: 'a store that takes requests again', withinMs: 20_000 });
    },
  );

  happens(
    'Surroundings',
    'PostgreSQL takes no writes, as a standby or with default_transaction_read_only',
    '503 with the reason, reading goes on; writing too as soon as it is allowed',
    async () => {
      const { id } = newRequest();
      await accept(id);
      const { pathname } = new URL(database!.url);
      const name = pathname.slice(1);
      await database!.run(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
      try {
        await database!.disconnect();
        await until(async () => (await failureOf(accept())).message.includes('takes no writes'), {
          what: 'a refusal that says why',
        });
        expect(await store.requests.find(id)).to.include({ id });
      } finally {
        await database!.run(`ALTER DATABASE ${name} RESET default_transaction_read_only`);
      }
      await until(isWell, { what: 'a store that takes requests again' });
    },
  );

  happens(
    'Surroundings',
    'somebody has locked a request in PostgreSQL for longer than store.statementTimeoutMs',
    'what changes it gets 503 and works later; all others go on',
    async () => {
      const id = randomUUID();
      await accept(id);
      const holder = new pg.Client({ connectionString: proxy.url });
      await holder.connect();
      try {
        await holder.query('BEGIN');
        await holder.query('SELECT seq FROM requests WHERE id = $1 FOR UPDATE', [id]);
        expect(await failureOf(store.requests.markSent(id))).to.include({
          code: 'STORE_UNAVAILABLE',
          retryable: true,
        });
        expect(await isWell()).to.equal(true);
      } finally {
        await holder.end();
      }
      expect(await store.requests.markSent(id)).to.include({ status: 'sent' });
    },
  );

  happens(
    'Surroundings',
    'every change in PostgreSQL takes longer than store.statementTimeoutMs, because somebody has locked a whole table',
    'hundreds of calls get 503 within seconds, and not one after the other; it goes on when the lock is gone',
    async () => {
      expect(await isWell()).to.equal(true);
      const holder = new pg.Client({ connectionString: proxy.url });
      await holder.connect();
      try {
        await holder.query('BEGIN');
        await holder.query('LOCK TABLE requests IN ACCESS EXCLUSIVE MODE');
        const beganAt = performance.now();
        const outcomes = await Promise.allSettled(Array.from({ length: 400 }, () => accept()));
        expect(outcomes.every(({ status }) => status === 'rejected')).to.equal(true);
        // The first call, the others together, and two of them alone.
        expect(performance.now() - beganAt).to.be.below(10 * statementTimeoutMs);
      } finally {
        await holder.end();
      }
      await until(isWell, { what: 'a store that takes requests again' });
    },
  );

  it('claims a hundred requests from a database far away nearly as fast as one', async () => {
    const ids = Array.from({ length: 100 }, () => randomUUID());
    await Promise.all(ids.map((id) => accept(id)));
    const awayMs = 200;
    proxy.slowDown(awayMs);
    const beganAt = performance.now();
    const claimed = await store.requests.claimUnsent({
      owner: 'one',
      leaseMs,
      limit: 100,
      enoughBytes: 1_000_000,
    });
    expect(claimed).to.have.length(100);
    // To begin, to look, to size up, to take and to commit.
    expect(performance.now() - beganAt).to.be.within(4 * awayMs, 20 * awayMs);
  });

  it('says of what it can never take that it is no trouble of the store, and commits its neighbours', async () => {
    const bad = store.requests.accept(newRequest({ time: 0.5 }), { owner: null, leaseMs });
    const [refused, neighbour] = await Promise.allSettled([bad, accept()]);
    expect(refused).to.have.nested.property('reason.code', 'INTERNAL');
    expect(neighbour).to.have.nested.property('value.kind', 'created');
  });

  it('keeps a reply with an id that no index takes among the unmatched ones, once', async () => {
    const correlationId = randomBytes(6_000).toString('base64');
    const reply = newReply(correlationId);
    expect((await store.requests.settle(reply)).kind).to.equal('unmatched');
    expect((await store.requests.settle(reply)).kind).to.equal('unmatched');
    expect((await store.deadLetters.count())['unmatched-reply']).to.equal(1);
  });

  it('is opened by several at the same time on a schema that is empty', async () => {
    const url = await database!.schemaUrl(`t${randomBytes(4).toString('hex')}`);
    const stores = await Promise.all([open({ url }), open({ url }), open({ url })]);
    expect(new Set(stores.map(({ id }) => id)).size).to.equal(1);
    for (const each of stores) await each.close();
  });

  it('changes no schema under those that run, and opens none that is newer', async () => {
    const schema = new URL(proxy.url).searchParams.get('options')!.split('=')[1]!;
    const setVersion = (version: number): Promise<void> =>
      database!.run(`UPDATE ${schema}.replyto_schema SET version = ${version}`);
    await store.instances.join({ id: 'runs', roles: ['gateway'], version: '1', agreed: {}, leaseMs });
    await setVersion(storeMigrations.length - 1);
    const { code, message } = await failureOf(open());
    expect([code, message.includes('runs')]).to.deep.equal(['INSTANCE_CONFLICT', true]);
    await setVersion(storeMigrations.length + 1);
    expect((await failureOf(open())).code).to.equal('STORE_NEWER');
    await setVersion(storeMigrations.length);
  });

  it('brings tables of each earlier version up to date, and goes on counting where they ended', async () => {
    for (let version = 1; version < storeMigrations.length; version += 1) {
      const url = await database!.schemaUrl(`t${randomBytes(4).toString('hex')}`);
      const pool = createPostgresPool({ url, poolSize: 1 });
      await migrate(pool, storeMigrations.slice(0, version));
      const connection = await pool.connect();
      for (const id of ['one', 'two', 'three']) {
        await connection.query(
          `INSERT INTO dead_letters (id, kind, queue, received_at, reason, headers, body)
            VALUES ($1, 'invalid', 'q', 1, 'why', '{}', '')`,
          [id],
        );
      }
      connection.release();
      await pool.close();
      const upgraded = await open({ url });
      try {
        const letter = {
          kind: 'invalid',
          reason: 'why',
          queue: 'q',
          headers: {},
          body: Buffer.of(0),
        } as const;
        expect(await upgraded.deadLetters.keep({ ...letter, id: 'four' }), `from ${version}`).to.equal(true);
        expect((await upgraded.deadLetters.count()).invalid).to.equal(4);
      } finally {
        await upgraded.close();
      }
    }
  });

  it('says what is wrong with an address, and shows no password', async () => {
    const address = new URL(proxy.url);
    address.password = 'secret';
    address.pathname = '/nowhere';
    const { code, message } = await failureOf(open({ url: address.href }));
    expect(code).to.equal('STORE_UNAVAILABLE');
    expect(message).to.include('nowhere').and.to.not.include('secret');
    address.port = '1';
    expect((await failureOf(open({ url: address.href }))).message).to.include(':1/nowhere');
  });
});
