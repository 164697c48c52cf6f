import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { silentLogger } from '#core/ports/logger.js';
import { connectBroker } from '#app/library/connect-broker.js';
import { createReplier } from '#app/library/create-replier.js';
import type { Variables } from '../support/cli.js';
import { cli, startCli } from '../support/cli.js';
import { processesWith } from '../support/descendants.js';
import type { EmbeddedProcess } from '../support/embedded-process.js';
import { startEmbeddedProcess } from '../support/embedded-process.js';
import { freePort } from '../support/free-port.js';
import { happens } from '../support/happens.js';
import { call, post } from '../support/http.js';
import type { RunningProcess } from '../support/process.js';
import { outcomeOf, startRequestLoad } from '../support/request-load.js';
import { skip } from '../support/skip.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import type { TestDatabase } from '../support/test-database.js';
import { createTestDatabase } from '../support/test-database.js';
import { until, within } from '../support/until.js';

/** Several processes behind one port, on a broker of a process of its own. */
describe('replyto serve --workers', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  let database: TestDatabase | undefined;
  let broker: EmbeddedProcess | undefined;
  let gateway: RunningProcess | undefined;
  let env: Variables;
  let url: string;
  let mark: string;

  before(async function () {
    const created = await createTestDatabase();
    if ('unavailable' in created) skip(this, created.unavailable);
    database = created;
    broker = await startEmbeddedProcess();
  });
  after(async () => {
    await broker?.stop();
    await database?.remove();
  });
  beforeEach(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    mark = randomUUID();
    env = {
      ...{ PORT: String(port), DATA_DIR: folder(), BROKER_URL: broker!.url, TEST_MARK: mark },
      ...{ STORE_URL: database!.url, REPLYTO_PREFIX: `w-${mark}`, LOG_LEVEL: 'warn' },
    };
  });
  afterEach(async () => {
    await gateway?.stop();
    gateway = undefined;
  });

  /** The process that was started is one of them. */
  const workers = (): number[] =>
    processesWith('TEST_MARK', mark)
      .filter(({ pid, command }) => pid !== gateway?.pid && command.includes('main.ts serve'))
      .map(({ pid }) => pid);

  async function serve(): Promise<void> {
    gateway = startCli(['serve', '--workers', '2'], { env });
    await gateway.line(/serves http:\S+ by 2 workers/u, 60_000);
  }

  happens(
    'Surroundings',
    'one of two workers is killed under load',
    'the other one goes on, another takes its place, and nothing is lost',
    async () => {
      await serve();
      const connected = await connectBroker({ url: broker!.url, logger: silentLogger });
      const queue = `work-${mark}`;
      const replier = createReplier({
        broker: connected,
        queue,
        concurrency: 100,
        handler: ({ body }) => body,
      });
      await replier.start();
      const load = startRequestLoad({
        ...{ url, queue, callers: 5, pauseMs: 10 },
        headers: { prefer: 'respond-async' },
      });
      try {
        await until(() => load.accepted.length >= 100, { what: '100 accepted requests', withinMs: 60_000 });
        const before = workers();
        expect(before).to.have.length(2);
        process.kill(before[0]!, 'SIGKILL');
        await until(() => workers().length === 2 && !workers().includes(before[0]!), {
          what: 'another worker in its place',
          withinMs: 30_000,
        });
        const goal = load.accepted.length + 100;
        await until(() => load.accepted.length >= goal, { what: '100 more', withinMs: 60_000 });
      } finally {
        await load.stop();
      }
      expect(await outcomeOf(url, load.accepted, 60)).to.deep.equal({ lost: 0, wrong: 0 });
      await replier.stop(2_000);
      await connected.close();
    },
  );

  it('end with the process that started them, when it is told to end and when it is killed', async () => {
    await serve();
    expect(
      (
        await post(`${url}/requests/nobody-${mark}`, '1', {
          prefer: 'respond-async',
          'content-type': 'text/plain',
        })
      ).status,
    ).to.equal(202);
    expect((await within(gateway!.stop(), { what: 'the end of all', withinMs: 40_000 })).code).to.equal(0);
    expect(workers()).to.deep.equal([]);
    await serve();
    expect((await call(`${url}/livez`)).status).to.equal(200);
    gateway!.kill('SIGKILL');
    await gateway!.exited;
    await until(() => workers().length === 0, { what: 'the end of all workers', withinMs: 30_000 });
  });

  it('say once why they cannot start, with the exit code of that', async () => {
    const ended = await cli(['serve', '--workers', '2'], {
      env: { ...env, STORE_URL: 'postgres://root@127.0.0.1:1/nowhere' },
    });
    expect(ended.code, ended.stderr).to.equal(7);
    expect(ended.stderr.match(/127\.0\.0\.1:1\/nowhere/gu)).to.have.length(1);
  });

  it('need a store and a broker that they can share', async () => {
    const ended = await cli(['serve', '--workers', '2'], { env: { DATA_DIR: folder() } });
    expect(ended.code).to.equal(2);
    expect(ended.stderr).to.include('workers').and.to.include('postgres://');
  });
});
