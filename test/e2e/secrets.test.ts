import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { WebSocket } from 'ws';
import { allRights, writeTokens } from '../support/access.js';
import { cli, startCli } from '../support/cli.js';
import { freePort } from '../support/free-port.js';
import type { HttpAnswer } from '../support/http.js';
import { call } from '../support/http.js';
import { openRawHttp } from '../support/raw-http.js';
import { makeTemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

describe('secrets', () => {
  it('stand in no output, no answer, no measure and no print of the configuration', async function () {
    this.timeout(240_000);
    const folder = await makeTemporaryFolder();
    const token = `rt_TOKENSECRET${'a'.repeat(32)}`;
    const readOnce = `rt_QUERYSECRET${'b'.repeat(32)}`;
    const wrong = `rt_WRONGSECRET${'c'.repeat(32)}`;
    const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwt = await new SignJWT({ note: 'JWTSECRET', replyto_queues: '*' })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer('i')
      .setAudience('a')
      .setSubject('web')
      .setExpirationTime('5m')
      .sign(privateKey);
    const [, claims = '', signature = ''] = jwt.split('.');
    const tokens = join(folder.path, 'tokens.yaml');
    await writeTokens(tokens, [
      { name: 'shop', token: `sha256:${hashOf(token)}`, ...allRights, broker: true },
      { name: 'reader', token: `sha256:${hashOf(readOnce)}`, ...allRights, broker: true },
    ]);
    const keys = join(folder.path, 'keys.json');
    await writeFile(keys, JSON.stringify({ keys: [await exportJWK(publicKey)] }));
    const passcode = join(folder.path, 'passcode');
    await writeFile(passcode, 'PASSCODESECRET\n');
    const tokenFile = join(folder.path, 'token');
    await writeFile(tokenFile, `${token}\n`);
    const secrets = [
      ...['TOKENSECRET', 'QUERYSECRET', 'WRONGSECRET', 'JWTSECRET', 'PASSCODESECRET', 'URLSECRET'],
      ...[hashOf(token), hashOf(readOnce), claims, signature],
    ];
    const [port, nobody] = [await freePort(), await freePort()];
    const env = {
      PORT: String(port),
      DATA_DIR: join(folder.path, 'data'),
      AUTH_TOKENS_FILE: tokens,
      REPLYTO_JWT__ISSUER: 'i',
      REPLYTO_JWT__AUDIENCE: 'a',
      REPLYTO_JWT__JWKS_FILE: keys,
      LOG_LEVEL: 'debug',
    };
    // Two ways of giving a password to a broker that is away: inside of its address, and by a file.
    const withUrl = { ...env, BROKER_URL: `stomp://user:URLSECRET@127.0.0.1:${nobody}` };
    const withFile = {
      ...env,
      BROKER_URL: `stomp://127.0.0.1:${nobody}`,
      BROKER_LOGIN: 'u',
      BROKER_PASSCODE_FILE: passcode,
    };
    const outputs: string[] = [];
    const run = async (parameters: readonly string[], variables: Record<string, string>): Promise<void> => {
      const { stdout, stderr } = await cli(parameters, { env: variables, cwd: folder.path });
      expect(stdout + stderr, parameters.join(' ')).not.to.equal('');
      outputs.push(stdout, stderr);
    };
    const url = `http://127.0.0.1:${port}`;
    const bearer = (given: string): Record<string, string> => ({ authorization: `Bearer ${given}` });
    const server = startCli(['serve'], { env: withUrl, cwd: folder.path });
    try {
      await until(async () => (await call(`${url}/livez`)).status === 200, {
        what: 'a gateway',
        withinMs: 30_000,
      });
      const ask = (headers: Record<string, string>): Promise<HttpAnswer> =>
        call(`${url}/requests/q`, {
          method: 'POST',
          body: '{}',
          headers: { prefer: 'respond-async', ...headers },
        });
      const answers = [
        await ask({ ...bearer(token), 'message-id': 'one' }),
        await ask({ ...bearer(jwt), 'message-id': 'two' }),
        await ask({ ...bearer(jwt), 'message-id': 'one' }),
        await ask(bearer(wrong)),
        await ask(bearer(`${jwt}x`)),
        await ask({ authorization: `Basic ${token}` }),
        await ask({ ...bearer(token), prefer: 'nonsense=' }),
        await call(`${url}/requests/one/events?access_token=${wrong}`),
        await call(`${url}/requests/one?access_token=${readOnce}`),
        await call(`${url}/nowhere?access_token=${readOnce}&other=1`, { headers: bearer(token) }),
        await call(`${url}/requests/unknown/events?access%5Ftoken=${readOnce}`),
        await call(`${url}/requests/one/events?access_token=${readOnce}&nonsense=1`),
        ...(await Promise.all(
          ['/metrics', '/version', '/openapi.json', '/requests', '/requests/one', '/readyz?verbose'].map(
            (path) => call(url + path, { headers: bearer(token) }),
          ),
        )),
      ];
      expect(answers.slice(0, 5).map(({ status }) => status)).to.deep.equal([202, 202, 409, 401, 401]);
      outputs.push(...answers.map((answer) => `${JSON.stringify(answer.headers)} ${answer.text()}`));
      const raw = await openRawHttp(port);
      raw.write(
        `GET /livez?access_token=${readOnce} HTTP/1.1\r\nHost: x\r\nAuthorization Bearer ${token}\r\n\r\n`,
      );
      outputs.push((await raw.answer()).text());
      raw.destroy();
      const socket = new WebSocket(`${url.replace('http', 'ws')}/broker?access_token=${readOnce}`);
      const refusals: string[] = [];
      socket.on('error', (error) => void refusals.push(error.message));
      await until(() => refusals.length > 0, { what: 'a refusal' });
      outputs.push(...refusals);
      await run(['doctor'], withUrl);
      await run(['list'], { REPLYTO_URL: url, REPLYTO_TOKEN: token });
      await run(['list'], { REPLYTO_URL: url, REPLYTO_TOKEN_FILE: tokenFile });
      await run(['status', 'two'], { REPLYTO_URL: url, REPLYTO_TOKEN: jwt });
      await run(['list'], { REPLYTO_URL: url, REPLYTO_TOKEN: wrong });
      await run(['list'], { REPLYTO_URL: url, REPLYTO_TOKEN: `${token}\n${token}` });
      await writeFile(tokens, JSON.stringify([{ name: 'shop', token }]));
      await until(() => server.output().includes('has faults'), { what: 'the log of it' });
    } finally {
      await server.stop();
    }
    outputs.push(server.output());
    // The file of tokens is broken now: that is told by each of them.
    await run(['config', 'print'], withFile);
    await run(['config', 'check'], withUrl);
    await run(['serve'], withFile);
    await writeTokens(tokens, []);
    await run(['config', 'print'], withFile);
    await run(['config', 'print'], withUrl);
    await run(['doctor'], withFile);
    await folder.remove();
    const text = outputs.join('\n');
    // What was searched is really there.
    expect(text).to.contain('replyto_requests_accepted_total').and.to.contain('broker.passcode');
    expect(text).to.contain('/requests/one/events');
    for (const secret of secrets) expect(text.includes(secret), secret).to.equal(false);
  });
});
