/** What RabbitMQ does otherwise than the others, and what it does instead. docs/brokers.md says it in words. */
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { queue } from '#core/destination.js';
import type { Destination } from '#core/destination.js';
import type { Delivery } from '#core/ports/message-source.js';
import { readReply } from '#messaging/reply-message.js';
import { failureOf } from '../../support/errors.js';
import { newMessage, uniqueQueue } from '../../support/messages.js';
import { sendUntilJudged } from '../../support/send-until-judged.js';
import type { MessagingContract } from '../messaging.suite.js';
import type { Bench } from './bench.js';
import type { Case } from './case.js';

type Transport = 'tcp' | 'websocket';

export function rabbitmqDeviations(transport: Transport): Pick<MessagingContract, 'skip' | 'own'> {
  return {
    skip: [
      {
        reason:
          'it shows a service the receipt id of the send, as it shows every header that it does not know',
        tests: ['shows a STOMP service nothing of the receipt that was asked for'],
      },
      {
        reason: 'it refuses queue:// in reply-to, and makes /reply-queue/ of a name without a slash',
        tests: ['reads every form of a reply address that a STOMP or JMS client writes'],
      },
    ],
    own: (test, bench) => {
      wireCases(test, bench);
      nameCases(test, bench);
      headerCases(test, bench);
      replyCases(test, bench);
      refusalCases(test, bench, transport);
    },
  };
}

function wireCases(test: Case, bench: Bench): void {
  test('shows a STOMP service a request it can answer, with the receipt id of the send beside it', async () => {
    const { channel } = await bench.connect();
    const requests = uniqueQueue('requests');
    const service = await bench.raw();
    await service.confirmed('SUBSCRIBE', { id: '1', destination: `/queue/${requests.name}`, ack: 'auto' });
    const replyTo = uniqueQueue('replies');
    const request = newMessage({ replyTo, applicationHeaders: { 'x-tenant': 'a:b' } });
    await channel.send(requests, request);

    const { headers } = await service.take('MESSAGE');
    expect(headers).to.include({
      'Message-ID': request.messageId,
      'correlation-id': request.messageId,
      'reply-to': `/queue/${replyTo.name}`,
      'x-tenant': 'a:b',
    });
    expect(headers)
      .to.have.property('receipt')
      .that.matches(/^r\d+$/u);
    expect(headers).to.not.have.any.keys('Correl-ID', 'transaction', 'Fault');
  });

  test('takes the answer of a service that sends every header back, the receipt id and all', async () => {
    const messaging = await bench.connect();
    const [requests, replies] = [uniqueQueue('requests'), uniqueQueue('replies')];
    const inbox = await bench.inbox(messaging, replies);
    const service = await bench.raw();
    await service.confirmed('SUBSCRIBE', { id: '1', destination: `/queue/${requests.name}`, ack: 'auto' });
    const request = newMessage({ replyTo: replies });
    await messaging.channel.send(requests, request);
    const { headers } = await service.take('MESSAGE');
    const copied = { ...headers, destination: headers['reply-to']! };
    delete (copied as Record<string, string>)['message-id'];
    delete (copied as Record<string, string>)['content-length'];
    service.frame('SEND', copied, 'done');
    await service.take('RECEIPT', { 'receipt-id': headers['receipt']! });
    const [delivery] = await inbox.atLeast(1);
    expect(Buffer.from(delivery!.message.body).toString()).to.equal('done');
  });

  test('recognises a reply without Message-ID that is delivered again, though the broker calls it otherwise', async () => {
    const replies = uniqueQueue('replies');
    const service = await bench.raw();
    const reply = {
      destination: `/queue/${replies.name}`,
      'correlation-id': 'request-1',
      persistent: 'true',
    };
    await service.confirmed('SEND', reply, 'done');
    const leaving = await bench.connect();
    const held = await bench.inbox(leaving, replies, { acknowledge: false });
    const [before] = await held.atLeast(1);
    await leaving.stop();
    const inbox = await bench.inbox(await bench.connect(), replies);
    const [after] = await inbox.atLeast(1);
    await service.confirmed('SEND', reply, 'another');
    const [, another] = await inbox.atLeast(2);

    expect(after!.brokerId!.value).to.not.equal(before!.brokerId!.value);
    expect(replyIdOf(after!)).to.equal(replyIdOf(before!)).and.not.equal(replyIdOf(another!));
  });
}

function replyIdOf(delivery: Delivery): string {
  const read = readReply(delivery, { storeId: 'store', maxBodyBytes: 1_000 });
  if ('invalid' in read) throw new Error(read.invalid);
  return read.reply.replyId;
}

function nameCases(test: Case, bench: Bench): void {
  test('carries names with slashes, percent signs and commas, as destination and as reply address', async () => {
    const messaging = await bench.connect();
    const client = await bench.raw();
    for (const part of ['a/b/c', '100%', '%25 off', '%2f', 'one, two', '/', '>*#?']) {
      const destination = queue(`${part} ${randomUUID()}`);
      const inbox = await bench.inbox(messaging, destination);
      const message = newMessage({ replyTo: destination });
      await messaging.channel.send(destination, message);
      // What another client means by the same name is the same queue.
      const address = `/queue/${destination.name.replaceAll('/', '%2F')}`;
      await client.confirmed('SEND', { destination: address, 'reply-to': address }, 'foreign');
      const replyTos = (await inbox.atLeast(2)).map((delivery) => delivery.message.replyTo);
      expect(replyTos).to.deep.equal([destination, destination]);
    }
  });

  test('refuses a name that holds %2F with INVALID_ARGUMENT: it would mean another queue', async () => {
    const { channel } = await bench.connect();
    const error = await failureOf(channel.send(queue('a%2Fb'), newMessage()));
    expect(error.code).to.equal('INVALID_ARGUMENT');
    expect(error.message).to.contain("'a%2Fb'");
    await channel.send(uniqueQueue(), newMessage());
  });
}

function headerCases(test: Case, bench: Bench): void {
  test('refuses headers that would be arguments of the queue, and sends the rest', async () => {
    const messaging = await bench.connect();
    const destination = uniqueQueue('arguments');
    for (const name of [
      'x-message-ttl',
      'x-expires',
      'x-max-length',
      'x-queue-type',
      'x-dead-letter-exchange',
    ]) {
      const message = newMessage({ applicationHeaders: { [name]: '1' } });
      const error = await failureOf(messaging.channel.send(destination, message));
      expect(error.code, name).to.equal('INVALID_ARGUMENT');
      expect(error.problems.map(({ field }) => field)).to.deep.equal([name]);
    }
    const good = newMessage({ applicationHeaders: { 'x-maximum': '1' } });
    await messaging.channel.send(destination, good);
    const inbox = await bench.inbox(messaging, destination);
    await inbox.atLeast(1);
    expect(inbox.ids()).to.deep.equal([good.messageId]);
  });
}

function replyCases(test: Case, bench: Bench): void {
  /** A request of a stranger with this reply address; gives the address as it was read. */
  async function replyToOf(form: string): Promise<Destination | null> {
    const messaging = await bench.connect();
    const requests = uniqueQueue('requests');
    const inbox = await bench.inbox(messaging, requests);
    const client = await bench.raw();
    await client.confirmed('SEND', { destination: `/queue/${requests.name}`, 'reply-to': form }, '{}');
    return (await inbox.atLeast(1))[0]!.message.replyTo;
  }

  test('reads /queue/ and /topic/ in reply-to, and leaves what another client made to the broker', async () => {
    expect(await replyToOf('/queue/Reply Queue')).to.deep.equal(queue('Reply Queue'));
    expect(await replyToOf('/topic/a.b')).to.deep.equal({ kind: 'topic', name: 'a.b' });
    for (const form of ['/amq/queue/x', '/exchange/amq.topic/a.b', '/reply-queue/amq.gen-x']) {
      expect(await replyToOf(form)).to.deep.equal({ kind: 'opaque', name: form });
    }
    // As an AMQP client means it: the queue of that name, which it has made.
    const plain = { kind: 'opaque', name: '/reply-queue/Reply Queue' };
    expect(await replyToOf('Reply Queue')).to.deep.equal(plain);
  });

  test('answers where a plain name, /amq/queue/ and /exchange/ want the reply', async () => {
    const { channel } = await bench.connect();
    const name = `answers ${randomUUID()}`;
    const client = await bench.raw();
    await client.confirmed('SUBSCRIBE', { id: '1', destination: `/queue/${name}`, ack: 'auto' });
    await client.confirmed('SUBSCRIBE', { id: '2', destination: `/topic/${name}`, ack: 'auto' });
    for (const form of [name, `/amq/queue/${name}`, `/exchange/amq.topic/${name}`, `/topic/${name}`]) {
      const replyTo = await replyToOf(form);
      const reply = newMessage({ correlationId: 'c' });
      await channel.send(replyTo!, reply);
      const { headers } = await client.take('MESSAGE', { 'Message-ID': reply.messageId });
      expect(headers['subscription'], form).to.equal(form.includes('topic') ? '2' : '1');
    }
  });

  test('answers to a temporary queue; once its connection is gone, what is confirmed for it is lost', async () => {
    const messaging = await bench.connect();
    const requests = uniqueQueue('requests');
    const inbox = await bench.inbox(messaging, requests);
    const client = await bench.raw();
    const asking = { destination: `/queue/${requests.name}`, 'reply-to': '/temp-queue/answers' };
    await client.confirmed('SEND', asking, '{}');
    const { replyTo } = (await inbox.atLeast(1))[0]!.message;
    expect(replyTo!.name).to.match(/^\/reply-queue\/amq\.gen-/u);
    const reply = newMessage({ correlationId: 'c' });
    await messaging.channel.send(replyTo!, reply);
    await client.take('MESSAGE', { 'Message-ID': reply.messageId });

    client.destroy();
    await client.closed;
    await messaging.channel.send(replyTo!, newMessage({ correlationId: 'c' }));
  });
}

function refusalCases(test: Case, bench: Bench, transport: Transport): void {
  const says =
    transport === 'tcp'
      ? /PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue/u
      : // Over WebSocket it says nothing of an error that ends the connection.
        /ended the connection 3 times while this message .* its log says why/u;

  test('rejects with SEND_REFUSED every send to a queue that has other arguments, says so, and sends the rest', async () => {
    const messaging = await bench.connect();
    const quorum = uniqueQueue('quorum');
    const owner = await bench.raw();
    await owner.confirmed('SEND', {
      destination: `/queue/${quorum.name}`,
      'x-queue-type': 'quorum',
      persistent: 'true',
    });
    const destination = uniqueQueue('innocent');
    const messages = Array.from({ length: 40 }, () => newMessage());
    const refused = [10, 20, 30].map(() => newMessage());
    const [outcomes, errors] = await Promise.all([
      Promise.all(messages.map((message) => sendUntilJudged(messaging.channel, destination, message))),
      Promise.all(refused.map((message) => sendUntilJudged(messaging.channel, quorum, message))),
    ]);
    expect(new Set(outcomes)).to.deep.equal(new Set([null]));
    for (const error of errors) {
      expect(error).to.include({ code: 'SEND_REFUSED', retryable: false });
      expect(error!.message).to.match(says);
    }
  });

  test('finds the one send that it refuses without naming anything', async () => {
    const messaging = await bench.connect();
    const destination = uniqueQueue();
    // Nobody but a stranger writes such an address, and it passes through a request unread.
    const bad = newMessage({ replyTo: { kind: 'opaque', name: 'queue://refused' } });
    const good = Array.from({ length: 100 }, () => newMessage());
    const sends = good.map((message) => messaging.channel.send(destination, message));
    const failing = failureOf(messaging.channel.send(destination, bad));
    sends.push(...Array.from({ length: 100 }, () => messaging.channel.send(destination, newMessage())));
    const error = await failing;
    expect(error).to.include({ code: 'SEND_REFUSED', destination: `/queue/${destination.name}` });
    expect(error.message).to.contain('Processing error');
    await Promise.all(sends);
    const inbox = await bench.inbox(messaging, destination);
    await inbox.atLeast(200);
    expect(inbox.ids()).to.not.include(bad.messageId);
  });
}
