import { expect } from 'chai';
import { existsSync } from 'node:fs';
import pg from 'pg';
import type { PostgresServer } from '../support/postgres-server.js';
import { startPostgres } from '../support/postgres-server.js';
import { skip } from '../support/skip.js';

async function ask(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

describe('a PostgreSQL of its own', () => {
  let server: PostgresServer | undefined;
  before(async function () {
    this.timeout(120_000);
    const started = await startPostgres();
    if ('unavailable' in started) return skip(this, started.unavailable);
    server = started;
  });
  after(() => server?.stop());

  it('is killed, and started again with what was committed', async function () {
    this.timeout(120_000);
    const { url, pid } = server!;
    await ask(url, 'CREATE TABLE kept AS SELECT 7 AS number');
    const busy = new pg.Client({ connectionString: url });
    const lost = new Promise<void>((resolve) => busy.on('error', () => resolve()));
    await busy.connect();
    await server!.kill();
    await lost;
    expect(await ask(url, 'SELECT 1').catch((error: unknown) => String(error))).to.include('ECONNREFUSED');
    await server!.restart();
    expect(server!.pid).to.not.equal(pid);
    expect(await ask(url, 'SELECT number FROM kept')).to.deep.equal([{ number: 7 }]);
  });

  it('leaves nothing when it is stopped', async function () {
    this.timeout(60_000);
    const rows = (await ask(server!.url, 'SHOW data_directory')) as { data_directory: string }[];
    const folder = rows[0]!.data_directory;
    expect(existsSync(folder)).to.equal(true);
    await server!.stop();
    expect(existsSync(folder)).to.equal(false);
    server = undefined;
  });
});
