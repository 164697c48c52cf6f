import { expect } from 'chai';
import { queue } from '#core/destination.js';
import { newMessage, uniqueQueue } from '../../support/messages.js';
import type { Bench } from './bench.js';
import type { Case } from './case.js';

/** What a client sees that speaks nothing but STOMP, and what it may send. */
export function wireCases(test: Case, bench: Bench): void {
  test('shows a STOMP service a request it can answer: reply-to, and the message id as correlation id', async () => {
    const { channel } = await bench.connect();
    const requests = uniqueQueue('requests');
    const service = await bench.raw();
    await service.subscribe(requests.name);
    const replyTo = uniqueQueue('replies');
    const properties = { project: 'payments', deadlineMs: 60_000, attempt: 1 };
    const request = newMessage({ replyTo, properties, applicationHeaders: { 'x-tenant': 'a:b' } });
    await channel.send(requests, request);

    const { headers, body } = await service.take('MESSAGE');
    expect(headers).to.include({
      destination: service.address(requests.name),
      'Message-ID': request.messageId,
      'correlation-id': request.messageId,
      'reply-to': service.address(replyTo.name),
      Time: '1552959300136',
      'content-type': 'application/json',
      Project: 'payments',
      'Deadline-Ms': '60000',
      Attempt: '1',
      'x-tenant': 'a:b',
    });
    expect(headers).to.not.have.any.keys('Correl-ID', 'transaction', 'Fault', '_AMQ_DUPL_ID');
    expect(body.equals(request.body)).to.equal(true);
  });

  test('shows a STOMP service nothing of the receipt that was asked for', async () => {
    const { channel } = await bench.connect();
    const requests = uniqueQueue('requests');
    const service = await bench.raw();
    await service.subscribe(requests.name);
    await channel.send(requests, newMessage());
    expect((await service.take('MESSAGE')).headers).not.to.have.property('receipt');
  });

  test('shows a STOMP client a reply: both names of the correlation id, no reply-to', async () => {
    const { channel } = await bench.connect();
    const replies = uniqueQueue('replies');
    const client = await bench.raw();
    await client.subscribe(replies.name);
    const reply = newMessage({ correlationId: 'request-1', properties: { fault: true } });
    await channel.send(replies, reply);

    const { headers } = await client.take('MESSAGE');
    expect(headers).to.include({
      'Message-ID': reply.messageId,
      'correlation-id': 'request-1',
      'Correl-ID': 'request-1',
      Fault: 'true',
    });
    expect(headers).to.not.have.property('reply-to');
  });

  test('receives the reply of a service that copies nothing but the correlation id', async () => {
    const messaging = await bench.connect();
    const [requests, replies] = [uniqueQueue('requests'), uniqueQueue('replies')];
    const inbox = await bench.inbox(messaging, replies);
    const service = await bench.raw();
    await service.subscribe(requests.name);
    const request = newMessage({ replyTo: replies });
    await messaging.channel.send(requests, request);
    const { headers } = await service.take('MESSAGE');
    const answer = { destination: headers['reply-to']!, 'correlation-id': headers['correlation-id']! };
    await service.confirmed('SEND', answer, 'done');

    const [delivery] = await inbox.atLeast(1);
    const { message, brokerId } = delivery!;
    expect(message).to.include({ correlationId: request.messageId, replyTo: null, contentType: null });
    expect(message.messageId).to.equal(brokerId!.value);
    expect(Buffer.from(message.body).toString()).to.equal('done');
  });

  test('reads a correlation id under either name, and keeps a second one that differs', async () => {
    const messaging = await bench.connect();
    const replies = uniqueQueue('replies');
    const inbox = await bench.inbox(messaging, replies);
    const service = await bench.raw();
    await service.send(replies.name, { 'Correl-ID': 'a' }, '1');
    await service.send(replies.name, { 'correlation-id': 'b', 'Correl-ID': 'c' }, '2');
    const messages = (await inbox.atLeast(2)).map(({ message }) => message);
    expect(messages.map(({ correlationId }) => correlationId)).to.deep.equal(['a', 'b']);
    expect(messages.map(({ properties }) => properties.otherCorrelationId)).to.deep.equal([undefined, 'c']);
  });

  test('reads every form of a reply address that a STOMP or JMS client writes', async () => {
    const messaging = await bench.connect();
    const requests = uniqueQueue('requests');
    const inbox = await bench.inbox(messaging, requests);
    const client = await bench.raw();
    const forms = client.replyForms('Reply Queue');
    for (const form of forms) await client.send(requests.name, { 'reply-to': form }, '{}');
    const read = (await inbox.atLeast(forms.length)).map(({ message }) => message.replyTo);
    expect(read).to.deep.equal(forms.map(() => queue('Reply Queue')));
  });

  test('delivers a foreign message that has none of our headers', async () => {
    const messaging = await bench.connect();
    const destination = uniqueQueue();
    const inbox = await bench.inbox(messaging, destination);
    const before = Date.now();
    const stranger = await bench.raw();
    await stranger.send(destination.name, {}, Buffer.from([0, 0xff, 0]));

    const [delivery] = await inbox.atLeast(1);
    const { message, headers, brokerId } = delivery!;
    expect(message).to.deep.include({
      messageId: brokerId!.value,
      correlationId: null,
      replyTo: null,
      contentType: null,
      applicationHeaders: {},
    });
    expect(message.time).to.be.within(before - 60_000, Date.now() + 60_000);
    expect([...message.body]).to.deep.equal([0, 0xff, 0]);
    expect(headers['destination']).to.equal(stranger.toQueue(destination.name)['destination']);
  });

  test('delivers a foreign message whose headers make no sense, and goes on', async () => {
    const messaging = await bench.connect();
    const destination = uniqueQueue();
    const inbox = await bench.inbox(messaging, destination);
    const stranger = await bench.raw();
    const nonsense = {
      'Message-ID': 'no id / with ? signs',
      Time: 'yesterday',
      'Deadline-Ms': 'soon',
      'Expires-At': '1e99',
      Attempt: '-x',
      Resend: '99999999999999999999',
      Fault: 'perhaps',
      'Content-Digest': 'md5=:x:',
      traceparent: 'zz',
      'correlation-id': '',
      'content-type': 'a/b/c; d',
      'x-note': 'still here',
      'Ünïcode-Header': 'ü',
    };
    await stranger.send(destination.name, nonsense, Buffer.from('{"half":'));
    const ours = newMessage();
    await messaging.channel.send(destination, ours);

    // Two connections sent: no broker promises the order of what they sent.
    const received = await inbox.atLeast(2);
    const foreign = received.find(({ message }) => message.messageId !== ours.messageId);
    expect(received.map(({ message }) => message.messageId)).to.include(ours.messageId);
    expect(foreign!.headers['Time']).to.equal('yesterday');
    const { messageId, correlationId, properties, applicationHeaders, body } = foreign!.message;
    expect(messageId).to.equal(foreign!.brokerId!.value);
    expect(correlationId).to.equal(null);
    expect(properties).to.not.have.any.keys('deadlineMs', 'expiresAt', 'attempt', 'resend', 'fault');
    expect(applicationHeaders).to.deep.equal({ 'x-note': 'still here' });
    expect(Buffer.from(body).toString()).to.equal('{"half":');
  });
}
