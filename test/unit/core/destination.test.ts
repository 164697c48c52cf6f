import { expect } from 'chai';
import fc from 'fast-check';
import { ownDestinations, queue, queueNameProblem, topic } from '#core/destination.js';

const isAllowed = (name: string): boolean => queueNameProblem('queue', name) === undefined;

describe('the name of a queue', () => {
  for (const name of [
    'q',
    'Prices',
    'orders.eu-1_x',
    'a:b',
    'größe',
    'zwei worte',
    '日本',
    'x'.repeat(255),
    'a&b=c;d',
  ]) {
    it(`may be '${name.slice(0, 20)}'`, () => {
      expect(isAllowed(name)).to.equal(true);
    });
  }

  for (const [name, why] of [
    ['', 'it is empty'],
    [' q', 'it begins with a space'],
    ['q\u00a0', 'it ends with a space of another kind'],
    ['a/b', 'of its slash'],
    ['a\\b', 'of its backslash'],
    ['a.*', 'of a wildcard'],
    ['a.>', 'of a wildcard of ActiveMQ'],
    ['a.#', 'of a wildcard of RabbitMQ'],
    ['a,b', 'it is two queues'],
    ['q?consumer.prefetchSize=1', 'of its options'],
    ['a::b', 'it is an address and a queue of Artemis'],
    ['a%2Fb', 'of an escape'],
    ['a"b', 'of a quote'],
    ['a\nb', 'of a line end'],
    ['a\u007fb', 'of a control character'],
    ['a\u0085b', 'of a control character of C1'],
    ['\ud800', 'it has no UTF-8 form'],
    ['x'.repeat(256), 'it is too long'],
    ['ä'.repeat(128), 'it is too long in bytes'],
  ] as const) {
    it(`is refused because ${why}`, () => {
      const problem = queueNameProblem('queue', name);
      expect(problem?.field).to.equal('queue');
      expect(problem?.allowed).to.contain('1-255 bytes');
    });
  }

  it('means one plain queue when it is allowed, and nothing else', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (name) => {
        if (!isAllowed(name)) return;
        expect(name).to.equal(name.trim());
        expect(name).to.not.match(/[/\\*>#,?%"\u0000-\u001f]|::/u);
        expect(Buffer.byteLength(name)).to.be.within(1, 255);
        expect(Buffer.from(name).toString()).to.equal(name);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the destinations of the product', () => {
  const own = ownDestinations('acme');

  it('stand under one prefix', () => {
    expect(JSON.parse(JSON.stringify(own))).to.deep.equal({
      replies: queue('acme.replies'),
      status: queue('acme.status'),
      deadLetters: queue('acme.dead-letters'),
      invalid: queue('acme.invalid'),
      control: topic('acme.control'),
      numbered: topic('acme.numbered'),
      outbox: topic('acme.outbox'),
      unreserved: own.unreserved,
    });
    expect(own.settled('a')).to.deep.equal(topic('acme.settled.a'));
  });

  it('are reserved, whatever their case, as are those of the brokers', () => {
    for (const name of [
      'acme.replies',
      'ACME.Replies',
      'acme.anything',
      'ActiveMQ.DLQ',
      'activemq.management',
      'amq.gen',
      '$sys',
    ]) {
      expect(own.isReserved(name), name).to.equal(true);
    }
    for (const name of [
      'acme',
      'acmes.replies',
      'my.acme.replies',
      'replyto.replies',
      'activemq',
      'money$',
    ]) {
      expect(own.isReserved(name), name).to.equal(false);
    }
  });
});
