import { expect } from 'chai';
import { join } from 'node:path';
import type { Frame } from '#adapters/stomp-server/frame.js';
import { call, post } from '../support/http.js';
import type { CliEnd, Variables } from '../support/cli.js';
import { cli, startCli } from '../support/cli.js';
import { fakeStompServer } from '../support/fake-stomp-server.js';
import { freePort } from '../support/free-port.js';
import { happens } from '../support/happens.js';
import type { RunningProcess } from '../support/process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'note' | 'wrong';
  readonly says: string;
  readonly remedy?: string;
}

describe('replyto doctor, of what is there and stuck', function () {
  this.timeout(90_000);
  const folder = temporaryFolder();
  const server = fakeStompServer();
  let gateway: RunningProcess | undefined;

  afterEach(async () => {
    if (gateway !== undefined && !gateway.hasExited()) process.kill(gateway.pid, 'SIGCONT');
    await gateway?.stop();
    gateway = undefined;
  });

  const environment = async (given: Variables = {}): Promise<Variables> => ({
    PORT: String(await freePort()),
    BROKER_PORT: String(await freePort()),
    DATA_DIR: join(folder(), 'data'),
    ...given,
  });

  /** As a broker without subscribers but the sender. */
  function deliverNotices({ command, headers, body }: Frame): void {
    const topic = headers.get('destination') ?? '';
    if (command !== 'SEND' || !topic.startsWith('/topic/')) return;
    for (const one of server().open()) {
      const isSubscribed = one
        .framesOf('SUBSCRIBE')
        .some((subscribe) => subscribe.headers.get('destination') === topic);
      if (isSubscribed) void one.deliver(Object.fromEntries(headers), body.toString());
    }
  }

  async function wrongIn(env: Variables): Promise<{ end: CliEnd; wrong: Finding[] }> {
    const end = await cli(['doctor', '-o', 'json'], { env, cwd: folder() });
    expect(end.stderr).to.equal('');
    const { findings } = JSON.parse(end.stdout) as { findings: Finding[] };
    return { end, wrong: findings.filter(({ state }) => state === 'wrong') };
  }

  happens(
    'Surroundings',
    'doctor, with a broker that takes the connection and says nothing',
    'says for how long it waited, and what may be at that port',
    async () => {
      server().rule(() => 'handled');
      const { end, wrong } = await wrongIn(await environment({ BROKER_URL: server().url }));
      expect(end.code).to.equal(7);
      expect(wrong.map(({ check }) => check)).to.deep.equal(['broker']);
      expect(wrong[0]?.says).to.contain('did not answer within 5000 ms');
      expect(wrong[0]?.remedy).to.contain('STOMP port (61613)').and.contain('is not stopped');
    },
  );

  happens(
    'Surroundings',
    'doctor, with a broker that takes the login and withholds receipts',
    'says so, and that the broker may be full',
    async () => {
      server().holdReceipts(true);
      const { end, wrong } = await wrongIn(await environment({ BROKER_URL: server().url }));
      expect(end.code).to.equal(7);
      expect(wrong[0]?.says).to.match(/did not (?:confirm|come back) within 5000 ms/u);
      expect(wrong[0]?.remedy).to.match(/may be full/u);
    },
  );

  happens(
    'Surroundings',
    'doctor, with a broker that takes messages and never answers the subscription to the replies',
    'ends, and says that the broker confirms nothing',
    async () => {
      server().rule((frame) => {
        deliverNotices(frame);
        const isReplies = frame.headers.get('destination')?.startsWith('/queue/') === true;
        return frame.command === 'SUBSCRIBE' && isReplies ? 'handled' : 'default';
      });
      const { end, wrong } = await wrongIn(await environment({ BROKER_URL: server().url }));
      expect(end.code).to.equal(7);
      expect(wrong[0]?.says).to.match(
        /^subscribing to .*\.replies: the broker did not confirm within 5000 ms/u,
      );
      expect(wrong[0]?.remedy).to.match(/may be full/u);
    },
  );

  happens(
    'Surroundings',
    'doctor, with a gateway whose broker takes no messages for one queue',
    'names the queue, and what may have to be done at the broker',
    async () => {
      server().rule((frame) => {
        if (frame.command === 'SEND' && frame.headers.get('destination') === '/queue/full') return 'handled';
        deliverNotices(frame);
        return 'default';
      });
      const env = await environment({ BROKER_URL: server().url, REPLYTO_BROKER__RECEIPT_TIMEOUT_MS: '300' });
      gateway = startCli(['serve'], { env, cwd: folder() });
      await gateway.line(/receiving replies/u);
      const url = `http://127.0.0.1:${env['PORT']}`;
      await post(`${url}/requests/full`, '{}', { prefer: 'respond-async' });
      await until(async () => (await call(`${url}/readyz?verbose`)).text().includes('[-] queues'), {
        what: 'the queue to be held back',
      });
      const { wrong } = await wrongIn(env);
      const found = wrong.find(({ check }) => check === 'gateway');
      expect(found?.says).to.contain('the broker does not take messages for full');
      expect(found?.remedy).to.contain('memory limit');
    },
  );

  happens(
    'Surroundings',
    'doctor, with a gateway that is stopped (SIGSTOP)',
    'says that a process holds the data folder and none answers; after kill -9, how many open requests wait for a start',
    async () => {
      const env = await environment();
      gateway = startCli(['serve'], { env, cwd: folder() });
      await gateway.line(/receiving replies/u);
      await post(`http://127.0.0.1:${env['PORT']}/requests/nobody`, '{}', { prefer: 'respond-async' });
      process.kill(gateway.pid, 'SIGSTOP');
      const stuck = await wrongIn(env);
      // Its ports are the first that is wrong.
      expect(stuck.end.code).to.equal(2);
      const [finding] = stuck.wrong.filter(({ check }) => check === 'gateway');
      expect(finding?.says).to.contain('a process holds').and.contain(env['DATA_DIR']);
      gateway.kill('SIGKILL');
      await gateway.exited;
      const gone = await wrongIn(env);
      expect(gone.wrong.map(({ check }) => check)).to.deep.equal(['gateway']);
      expect(gone.wrong[0]?.says).to.match(/none runs: .*and 1 open requests? in/u);
    },
  );
});
