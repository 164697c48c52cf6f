import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { uniqueName } from '../support/gateway.js';
import type { HttpAnswer } from '../support/http.js';
import { call, post } from '../support/http.js';
import type { RunningProcess } from '../support/process.js';
import { processes } from '../support/process.js';
import type { ServedGateway } from '../support/served-gateway.js';
import { serveGateway } from '../support/served-gateway.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const script = fileURLToPath(new URL('../../examples/08-service-with-curl/service.sh', import.meta.url));

describe('the service with curl', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  const { start } = processes();
  let gateway: ServedGateway | undefined;
  let queue = '';

  before(async () => {
    gateway = await serveGateway();
  });
  after(() => gateway?.remove());
  beforeEach(() => {
    queue = uniqueName('curl');
  });

  async function serve(settings: Readonly<Record<string, string>> = {}): Promise<RunningProcess> {
    const env = { REPLYTO_URL: gateway!.url, QUEUE: queue, KEPT: join(folder(), 'later.txt'), ...settings };
    const service = start('bash', [script], { env, cwd: folder() });
    await service.line(/^answering requests/mu);
    return service;
  }

  const ask = (body: string, headers: Record<string, string> = {}): Promise<HttpAnswer> =>
    post(`${gateway!.url}/requests/${queue}`, body, {
      'content-type': 'text/plain',
      prefer: 'wait=30',
      ...headers,
    });

  it('reads on when nothing comes, and answers what comes then', async () => {
    const service = await serve({ WAIT: '0' });
    await until(async () => (await gateway!.metric('replyto_queues_read')) > 0, {
      what: 'the service to read',
    });
    for (const body of ['one', 'one two', 'one two three']) {
      expect((await ask(body)).text().trim()).to.equal(String(body.split(' ').length));
    }
    expect(service.stderr()).to.equal('');
  });

  it('waits for a gateway that is away, or comes back after kill -9', async () => {
    await gateway!.kill();
    const service = await serve();
    await gateway!.restart();
    expect((await ask('one')).text().trim()).to.equal('1');
    await gateway!.kill();
    await gateway!.restart();
    expect((await ask('one two')).text().trim()).to.equal('2');
    expect(service.hasExited()).to.equal(false);
  });

  /** Work that says when it has begun, and goes on when it may. */
  async function slowWork(): Promise<{ readonly WORK: string; readonly goOn: () => Promise<void> }> {
    const [program, begun, goOn] = ['work.sh', 'begun', 'go-on'].map((name) => join(folder(), name));
    const lines = [`touch ${begun!}`, `until [ -e ${goOn!} ]; do sleep 0.1; done`, 'wc -w'];
    await writeFile(program!, lines.join('\n'));
    return {
      WORK: `bash ${program!}`,
      async goOn() {
        await writeFile(goOn!, '');
      },
    };
  }

  const hasBegun = (): Promise<boolean> =>
    until(() => existsSync(join(folder(), 'begun')), { what: 'the work to begin' });

  it('answers under the lease that it held while the gateway was killed', async () => {
    const { WORK, goOn } = await slowWork();
    const service = await serve({ WORK });
    const asked = await ask('one two', { prefer: 'respond-async' });
    await hasBegun();
    await gateway!.kill();
    await goOn();
    await gateway!.restart();
    const reply = `${gateway!.url}${asked.headers['location']!}/reply`;
    const answer = await call(reply, { headers: { prefer: 'wait=30' } });
    expect([answer.status, answer.text().trim()]).to.deep.equal([200, '2']);
    expect(service.stderr()).to.equal('');
  });

  it('forgets a message whose lease ran out, and takes the next', async () => {
    const { WORK, goOn } = await slowWork();
    const service = await serve({ WORK, LEASE_SECONDS: '1' });
    const asked = ask('one two three');
    await hasBegun();
    await until(async () => (await gateway!.metric('replyto_leases_lapsed_total')) > 0, {
      what: 'the lease to run out',
    });
    await goOn();
    await service.line(/the lease ran out/u);
    // The message that somebody else has now comes to the only service there is.
    expect((await asked).text().trim()).to.equal('3');
  });

  it('answers with a fault when the work fails', async () => {
    await serve({ WORK: 'false' });
    const answer = await ask('one');
    expect(answer.status).to.equal(502);
    expect(answer.json()).to.include({ code: 'REPLY_FAULT' });
  });

  it('gives back what it holds when it is ended', async () => {
    const { WORK } = await slowWork();
    const service = await serve({ WORK });
    expect((await ask('one', { prefer: 'respond-async' })).status).to.equal(202);
    await hasBegun();
    const { code } = await service.stop();
    expect([code, service.stderr()]).to.deep.equal([0, 'gave back what was held\n']);
    const headers = { prefer: 'wait=10' };
    const again = await call(`${gateway!.url}/queues/${queue}/messages`, { headers });
    expect([again.status, again.text(), again.headers['attempt']]).to.deep.equal([200, 'one', '2']);
  });
});
