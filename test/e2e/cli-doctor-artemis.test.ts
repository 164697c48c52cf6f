import { expect } from 'chai';
import { join } from 'node:path';
import { describeOn } from '../support/brokers.js';
import { cli } from '../support/cli.js';
import { freePort } from '../support/free-port.js';
import { temporaryFolder } from '../support/temporary-folder.js';

interface Finding {
  readonly check: string;
  readonly state: string;
  readonly says: string;
  readonly remedy?: string;
}

describeOn('artemis', 'replyto doctor', function (artemis) {
  const folder = temporaryFolder();

  async function ofBroker(prefix: string): Promise<Finding | undefined> {
    const env = {
      PORT: String(await freePort()),
      DATA_DIR: join(folder(), 'data'),
      BROKER_URL: artemis().url,
      REPLYTO_PREFIX: prefix,
    };
    const { stdout } = await cli(['doctor', '-o', 'json'], { env, cwd: folder() });
    const { findings } = JSON.parse(stdout) as { findings: Finding[] };
    return findings.find(({ check }) => check === 'broker');
  }

  it('names the broker and its version', async () => {
    const finding = await ofBroker(`doctor-${process.pid}`);
    expect(finding).to.include({ state: 'ok' });
    expect(finding!.says).to.match(/^ActiveMQ-Artemis\/\d+\.\d+\.\d+ .* takes and delivers messages$/u);
  });

  for (const [prefix, permission] of [
    ['forbidden', "permission='CREATE_ADDRESS' on address forbidden.control"],
    ['topics', "permission='CREATE_DURABLE_QUEUE'"],
  ] as const) {
    it(`says which right is missing for the prefix '${prefix}', and where the rights stand`, async () => {
      const finding = await ofBroker(prefix);
      expect(finding).to.include({ state: 'wrong' });
      expect(finding!.says).to.contain(permission);
      expect(finding!.remedy).to.contain('docs/brokers.md');
    });
  }
});
