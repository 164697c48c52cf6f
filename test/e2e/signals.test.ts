import { expect } from 'chai';
import { join } from 'node:path';
import { connectBroker } from '#app/library/connect-broker.js';
import type { Broker } from '#app/library/connect-broker.js';
import { createReplier } from '#app/library/create-replier.js';
import type { Replier } from '#messaging/replier.js';
import { silentLogger } from '#core/ports/logger.js';
import type { Variables } from '../support/cli.js';
import { startCli } from '../support/cli.js';
import type { EmbeddedProcess } from '../support/embedded-process.js';
import { startEmbeddedProcess } from '../support/embedded-process.js';
import { openEvents } from '../support/event-source.js';
import { freePort } from '../support/free-port.js';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { call, post } from '../support/http.js';
import type { RunningProcess } from '../support/process.js';
import { report } from '../support/report.js';
import { outcomeOf, startRequestLoad } from '../support/request-load.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until, within } from '../support/until.js';

/** `replyto serve` that is told to end, on a broker of its own process. */
describe('a gateway that is told to end', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  let broker: EmbeddedProcess;
  let service: Broker | undefined;
  let replier: Replier | undefined;
  let gateway: RunningProcess | undefined;
  let env: Variables;
  let url: string;

  before(async () => {
    broker = await startEmbeddedProcess();
  });
  after(() => broker.stop());
  beforeEach(async () => {
    const PORT = String(await freePort());
    env = {
      PORT,
      BROKER_URL: broker.url,
      DATA_DIR: join(folder(), 'data'),
      REPLYTO_PREFIX: `s-${Date.now()}`,
    };
    url = `http://127.0.0.1:${PORT}`;
    await serve();
  });
  afterEach(async () => {
    process.kill(broker.pid, 'SIGCONT');
    await replier?.stop(1_000);
    await service?.close();
    await gateway?.stop();
    [replier, service, gateway] = [undefined, undefined, undefined];
  });

  async function serve(): Promise<void> {
    gateway = startCli(['serve'], { env, cwd: folder() });
    await gateway.line(/receiving replies/u);
  }

  const checks = async (): Promise<string> => (await call(`${url}/readyz?verbose`)).text();

  happens(
    'Surroundings',
    'SIGTERM under load',
    'every caller who waits is answered, event streams end with retry:, the process ends with 0 within its deadline, and what was accepted is answered after the restart',
    async function () {
      const queue = uniqueName('term');
      service = await connectBroker({ url: broker.url, logger: silentLogger });
      replier = createReplier({
        broker: service,
        queue,
        concurrency: 500,
        handler: async (request) => {
          await new Promise((resolve) => setTimeout(resolve, 500 + Math.random() * 1_000));
          return request.body;
        },
      });
      await replier.start();
      const load = startRequestLoad({
        url,
        queue,
        callers: 30,
        pauseMs: 10,
        headers: { prefer: 'respond-async' },
      });
      await until(() => load.accepted.length > 100, { what: 'a warm gateway', withinMs: 30_000 });

      const nobody = uniqueName('nobody');
      const waiting = Array.from({ length: 40 }, (_, index) =>
        post(`${url}/requests/${nobody}`, '{}', { prefer: 'wait=60', 'message-id': `${nobody}-${index}` }),
      );
      await until(async () => /^replyto_waits 40$/mu.test((await call(`${url}/metrics`)).text()), {
        what: 'forty callers to wait',
      });
      const events = await openEvents(`${url}/requests/${nobody}-0/events`);

      const startedAt = performance.now();
      gateway!.kill('SIGTERM');
      const answers = await within(Promise.all(waiting), { what: 'an answer for each' });
      const answeredMs = Math.round(performance.now() - startedAt);
      expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([202]));
      await until(() => events.isEnded, { what: 'the end of the event stream' });
      expect(events.retryMs).to.be.a('number');
      const { code } = await within(gateway!.exited, { what: 'the end of the process', withinMs: 27_000 });
      const endedMs = Math.round(performance.now() - startedAt);
      expect(code).to.equal(0);
      expect(gateway!.output())
        .to.match(/stopping/u)
        .and.to.match(/stopped/u);
      await load.stop();

      await serve();
      const { lost, wrong } = await outcomeOf(url, load.accepted);
      report(
        this,
        `SIGTERM with 40 callers waiting: answered after ${answeredMs} ms, ended after ${endedMs} ms; ${load.accepted.length} accepted before, ${lost} lost, ${wrong} wrong`,
      );
      expect({ lost, wrong }).to.deep.equal({ lost: 0, wrong: 0 });
    },
  );

  happens(
    'Surroundings',
    'the broker is frozen (SIGSTOP)',
    'readyz says within seconds that it owes an answer, then that it is away; requests are taken, and answered when it goes on',
    async () => {
      const queue = uniqueName('frozen');
      process.kill(broker.pid, 'SIGSTOP');
      const asked = await post(`${url}/requests/${queue}`, '{}', {
        prefer: 'respond-async',
        'message-id': queue,
      });
      expect(asked.status).to.equal(202);
      const told = await until(async () => /\[-\] broker: .*/u.exec(await checks()), {
        what: 'the broker to be missed',
      });
      expect(told[0]).to.contain('owes an answer');
      await until(async () => (await checks()).includes('[-] broker: away'), {
        what: 'the end of its connections',
        withinMs: 45_000,
      });
      expect((await call(`${url}/requests/${queue}`)).json()).to.include({ status: 'accepted' });
      process.kill(broker.pid, 'SIGCONT');
      service = await connectBroker({ url: broker.url, logger: silentLogger });
      replier = createReplier({ broker: service, queue, handler: () => 'thawed' });
      await replier.start();
      const answer = await call(`${url}/requests/${queue}/reply`, { headers: { prefer: 'wait=30' } });
      expect(answer.text()).to.equal('thawed');
    },
  );

  happens(
    'Surroundings',
    'SIGTERM while the broker is frozen',
    'callers who wait are answered at once, and the process ends within its deadline of 25 s; what it accepted is sent after the restart',
    async () => {
      const queue = uniqueName('frozen');
      process.kill(broker.pid, 'SIGSTOP');
      const waiting = post(`${url}/requests/${queue}`, '{}', { prefer: 'wait=60', 'message-id': queue });
      await until(async () => /^replyto_waits 1$/mu.test((await call(`${url}/metrics`)).text()), {
        what: 'the caller to wait',
      });
      gateway!.kill('SIGTERM');
      expect((await within(waiting, { what: 'the answer' })).status).to.equal(202);
      const { code } = await within(gateway!.exited, { what: 'the end of the process', withinMs: 30_000 });
      expect(code, gateway!.output()).to.equal(0);
      process.kill(broker.pid, 'SIGCONT');
      service = await connectBroker({ url: broker.url, logger: silentLogger });
      replier = createReplier({ broker: service, queue, handler: () => 'sent' });
      await replier.start();
      await serve();
      const answer = await call(`${url}/requests/${queue}/reply`, { headers: { prefer: 'wait=30' } });
      expect(answer.text()).to.equal('sent');
    },
  );

  happens(
    'Surroundings',
    'a second signal while the process stops',
    'it ends at once, with the exit code of that signal; what it accepted is there after the restart',
    async () => {
      const queue = uniqueName('second');
      process.kill(broker.pid, 'SIGSTOP');
      await post(`${url}/requests/${queue}`, '{}', { prefer: 'respond-async', 'message-id': queue });
      gateway!.kill('SIGTERM');
      await gateway!.line(/stopping/u);
      // Sooner it counts as the echo of the first.
      const { code } = await until(
        async () => {
          if (!gateway!.hasExited()) gateway!.kill('SIGINT');
          return gateway!.hasExited() && (await gateway!.exited);
        },
        { what: 'the end of the process' },
      );
      expect(code).to.equal(130);
      process.kill(broker.pid, 'SIGCONT');
      await serve();
      expect((await call(`${url}/requests/${queue}`)).json()).to.include({ id: queue });
    },
  );
});
