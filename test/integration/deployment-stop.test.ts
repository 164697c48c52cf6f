import { expect } from 'chai';
import { createServer } from 'node:net';
import { createDeployment } from '#app/deployment.js';
import type { Deployment } from '#app/deployment.js';
import { loadConfiguration } from '#app/configuration/load.js';
import { silentLogger } from '#core/ports/logger.js';
import { failureOf } from '../support/errors.js';
import { fakeStompServer } from '../support/fake-stomp-server.js';
import { freePort } from '../support/free-port.js';
import { call } from '../support/http.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until, within } from '../support/until.js';

/** What was opened is closed again: another deployment starts on the same ports and data. */
describe('a deployment that is stopped while it starts', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  const server = fakeStompServer();
  let port: number;
  let brokerPort: number;

  beforeEach(async () => {
    [port, brokerPort] = [await freePort(), await freePort()];
  });

  function create(brokerUrl = 'embedded:'): Deployment {
    const environment = {
      ...{ PORT: String(port), BROKER_PORT: String(brokerPort) },
      ...{ BROKER_URL: brokerUrl, DATA_DIR: folder() },
    };
    return createDeployment({
      loaded: loadConfiguration({ environment, workingFolder: folder() }),
      logger: silentLogger,
      onFatal: (error) => expect.fail(String(error)),
    });
  }

  async function startsAnew(): Promise<void> {
    const again = create();
    const { httpUrl } = await again.start();
    expect((await call(`${httpUrl}/livez`)).status).to.equal(200);
    await again.stop(5_000);
  }

  it('ends before its broker listens, with SHUTTING_DOWN, and leaves nothing', async () => {
    const deployment = create();
    const starting = failureOf(deployment.start());
    await deployment.stop(5_000);
    expect((await starting).code).to.equal('SHUTTING_DOWN');
    await startsAnew();
  });

  it('does not wait for a broker that takes connections and says nothing', async () => {
    server().rule(() => 'handled');
    const deployment = create(server().url);
    const starting = failureOf(deployment.start());
    await (await until(() => server().connections[0], { what: 'a connection' })).frame('CONNECT');
    const stopping = deployment.stop(20_000);
    expect((await within(starting, { what: 'the end of the start' })).code).to.equal('SHUTTING_DOWN');
    await within(stopping, { what: 'the end of the stop' });
    await until(() => server().open().length === 0, { what: 'the end of every connection' });
    await startsAnew();
  });

  it('serves no HTTP after its stop, at whatever moment of the start that comes', async () => {
    for (let turns = 0; turns < 40; turns += 1) {
      const deployment = create();
      const starting = deployment.start().then(
        () => 'started',
        (error: unknown) => (error as { code?: string }).code,
      );
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      await deployment.stop(5_000);
      expect(await starting, `stopped after ${turns} turns`).to.be.oneOf(['started', 'SHUTTING_DOWN']);
      // Both ports are free again.
      for (const taken of [port, brokerPort]) await listensOn(taken);
    }
    await startsAnew();
  });
});

/** Listens for a moment. @throws when the port is taken. */
function listensOn(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()));
  });
}
