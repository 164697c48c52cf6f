import { expect } from 'chai';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { join } from 'node:path';
import { openDatabase } from '#adapters/sqlite/database.js';
import type { CliEnd, Dev, Variables } from '../support/cli.js';
import { cli, startCli, startDev } from '../support/cli.js';
import type { EmbeddedProcess } from '../support/embedded-process.js';
import { startEmbeddedProcess } from '../support/embedded-process.js';
import { freePort } from '../support/free-port.js';
import { happens } from '../support/happens.js';
import { call } from '../support/http.js';
import type { RunningProcess } from '../support/process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'note' | 'wrong';
  readonly says: string;
  readonly remedy?: string;
  readonly problems?: readonly { readonly field: string }[];
}

describe('replyto doctor', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  const servers: Server[] = [];

  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** What else stands in the way on the machine of the test must not count. */
  async function environment(given: Variables = {}): Promise<Variables> {
    return {
      PORT: String(await freePort()),
      BROKER_PORT: String(await freePort()),
      DATA_DIR: join(folder(), 'data'),
      ...given,
    };
  }

  async function examine(env: Variables): Promise<{ end: CliEnd; wrong: Finding[]; all: Finding[] }> {
    const end = await cli(['doctor', '-o', 'json'], { env, cwd: process.cwd() });
    expect(end.stderr).to.equal('');
    const { isWell, findings: all } = JSON.parse(end.stdout) as { isWell: boolean; findings: Finding[] };
    const wrong = all.filter(({ state }) => state === 'wrong');
    expect(isWell).to.equal(wrong.length === 0);
    for (const { remedy } of wrong) expect(remedy).to.be.a('string');
    return { end, wrong, all };
  }

  /** A server that treats every connection alike, and goes with the test. */
  async function listen(onConnection: (socket: Socket) => void): Promise<string> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      onConnection(socket);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return String((server.address() as AddressInfo).port);
  }

  it('finds nothing wrong before the first start, in words, and leaves nothing behind', async () => {
    const end = await cli(['doctor'], { env: await environment() });
    expect(end).to.include({ code: 0, stderr: '' });
    expect(end.stdout)
      .to.match(/^ok +configuration/mu)
      .and.to.match(/^ok +data folder/mu);
    expect(end.stdout).to.match(/^note +gateway +none runs: nobody answers/mu);
    expect(end.stdout).to.match(/Nothing is wrong, but no gateway runs\.\n$/u);
    expect(readdirSync(folder())).to.deep.equal([]);
  });

  describe('beside a running gateway', () => {
    let dev: Dev;
    before(async () => {
      dev = await startDev();
    });
    after(() => dev.stop());

    it('finds nothing wrong, and says that the data folder and the ports are in use as they should be', async () => {
      const env = {
        PORT: new URL(dev.url).port,
        BROKER_PORT: new URL(dev.brokerUrl).port,
        DATA_DIR: dev.dataDir,
        REPLYTO_URL: dev.url,
      };
      const { end, all } = await examine(env);
      expect(end.code).to.equal(0);
      const says = (check: string): string => all.find((finding) => finding.check === check)?.says ?? '';
      expect(all.every(({ state }) => state === 'ok')).to.equal(true);
      expect(says('data folder')).to.match(/in use by a running gateway/u);
      expect(says('HTTP port')).to.match(/running gateway/u);
      expect(says('broker')).to.match(/replyto-embedded.*takes and delivers messages/u);
      expect(says('gateway')).to.match(/is ready/u);
    });
  });

  it('notes variables that were probably meant for it, also when the configuration is wrong', async () => {
    const notesOf = (all: readonly Finding[]): string[] =>
      all.filter(({ check, state }) => check === 'configuration' && state === 'note').map(({ says }) => says);
    const note = 'BROKER_ULR is set and unknown here; did you mean BROKER_URL?';
    const good = await examine(await environment({ BROKER_ULR: 'stomp://u:secret@b' }));
    expect(good.end.code).to.equal(0);
    expect(notesOf(good.all)).to.deep.equal([note]);
    expect(good.end.stdout).not.to.contain('secret');
    const bad = await examine({ BROKER_ULR: 'stomp://b', BROKER_PASSCODE: 'x' });
    expect(bad.end.code).to.equal(2);
    expect(notesOf(bad.all)).to.deep.equal([note]);
  });

  it('lists every fault of a configuration', async () => {
    const { end, wrong } = await examine(await environment({ PORT: 'eighty', REPLYTO_PREFIXX: 'a' }));
    expect(end.code).to.equal(2);
    expect(wrong.map(({ check }) => check)).to.deep.equal(['configuration']);
    expect(wrong[0]?.problems?.map(({ field }) => field)).to.have.members(['PORT', 'REPLYTO_PREFIXX']);
  });

  happens('Surroundings', 'doctor, with a file in the place of the data folder', 'names it', async () => {
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    const { end, wrong } = await examine(await environment({ DATA_DIR: join(file, 'data') }));
    expect(end.code).to.equal(2);
    expect(wrong.map(({ problems }) => problems)).to.deep.equal([
      [{ field: 'DATA_DIR', value: join(file, 'data'), allowed: `a folder; ${file} is a file` }],
    ]);
  });

  happens(
    'Surroundings',
    'doctor, with a store that is damaged',
    'says so and how to go on without it, and does not touch it',
    async () => {
      const env = await environment();
      const file = join(folder(), 'data', 'replyto.db');
      mkdirSync(join(folder(), 'data'));
      writeFileSync(file, 'no database at all, though it has the name of one'.repeat(100));
      const before = readFileSync(file);
      const { end, wrong } = await examine(env);
      expect(end.code).to.equal(2);
      expect(wrong.map(({ check }) => check)).to.deep.equal(['data folder']);
      expect(wrong[0]?.says).to.match(/damaged/u);
      expect(readFileSync(file).equals(before)).to.equal(true);
    },
  );

  happens(
    'Surroundings',
    'doctor, with a store of a newer version',
    'names both versions, and says to use the newer one again',
    async () => {
      const env = await environment();
      mkdirSync(join(folder(), 'data'));
      const database = openDatabase({ path: join(folder(), 'data', 'broker.db') });
      database.exec('PRAGMA user_version=999');
      database.close();
      const { end, wrong } = await examine(env);
      expect(end.code).to.equal(2);
      expect(wrong[0]?.says).to.match(/broker\.db has schema 999/u);
      expect(wrong[0]?.remedy).to.match(/newer version/u);
    },
  );

  it('finds ports that others took, and says how to choose others', async () => {
    const PORT = await listen((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'));
    const BROKER_PORT = await listen((socket) => socket.end('220 mail\r\n'));
    const { end, wrong } = await examine(await environment({ PORT, BROKER_PORT }));
    expect(end.code).to.equal(2);
    expect(wrong.map(({ check }) => check)).to.deep.equal(['HTTP port', 'broker port']);
    expect(wrong[0]?.remedy).to.contain('--port or PORT');
    expect(wrong[1]?.remedy).to.contain('--broker-port or BROKER_PORT');
  });

  happens(
    'Surroundings',
    'doctor, with a broker and a named gateway that are both away',
    'both are wrong, each with its remedy',
    async () => {
      const nobody = await freePort();
      const { end, wrong } = await examine(
        await environment({
          BROKER_URL: `stomp://127.0.0.1:${nobody}`,
          REPLYTO_URL: `http://127.0.0.1:${nobody}`,
        }),
      );
      expect(end.code).to.equal(7);
      expect(wrong.map(({ check }) => check)).to.deep.equal(['broker', 'gateway']);
    },
  );

  it('finds a broker that refuses the login, without showing the password', async () => {
    const port = await listen((socket) =>
      socket.once('data', () => socket.end('ERROR\nmessage:User name is invalid\n\nno\0')),
    );
    const { end, wrong } = await examine(
      await environment({ BROKER_URL: `stomp://ada:secret@127.0.0.1:${port}` }),
    );
    expect(end.code).to.equal(7);
    expect(wrong[0]?.says).to.match(/refused the login/u);
    expect(wrong[0]?.remedy).to.contain('BROKER_LOGIN');
    expect(end.stdout).not.to.contain('secret');
  });

  it('finds a broker of a kind that is not supported', async () => {
    const port = await listen((socket) =>
      socket.once('data', () => socket.write('CONNECTED\nversion:1.2\nserver:Other/1.0\n\n\0')),
    );
    const { end, wrong } = await examine(await environment({ BROKER_URL: `stomp://127.0.0.1:${port}` }));
    expect(end.code).to.equal(2);
    expect(wrong[0]?.says).to.contain('Other/1.0');
  });

  describe('on a broker that others use too', () => {
    let broker: EmbeddedProcess;
    let other: RunningProcess | undefined;
    let gateway: RunningProcess | undefined;

    before(async () => {
      broker = await startEmbeddedProcess();
    });
    after(() => broker.stop());
    afterEach(async () => {
      await Promise.all([other?.stop(), gateway?.stop()]);
    });

    it('notes that the running gateway uses another broker than these settings, and looks for strangers on that', async () => {
      const own = await environment();
      gateway = startCli(['serve'], { env: own });
      await gateway.line(/receiving replies/u);
      const here = { ...own, BROKER_URL: broker.url.replace('//', '//ada:secret@') };
      const alone = await examine(here);
      expect(alone.end.code, alone.end.stdout).to.equal(0);
      const [note] = alone.all.filter(({ check, state }) => check === 'gateway' && state === 'note');
      expect(note?.says)
        .to.match(/^its broker is replyto-embedded\S* at stomp:/u)
        .and.to.contain(`stomp://127.0.0.1:${own['BROKER_PORT']}, but BROKER_URL names replyto-embedded`)
        .and.to.contain(` at ${broker.url}:`);
      expect(alone.end.stdout).not.to.contain('secret').and.not.to.contain('ada');

      // Who answers there is not the gateway that holds this data folder.
      const theirs = { BROKER_URL: broker.url, PORT: '0', DATA_DIR: join(folder(), 'theirs') };
      other = startCli(['serve'], { env: theirs });
      await other.line(/receiving replies/u);
      expect((await examine(here)).wrong.map(({ check }) => check)).to.deep.equal(['prefix']);
    });

    happens(
      'Surroundings',
      'doctor, with a gateway whose broker is away',
      'says so although the gateway still takes requests, and names the broker without its login',
      async () => {
        const mortal = await startEmbeddedProcess();
        try {
          const own = await environment({ BROKER_URL: mortal.url.replace('//', '//ada:secret@') });
          gateway = startCli(['serve'], { env: own });
          await gateway.line(/receiving replies/u);
          await mortal.kill();
          const url = `http://127.0.0.1:${own['PORT']}`;
          await until(async () => (await call(`${url}/readyz?verbose`)).text().includes('[-] broker'), {
            what: 'the gateway to miss its broker',
          });
          const { end, wrong } = await examine(own);
          expect((await call(`${url}/readyz`)).status).to.equal(200);
          expect(end.code).to.equal(7);
          expect(wrong.map(({ check }) => check)).to.deep.equal(['broker', 'gateway']);
          expect(wrong[1]?.says).to.match(/broker: away.*, replies: 0 of \d subscriptions are up/u);
          expect(wrong[1]?.remedy).to.contain(`start the broker at ${mortal.url}`);
          expect(end.stdout).not.to.contain('secret').and.not.to.contain('ada');
        } finally {
          await mortal.stop();
        }
      },
    );

    it('finds another deployment under the prefix, and none under another', async () => {
      const theirs = { BROKER_URL: broker.url, PORT: '0', DATA_DIR: join(folder(), 'theirs') };
      other = startCli(['serve'], { env: theirs });
      await other.line(/receiving replies/u);

      const own = await environment({ BROKER_URL: broker.url });
      const [same, apart] = await Promise.all([
        examine(own),
        examine({ ...(await environment(own)), DATA_DIR: join(folder(), 'apart'), REPLYTO_PREFIX: 'mine' }),
      ]);
      expect(same.end.code).to.equal(2);
      expect(same.wrong.map(({ check }) => check)).to.deep.equal(['prefix']);
      expect(same.wrong[0]?.remedy).to.contain('--prefix or REPLYTO_PREFIX');
      expect(apart.end.code).to.equal(0);

      // Its own gateway is no stranger.
      const { end, all } = await examine({ ...own, DATA_DIR: theirs.DATA_DIR });
      expect(end.code, end.stdout).to.equal(0);
      expect(all.find(({ check }) => check === 'prefix')?.says).to.contain('this deployment alone');
    });
  });
});
