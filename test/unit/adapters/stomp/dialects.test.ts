import { expect } from 'chai';
import fc from 'fast-check';
import { artemisDialect } from '#adapters/stomp/dialects/artemis.js';
import { classicDialect } from '#adapters/stomp/dialects/classic.js';
import { detectDialect } from '#adapters/stomp/dialects/detect.js';
import { fromSlashAddress, toSlashAddress } from '#adapters/stomp/dialects/dialect.js';
import { embeddedDialect } from '#adapters/stomp/dialects/embedded.js';
import { rabbitmqDialect } from '#adapters/stomp/dialects/rabbitmq.js';
import type { Destination } from '#core/destination.js';
import { queue, topic } from '#core/destination.js';
import { thrownBy } from '../../../support/errors.js';

describe('the dialect of a broker', () => {
  it('is found by what the broker calls itself', () => {
    expect(detectDialect('ActiveMQ/6.3.1')).to.deep.equal({
      ...{ dialect: classicDialect, server: 'ActiveMQ/6.3.1', version: '6.3.1' },
    });
    expect(detectDialect('activemq/5.17.2 (debian)')).to.include({
      dialect: classicDialect,
      version: '5.17.2',
    });
    expect(detectDialect('replyto-embedded/0.1.0')).to.include({
      dialect: embeddedDialect,
      version: '0.1.0',
    });
    for (const server of [
      'ActiveMQ-Artemis/2.56.0 ActiveMQ Artemis Messaging Engine',
      'apache-activemq-artemis/2.30',
    ]) {
      expect(detectDialect(server).dialect, server).to.equal(artemisDialect);
    }
    expect(detectDialect('RabbitMQ/4.3.5')).to.include({ dialect: rabbitmqDialect, version: '4.3.5' });
    expect(detectDialect('ActiveMQ')).to.include({ dialect: classicDialect, version: '' });
  });

  for (const server of ['stompserver/1', '']) {
    it(`is not guessed for '${server}': a wrong one could lose messages`, () => {
      const error = thrownBy(() => detectDialect(server));
      expect(error.code).to.equal('BROKER_UNSUPPORTED');
      expect(error.message).to.contain(`'${server}'`);
    });
  }

  it('asks for so many messages ahead in the words of its broker', () => {
    expect(classicDialect.subscribeHeaders(queue('q'), 5)).to.deep.equal({ 'activemq.prefetchSize': '5' });
    expect(embeddedDialect.subscribeHeaders(queue('q'), 5)).to.deep.equal({ 'prefetch-count': '5' });
  });

  it('counts a few messages ahead by consumers where the broker counts bytes, and many by their size', () => {
    const headersOf = (prefetch: number): unknown[] => [
      artemisDialect.consumers(queue('q'), prefetch),
      artemisDialect.subscribeHeaders(queue('q'), prefetch),
    ];
    const anycast = { 'subscription-type': 'ANYCAST' };
    expect(headersOf(1)).to.deep.equal([1, { ...anycast, 'consumer-window-size': '1' }]);
    expect(headersOf(32)).to.deep.equal([32, { ...anycast, 'consumer-window-size': '1' }]);
    expect(headersOf(500)).to.deep.equal([1, { ...anycast, 'consumer-window-size': '1024000' }]);
    expect(artemisDialect.subscribeHeaders(topic('t'), 5)).to.deep.equal({
      'subscription-type': 'MULTICAST',
    });
    expect(artemisDialect.consumers(topic('t'), 5)).to.equal(1);
    expect(classicDialect.consumers(queue('q'), 5)).to.equal(1);
  });

  it('writes a reply address for those who read it', () => {
    expect(artemisDialect.toReplyAddress(queue('r'), 'stomp')).to.equal('r');
    expect(artemisDialect.toReplyAddress(queue('r'), 'jms')).to.equal('queue://r');
    expect(classicDialect.toReplyAddress(queue('r'), 'jms')).to.equal('/queue/r');
  });

  it('reads on Artemis the addresses of STOMP and JMS clients, and keeps what only the broker understands', () => {
    const artemis = artemisDialect;
    expect(artemis.fromAddress('queue://a')).to.deep.equal(queue('a'));
    expect(artemis.fromAddress('a::b')).to.deep.equal(queue('a::b'));
    expect(artemis.fromAddress('topic://a')).to.deep.equal(topic('a'));
    const temporary = artemis.fromAddress('temp-queue://5f7b');
    expect(temporary).to.deep.equal({ kind: 'opaque', name: 'temp-queue://5f7b' });
    expect([artemis.toAddress(temporary), artemis.sendHeaders(temporary)]).to.deep.equal(['5f7b', {}]);
    expect(artemis.toReplyAddress(temporary, 'stomp')).to.equal('temp-queue://5f7b');
    const slashes = artemis.fromAddress('/queue/a');
    expect([artemis.toAddress(slashes), artemis.sendHeaders(slashes)]).to.deep.equal(['/queue/a', {}]);
  });

  it('knows a message of Artemis again by its number and its instant, whichever consumer has it', () => {
    const idOf = (id: string): unknown => artemisDialect.brokerId({ 'message-id': id, timestamp: '1795' });
    expect(idOf('12,34')).to.equal('34@1795');
    expect(idOf('99,34')).to.equal('34@1795');
    expect(artemisDialect.brokerId({})).to.equal(undefined);
  });

  it('says whether the WebSocket of its broker takes bytes', () => {
    expect(classicDialect.webSocketCarries).to.equal('text');
    expect(embeddedDialect.webSocketCarries).to.equal('bytes');
  });

  it('asks for expiry where the broker knows it', () => {
    expect(classicDialect.expiryHeaders(7, 5)).to.deep.equal({ expires: '7' });
    expect(embeddedDialect.expiryHeaders(7, 5)).to.deep.equal({});
  });
});

describe('addresses of RabbitMQ', () => {
  const toAddress = (destination: Destination): string => rabbitmqDialect.toAddress(destination);
  const fromAddress = (address: string): Destination => rabbitmqDialect.fromAddress(address);

  it('are one segment: a slash in a name is written %2F, and nothing else is escaped', () => {
    expect(toAddress(queue('a/b c%20ü'))).to.equal('/queue/a%2Fb c%20ü');
    expect(toAddress(topic('a/b.*'))).to.equal('/topic/a%2Fb.*');
  });

  it('are read back as they were written, those of other clients untouched', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '/', '%', '2', 'F', ' ', '.', ':', 'ü') }),
        (text) => {
          fc.pre(text !== '' && !text.includes('%2F'));
          expect(fromAddress(toAddress(queue(text)))).to.deep.equal(queue(text));
        },
      ),
    );
    for (const name of ['/reply-queue/a%2Fb', '/amq/queue/x', '/exchange/amq.topic/k', '/temp-queue/x']) {
      expect(fromAddress(name)).to.deep.equal({ kind: 'opaque', name });
      expect(toAddress(fromAddress(name))).to.equal(name);
    }
  });

  it('cannot say a name that holds %2F', () => {
    expect(thrownBy(() => toAddress(queue('a%2Fb'))).code).to.equal('INVALID_ARGUMENT');
  });

  it('come with a time to live in milliseconds, and without one that it refuses', () => {
    expect(rabbitmqDialect.expiryHeaders(7_000, 5_000)).to.deep.equal({ expiration: '2000' });
    expect(rabbitmqDialect.expiryHeaders(4_000, 5_000)).to.deep.equal({ expiration: '0' });
    expect(rabbitmqDialect.expiryHeaders(2 ** 32, 0)).to.deep.equal({});
  });
});

describe('addresses with slashes', () => {
  it('say whether they are a queue or a topic', () => {
    expect(toSlashAddress(queue('a.b'))).to.equal('/queue/a.b');
    expect(toSlashAddress(topic('a.b'))).to.equal('/topic/a.b');
  });

  it('are read back as they were written', () => {
    const destinations: Destination[] = [
      queue('q'),
      topic('t'),
      queue('queue://x'),
      { kind: 'opaque', name: '/remote-temp-queue/ID:1' },
      { kind: 'opaque', name: 'temp-topic://ID:1' },
    ];
    for (const destination of destinations) {
      expect(fromSlashAddress(toSlashAddress(destination))).to.deep.equal(destination);
    }
  });

  it('without a name are left to the broker', () => {
    for (const address of ['/queue/', 'queue://', '/other/x', '/']) {
      expect(fromSlashAddress(address), address).to.deep.equal({ kind: 'opaque', name: address });
    }
  });
});
