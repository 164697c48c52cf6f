import { expect } from 'chai';
import fc from 'fast-check';
import { describeEndpoint, parseBrokerUrl } from '#adapters/stomp/broker-url.js';
import type { Endpoint } from '#adapters/stomp/broker-url.js';
import { isReplytoError } from '#core/errors.js';
import { thrownBy } from '../../../support/errors.js';
import { textOf } from '../../../support/recording.js';

function endpointOf(url: string): Endpoint {
  const { endpoints } = parseBrokerUrl(url);
  expect(endpoints).to.have.length(1);
  return endpoints[0]!;
}

describe('the address of a broker', () => {
  it('has a default port for each kind of transport', () => {
    const ports = ['stomp', 'stomps', 'ws', 'wss'].map((scheme) => endpointOf(`${scheme}://broker`));
    expect(ports.map(({ transport, tls, port }) => [transport, tls, port])).to.deep.equal([
      ['tcp', false, 61613],
      ['tcp', true, 61614],
      ['websocket', false, 80],
      ['websocket', true, 443],
    ]);
  });

  it('gives host, port, login and passcode, decoded', () => {
    expect(endpointOf('stomp://m%40x:p%3A%2F%23@broker:1234')).to.deep.equal({
      ...{ transport: 'tcp', tls: false, host: 'broker', port: 1234, path: '/', virtualHost: undefined },
      ...{ login: 'm@x', passcode: 'p:/#' },
    });
    expect(endpointOf('stomp://user@broker')).to.include({ login: 'user', passcode: undefined });
  });

  it('takes a path of stomp:// for the virtual host, and of ws:// for a path', () => {
    expect(endpointOf('stomp://broker/my%20host').virtualHost).to.equal('my host');
    expect(endpointOf('stomp://broker/').virtualHost).to.equal(undefined);
    expect(endpointOf('ws://broker/broker?a=1')).to.include({ path: '/broker?a=1', virtualHost: undefined });
  });

  it('may be an address of IPv6', () => {
    const endpoint = endpointOf('stomp://[::1]:61613');
    expect(endpoint.host).to.equal('::1');
    expect(describeEndpoint(endpoint)).to.equal('stomp://[::1]:61613');
  });

  it('may have space around it and a scheme in capitals', () => {
    expect(endpointOf('  STOMP://broker:1 ')).to.include({ host: 'broker', port: 1 });
  });

  it('may be a list to fail over, in order or from a random place', () => {
    const { endpoints, randomize } = parseBrokerUrl('failover:(stomp://a:1, stomps://b:2,ws://c:3/x)');
    expect(endpoints.map(describeEndpoint)).to.deep.equal(['stomp://a:1', 'stomps://b:2', 'ws://c:3/x']);
    expect(randomize).to.equal(false);
    expect(parseBrokerUrl('failover:(stomp://a,stomp://b)?randomize=true').randomize).to.equal(true);
    expect(parseBrokerUrl('failover:stomp://a').endpoints).to.have.length(1);
  });

  for (const url of [
    '',
    'broker',
    'broker:61613',
    'http://broker',
    'stomp:broker',
    'stomp://',
    'stomp:///queue',
    'stomp://broker:99999',
    'stomp://broker:port',
    'stomp://broker?x=1',
    'stomp://user:a#b@broker',
    'stomp://%zz@broker',
    'failover:()',
    'failover:(,)',
    'failover:(http://a)',
    'failover:(stomp://a)?timeout=5',
  ]) {
    it(`is refused when it is '${url}', naming broker.url`, () => {
      const error = thrownBy(() => parseBrokerUrl(url));
      expect(error.code).to.equal('INVALID_ARGUMENT');
      expect(error.problems[0]!.field).to.equal('broker.url');
    });
  }
});

describe('what is told of an address that is none', () => {
  for (const [url, allowed] of [
    ['tcp://activemq:61616', 'tcp:// is OpenWire and this speaks STOMP: use stomp://activemq:61613'],
    [
      'failover:(tcp://a:61616,tcp://b:61616)',
      'tcp:// is OpenWire and this speaks STOMP: use stomp://a:61613',
    ],
    ['nio://a', 'nio:// is OpenWire and this speaks STOMP: use stomp://a:61613'],
    ['ssl://u:p@a:61617', 'ssl:// is OpenWire over TLS and this speaks STOMP: use stomps://host:61614'],
    ['AMQP://rabbit:5672', 'amqp:// is AMQP and this speaks STOMP: use stomp://rabbit:61613'],
    ['stomp://u:p@127.0.0.1:70000', 'a port from 1 to 65535'],
    ['failover:(stomp://a,stomp://b:65536)', 'a port from 1 to 65535'],
    ['ws://a:99999/ws', 'a port from 1 to 65535'],
    ['stomp://u:%zz@a', 'valid percent-encoding in name, password and path'],
  ] as const) {
    it(`is the reason for ${url}`, () => {
      expect(thrownBy(() => parseBrokerUrl(url)).problems[0]!.allowed).to.equal(allowed);
    });
  }

  it('is how to write a login only where there is one', () => {
    const allowedFor = (url: string): string | undefined =>
      thrownBy(() => parseBrokerUrl(url)).problems[0]?.allowed;
    expect(allowedFor('stomp://a:b:c')).to.not.contain('percent-encoded');
    expect(allowedFor('stomp://u:p/q@a')).to.contain('percent-encoded');
  });
});

describe('a password in the address of a broker', () => {
  const secret = 'Tr0ub4dor';

  for (const url of [
    `stomp://user:${secret}@broker:99999`,
    `stomp://user:${secret}#x@broker`,
    `stomp://user:${secret}%zz@broker`,
    `stomp://user:${secret}/x@broker`,
    `stomp://user:${secret}@broker?x=1`,
    `http://user:${secret}@broker`,
    `tcp://user:${secret}@broker`,
    `failover:(tcp://user:${secret},x@broker)`,
    `user:${secret}@broker`,
    `failover:(stomp://a,stomp://user:${secret}@broker:port)`,
    `failover:(stomp://user:${secret}@broker)?timeout=5`,
    `failover:(stomp://user:x(${secret})@broker)`,
    `failover:(stomp://user:${secret},x@broker)`,
    `failover:(stomp://user:x,${secret}@broker)`,
  ]) {
    it(`never stands in the error for ${url.replace(secret, '...')}`, () => {
      expect(textOf(thrownBy(() => parseBrokerUrl(url)))).to.not.contain(secret);
    });
  }

  it('never stands in an error, whatever it is made of', () => {
    const awkward = fc.stringMatching(/^[@:/?#%(),[\]\\ &=]{0,4}$/u);
    fc.assert(
      fc.property(
        fc.constantFrom(
          'stomp://',
          'stomps://',
          'ws://',
          'tcp://',
          'failover:(ssl://',
          'failover:(stomp://',
          'failover:(stomp://a,stomp://',
          '',
        ),
        awkward,
        awkward,
        fc.constantFrom('@broker:1', '@broker:1)', '@broker:x', '@'),
        (beginning, before, after, end) => {
          try {
            parseBrokerUrl(`${beginning}user:${before}${secret}${after}${end}`);
          } catch (error) {
            expect(isReplytoError(error)).to.equal(true);
            expect(textOf(error)).to.not.contain(secret);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('never stands in what is shown of an endpoint', () => {
    for (const scheme of ['stomp', 'stomps', 'ws', 'wss']) {
      expect(describeEndpoint(endpointOf(`${scheme}://user:${secret}@broker/p`))).to.not.match(/user|Tr0/u);
    }
  });
});
