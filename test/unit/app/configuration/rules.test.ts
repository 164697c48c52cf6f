import { expect } from 'chai';
import { brokenBrokerUrl, brokenRules } from '#app/configuration/rules.js';

function broken(tree: Readonly<Record<string, unknown>>): string[] {
  return [...brokenBrokerUrl(tree), ...brokenRules(tree)].map(({ path }) => path.join('.'));
}

describe('rules between keys', () => {
  it('keep the gateway on loopback unless it is told otherwise', () => {
    for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost', 'LOCALHOST']) {
      expect(broken({ http: { host } }), host).to.deep.equal([]);
    }
    for (const host of ['0.0.0.0', '::', '10.0.0.1', 'example.com', '0', '127.1', '::ffff:10.0.0.1']) {
      expect(broken({ http: { host } }), host).to.deep.equal(['http.host']);
      expect(broken({ http: { host, insecure: true } }), host).to.deep.equal([]);
      expect(broken({ http: { host, insecure: 'true' } }), host).to.deep.equal(['http.host']);
    }
  });

  it('name every remedy for an open host', () => {
    const [finding] = brokenRules({ http: { host: '0.0.0.0' } });
    expect(finding?.allowed)
      .to.contain('http.insecure (--insecure)')
      .and.to.contain('AUTH_TOKENS_FILE, or jwt');
  });

  it('let a gateway listen beyond loopback where callers have to log in', () => {
    const http = { host: '0.0.0.0' };
    expect(broken({ http, authTokensFile: 'tokens.yaml' })).to.deep.equal([]);
    const jwt = { issuer: 'i', audience: 'a', jwksFile: 'keys.json' };
    expect(broken({ http, jwt })).to.deep.equal([]);
    expect(broken({ http, jwt: { nameClaim: 'email' } })).to.deep.equal(['http.host']);
  });

  it('name what is missing of a login by JWT, and what is too much', () => {
    expect(broken({ jwt: { issuer: 'i' } })).to.deep.equal(['jwt.audience', 'jwt.jwksUrl']);
    expect(broken({ jwt: { jwksFile: 'k' } })).to.deep.equal(['jwt.issuer', 'jwt.audience']);
    const both = { issuer: 'i', audience: 'a', jwksFile: 'k', jwksUrl: 'https://login.example/keys' };
    expect(broken({ jwt: both })).to.deep.equal(['jwt.jwksFile']);
  });

  it('take keys without TLS from this machine only', () => {
    const given = (jwksUrl: string): string[] => broken({ jwt: { issuer: 'i', audience: 'a', jwksUrl } });
    expect(given('https://login.example/keys')).to.deep.equal([]);
    expect(given('http://127.0.0.1:9/keys')).to.deep.equal([]);
    expect(given('http://[::1]:9/keys')).to.deep.equal([]);
    expect(given('http://login.example/keys')).to.deep.equal(['jwt.jwksUrl']);
    expect(given('http://')).to.deep.equal(['jwt.jwksUrl']);
  });

  it('name what is missing of TLS, and TLS that nothing uses', () => {
    expect(broken({ http: { tlsCertFile: 'c' } })).to.deep.equal(['http.tlsKeyFile']);
    expect(broken({ http: { tlsKeyFile: 'k' } })).to.deep.equal(['http.tlsCertFile']);
    expect(broken({ http: { tlsClientCaFile: 'a' } })).to.deep.equal(['http.tlsCertFile']);
    const url = 'stomps://broker:61614';
    expect(broken({ broker: { url, tlsCaFile: 'a' } })).to.deep.equal([]);
    expect(broken({ broker: { url, tlsPassphraseFile: 'p' } })).to.deep.equal(['broker.tlsKeyFile']);
    expect(broken({ broker: { url: 'stomp://broker', tlsCaFile: 'a' } })).to.deep.equal(['broker.tlsCaFile']);
    expect(broken({ broker: { tlsCaFile: 'a' } })).to.deep.equal(['broker.tlsCaFile']);
  });

  it('take every form of a broker address that the product speaks', () => {
    const good = [
      'embedded:',
      'stomp://localhost',
      'stomp://u:p%40@localhost:61613/vhost',
      'stomps://broker:61614',
      'ws://broker:15674/ws?x=1',
      'wss://broker/stomp',
      'failover:(stomp://a:1,stomps://b:2)?randomize=true',
      'failover:(stomp://a,stomp://b)',
      'stomp://[::1]:61613',
    ];
    for (const url of good) expect(broken({ broker: { url } }), url).to.deep.equal([]);
  });

  it('refuse broker addresses that would not mean what they seem to', () => {
    const bad = [
      'embedded:x',
      'amqp://broker',
      'stomp://',
      'stomp://broker:99999',
      'stomp://u:a#b@broker',
      'stomp://u%zz@broker',
      'stomp://broker?login=x',
      'failover:()',
      'failover:(stomp://a,http://b)',
      'failover:(stomp://a)?randomize=yes',
      'failover:(stomp://a)?timeout=3',
    ];
    for (const url of bad) expect(broken({ broker: { url } }), url).to.deep.equal(['broker.url']);
  });

  it('say why an address is none, as every other setting names what is allowed', () => {
    const allowedFor = (url: string): string | undefined => brokenBrokerUrl({ broker: { url } })[0]?.allowed;
    expect(allowedFor('tcp://broker:61616')).to.equal(
      'tcp:// is OpenWire and this speaks STOMP: use stomp://broker:61613',
    );
    expect(allowedFor('stomp://u:p@broker:70000')).to.equal('a port from 1 to 65535');
    expect(allowedFor('http://broker')).to.match(/^embedded:, stomp:\/\/host:port, .*randomize=true$/u);
    expect(allowedFor('ws://broker/#x')).to.contain('without #');
    expect(allowedFor('failover:(stomp://a)?randomize=yes')).to.contain('randomize');
  });

  it('want the login once, and none for the embedded broker', () => {
    const url = 'stomp://user@broker';
    expect(broken({ broker: { url, passcode: 'x' } })).to.deep.equal([]);
    expect(broken({ broker: { url, login: 'x' } })).to.deep.equal(['broker.login']);
    expect(broken({ broker: { url: 'stomp://u:p@broker', passcode: 'x' } })).to.deep.equal([
      'broker.passcode',
    ]);
    expect(broken({ broker: { login: 'x', passcode: 'y' } })).to.deep.equal([
      'broker.login',
      'broker.passcode',
    ]);
  });

  it('weigh routes with the prefix and the allowed queues that are given', () => {
    const routes = [{ path: '/a', queue: 'mine.a' }];
    expect(broken({ routes })).to.deep.equal([]);
    expect(broken({ routes, prefix: 'mine' })).to.deep.equal(['routes.0.queue']);
    expect(broken({ routes, allow: { queues: ['other.*'] } })).to.deep.equal(['routes.0.queue']);
  });

  it('pass over what has no sensible form', () => {
    expect(broken({ http: 7, broker: [], routes: 'x', allow: null, prefix: {} })).to.deep.equal([]);
    expect(broken({ http: { host: 7 }, broker: { url: 7, login: 'x' }, routes: [7] })).to.deep.equal([]);
  });
});
