import { expect } from 'chai';
import { networkInterfaces } from 'node:os';
import type { Gateway } from '#gateway/gateway.js';
import { createGateway } from '#gateway/gateway.js';
import type { ReceivedCall } from '#gateway/origin.js';
import { createOriginRule } from '#gateway/origin.js';
import { configurationOf, contextOf } from '../../support/gateway-context.js';
import { call } from '../../support/http.js';

describe('the own origin', () => {
  it('has no port where that is the default of its scheme, as browsers write it', () => {
    const rule = createOriginRule([], () => ['127.0.0.1:80', 'localhost:80', '[::1]:80']);
    for (const origin of ['http://localhost', 'http://127.0.0.1', 'http://[::1]', 'https://localhost:80']) {
      expect(rule.isAllowed(origin), origin).to.equal(true);
    }
    const behindTls = createOriginRule([], () => ['localhost:443']);
    expect(behindTls.isAllowed('https://localhost')).to.equal(true);
    const elsewhere = createOriginRule([], () => ['localhost:8080']);
    for (const origin of [
      'http://localhost',
      'https://localhost',
      'http://localhost:80',
      'null',
      '',
      'http://',
    ]) {
      expect(elsewhere.isAllowed(origin), origin).to.equal(false);
    }
  });

  describe('of a call to an address of this machine', () => {
    const rule = createOriginRule([], () => ['0.0.0.0:8080', 'localhost:8080']);
    const callTo = (localAddress: string | undefined, host: string | undefined): ReceivedCall => ({
      headers: { host },
      socket: { localAddress, localPort: 8080 },
    });

    it('is that address, when Host and Origin both are', () => {
      for (const [address, host] of [
        ['192.0.2.7', '192.0.2.7:8080'],
        ['::ffff:192.0.2.7', '192.0.2.7:8080'],
        ['2001:db8::7', '[2001:db8::7]:8080'],
        ['2001:db8::7', '[2001:DB8:0::7]:8080'],
      ] as const) {
        const origin = new URL(`http://${host}`).origin;
        expect(rule.isAllowed(origin, callTo(address, host)), host).to.equal(true);
        expect(rule.isAllowed(origin), host).to.equal(false);
      }
    });

    it('is no other name, address or port, whatever Host says', () => {
      const own = callTo('192.0.2.7', '192.0.2.7:8080');
      for (const origin of [
        'https://192.0.2.7:8080',
        'http://192.0.2.7',
        'http://192.0.2.7:8081',
        'http://192.0.2.8:8080',
        'http://evil.example.com:8080',
        'null',
      ]) {
        expect(rule.isAllowed(origin, own), origin).to.equal(false);
      }
      const rebound = 'evil.example.com:8080';
      expect(rule.isAllowed(`http://${rebound}`, callTo('192.0.2.7', rebound))).to.equal(false);
      for (const host of ['gateway.example.com:8080', '192.0.2.8:8080', '192.0.2.7', undefined, '', '%']) {
        expect(rule.isAllowed('http://192.0.2.7:8080', callTo('192.0.2.7', host)), host).to.equal(false);
      }
      expect(rule.isAllowed('http://192.0.2.7:8080', callTo(undefined, '192.0.2.7:8080'))).to.equal(false);
    });
  });

  describe('of a gateway that listens on every address', () => {
    let gateway: Gateway | undefined;
    afterEach(() => gateway?.stop(1_000));

    it('is the address under which its page was opened', async () => {
      const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
      const own = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
      const configuration = configurationOf({ HOST: '0.0.0.0', REPLYTO_HTTP__INSECURE: 'true' });
      gateway = createGateway(contextOf({ configuration }), new Map());
      const { port } = await gateway.start();
      const url = `http://${own ?? '127.0.0.2'}:${port}`;
      const asked = await call(`${url}/livez`, { headers: { origin: url } });
      expect(asked.status).to.equal(200);
      expect(asked.headers['access-control-allow-origin']).to.equal(url);
      const foreign = { origin: url.replace(/\d+:/u, '250:') };
      expect((await call(`${url}/livez`, { headers: foreign })).status).to.equal(403);
    });
  });
});
