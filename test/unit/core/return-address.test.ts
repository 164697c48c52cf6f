import { expect } from 'chai';
import type { Destination } from '#core/destination.js';
import { ownDestinations, queue, topic } from '#core/destination.js';
import { replyAddressProblem } from '#core/return-address.js';

describe('a reply address that somebody wrote', () => {
  const own = ownDestinations('replyto');
  const opaque = (name: string): Destination => ({ kind: 'opaque', name });
  const problemOf = (to: Destination): string | undefined => replyAddressProblem(own, to);

  it('may be any plain queue or topic, the own replies, those of another prefix, and what only a broker reads', () => {
    for (const to of [
      queue('orders.replies'),
      queue('replyto.replies'),
      queue('other.replies'),
      queue('replyto'),
      queue('region/orders'),
      topic('prices'),
      ...[
        '/queue/answers',
        '/queue/replyto.replies',
        '/temp-queue/answers',
        '/remote-temp-queue/ID:host-41234-1:2:1',
        'temp-queue://0f51ae3a-3f6b-4a55-9d6b-2f9f6f8c1c11',
        '/reply-queue/amq.gen-QlZ5FS1',
        '/reply-queue/Reply Queue',
        '/reply-queue/amq.rabbitmq.reply-to.g1h2AA5yZXBseUA/MTIz.TpBXP2uPXZN2rKL2I0LL2w==',
        '/amq/queue/amq.gen-QlZ5FS1',
        '/amq/queue/answers',
        '/exchange/answers/key',
      ].map(opaque),
    ]) {
      expect(problemOf(to), to.name).to.equal(undefined);
    }
  });

  it('is refused where it is reserved, however a broker may spell that', () => {
    for (const to of [
      queue('replyto.dead-letters'),
      queue('REPLYTO.Status'),
      queue('replyto.invalid'),
      queue('replyto.Replies'),
      topic('replyto.control'),
      queue('activemq.management'),
      queue('amq.gen-QlZ5FS1'),
      queue('$sys.mqtt'),
      queue('queue/replyto.control'),
      ...[
        '/queue/replyto.dead-letters',
        '/temp-queue/replyto.dead-letters',
        'temp-queue://replyto.dead-letters',
        'temp-topic://replyto.control',
        '/reply-queue/replyto.invalid',
        '/amq/queue/replyto.status',
        '/exchange/amq.topic/replyto.control',
        '/exchange/amq.fanout',
        '/queue/activemq.management',
      ].map(opaque),
    ]) {
      expect(problemOf(to), to.name).to.equal('belongs to this product or to the broker');
    }
  });

  it('is refused where it is several queues, or none', () => {
    for (const to of [
      queue('a,b>'),
      queue('a,replyto.control'),
      queue('prices.*'),
      queue('a?persistent=false'),
      queue('address::queue'),
      queue('replyto%2Edead-letters'),
      queue('/queue/a'),
      queue('a//b'),
      queue(' a'),
      queue(`${'a'.repeat(200)}/${'b'.repeat(200)}`),
      topic('#'),
      ...['/queue/a,b>', '/remote-temp-queue/ID:host-1,a', '/', '/exchange//key'].map(opaque),
    ]) {
      expect(problemOf(to), to.name).to.equal('does not name one plain queue');
    }
    for (const name of ['http://host/callback', 'jms://queue/a']) {
      expect(problemOf(opaque(name))).to.equal('is no address of a queue');
    }
  });
});
