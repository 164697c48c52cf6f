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
