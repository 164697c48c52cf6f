import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cli, expectFailure } from '../support/cli.js';
import { startGateway } from '../support/gateway.js';
import { makeTemporaryFolder } from '../support/temporary-folder.js';

describe('replyto token', () => {
  it('prints a token and its entry, by which a command may call', async () => {
    const folder = await makeTemporaryFolder();
    const { code, stdout, stderr } = await cli(['token', 'shop: 1']);
    expect(code).to.equal(0);
    const token = /rt_[\w-]{43}/u.exec(stderr)?.[0] ?? '';
    expect(stdout).not.to.contain(token);
    const file = join(folder.path, 'tokens.yaml');
    // Two of them make one file: that is how the next caller is added.
    await writeFile(file, stdout + (await cli(['token', 'bank'])).stdout);
    const gateway = await startGateway({ settings: { AUTH_TOKENS_FILE: file } });
    try {
      const env = { REPLYTO_URL: gateway.url };
      const good = await cli(['request', 'orders.x', '--data', '{}', '--async', '--message-id', 'mine'], {
        env: { ...env, REPLYTO_TOKEN: token },
      });
      expect(good.code, good.stderr).to.equal(0);
      const listed = await cli(['list'], { env: { ...env, REPLYTO_TOKEN: token } });
      expect(listed.stdout).to.contain('mine');
      expectFailure(await cli(['list'], { env }), { code: 2, says: /Authorization.*asks who calls/u });
    } finally {
      await gateway.stop();
      await folder.remove();
    }
  });

  it('makes none for what is no name', async () => {
    expectFailure(await cli(['token', ' x']), { code: 2, says: /name ' x'/u });
  });
});
