/** What becomes of sends on a broker whose ERRORs name no frame, or that ends the connection without one. */
import { expect } from 'chai';
import type { StompConnection } from '#adapters/stomp/stomp-connection.js';
import { queue } from '#core/destination.js';
import type { ReplytoError } from '#core/errors.js';
import type { Message } from '#core/message.js';
import { failureOf } from '../../../support/errors.js';
import type { FakeStompConnection } from '../../../support/fake-stomp-server.js';
import { newMessage } from '../../../support/messages.js';
import { sendUntilJudged } from '../../../support/send-until-judged.js';
import { until } from '../../../support/until.js';
import { stompBench } from './stomp-bench.js';

const frameTo = (address: string): Parameters<StompConnection['send']>[0] => ({
  ...{ address, headers: {}, body: Buffer.from('body'), asText: false },
});

/** An ERROR as RabbitMQ writes it. */
function refuse(server: FakeStompConnection, kind: string, text: string): void {
  server.send('ERROR', { message: kind, 'content-type': 'text/plain', version: '1.0,1.1,1.2' }, text);
}

describe('an ERROR of RabbitMQ, which names no frame', () => {
  const bench = stompBench({ name: 'RabbitMQ/3.10.8' });

  async function connected(): Promise<[StompConnection, FakeStompConnection]> {
    bench.server.holdReceipts(true);
    return await bench.connect();
  }

  it('refuses the only send there is, in the words of its body, and leaves the connection open', async () => {
    const [connection, server] = await connected();
    const failing = failureOf(connection.send(frameTo('/queue/q')));
    await server.frame('SEND');
    refuse(server, 'Invalid header', "'message-id' is not allowed on 'SEND'.\n");
    expect(await failing).to.include({
      ...{ code: 'SEND_REFUSED', destination: '/queue/q' },
      message: `${bench.server.url} refused the frame: Invalid header: 'message-id' is not allowed on 'SEND'.`,
    });
    expect([connection.isOpen(), connection.unconfirmed]).to.deep.equal([true, 0]);
  });

  it('refuses the oldest of those that it quotes', async () => {
    const [connection, server] = await connected();
    const waits = ['/queue/q', '/queue/a/b', '/queue/a/b'].map((address) =>
      connection.send(frameTo(address)),
    );
    const failing = failureOf(waits[1]!);
    await server.frame('SEND', 3);
    refuse(server, 'Invalid destination', "'/queue/a/b' is not a valid queue destination\n");
    expect((await failing).code).to.equal('SEND_REFUSED');
    for (const frame of server.framesOf('SEND')) server.confirm(frame);
    await Promise.all([waits[0], waits[2]]);
  });

  it('refuses the one that is left when the others of that moment are confirmed, and no later one', async () => {
    const [connection, server] = await connected();
    const waits = ['1', '2', '3'].map((name) => connection.send(frameTo(`/queue/${name}`)));
    const failing = failureOf(waits[1]!);
    await server.frame('SEND', 3);
    refuse(server, 'Processing error', 'Processing error');
    await until(() => !connection.isCongested, { what: 'an open connection' });
    const later = connection.send(frameTo('/queue/later'));
    const sent = [...server.framesOf('SEND')];
    server.confirm(await server.frame('SEND', 4));
    await later;
    server.confirm(sent[0]!);
    expect(connection.unconfirmed).to.be.at.least(2);
    server.confirm(sent[2]!);
    await Promise.all([waits[0], waits[2]]);
    expect(await failing).to.include({ code: 'SEND_REFUSED', destination: '/queue/2' });
    expect(connection.isOpen()).to.equal(true);
  });

  it('finds two of them', async () => {
    const [connection, server] = await connected();
    const waits = ['1', '2', '3'].map((name) => connection.send(frameTo(`/queue/${name}`)));
    const failing = [failureOf(waits[0]!), failureOf(waits[2]!)];
    await server.frame('SEND', 3);
    refuse(server, 'Processing error', 'Processing error');
    refuse(server, 'Processing error', 'Processing error');
    server.confirm(server.framesOf('SEND')[1]!);
    const codes = (await Promise.all(failing)).map(({ code }) => code);
    expect(codes).to.deep.equal(['SEND_REFUSED', 'SEND_REFUSED']);
    await waits[1];
  });

  it('of AMQP refuses the send to the queue that it names, and ends the connection for the others', async () => {
    const [connection, server] = await connected();
    const failing = ['q', 'Reply Queue'].map((name) => failureOf(connection.send(frameTo(`/queue/${name}`))));
    await server.frame('SEND', 2);
    const text = "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'Reply Queue' in vhost '/'";
    refuse(server, 'precondition_failed', text);
    const [other, refused] = await Promise.all(failing);
    expect(refused).to.include({ code: 'SEND_REFUSED', destination: '/queue/Reply Queue' });
    expect(refused!.message).to.equal(`${bench.server.url} refused the frame: ${text}`);
    expect(other!.code).to.equal('SEND_UNCONFIRMED');
    expect((await connection.ended).message).to.contain('PRECONDITION_FAILED');
  });

  it('about the connection refuses nothing, not even the only send there is', async () => {
    for (const [kind, text] of [
      ['connection_forced', "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'"],
      ['Credential expired', 'The credential used to authenticate this connection has expired'],
    ] as const) {
      const [connection, server] = await connected();
      const failing = failureOf(connection.send(frameTo('/queue/q')));
      await server.frame('SEND');
      refuse(server, kind, text);
      expect((await failing).code, kind).to.equal('SEND_UNCONFIRMED');
      await connection.ended;
    }
  });

  it('when a queue was deleted ends the connection, so that the subscription is made again', async () => {
    const [connection, server] = await bench.connect();
    await connection.subscribe('/queue/q', { mode: 'client-individual', headers: {} }, () => undefined);
    refuse(server, 'Server cancelled subscription', "The server has canceled a subscription.\n'T_sub-0'\n");
    expect((await connection.ended).message).to.contain('Server cancelled subscription');
  });

  it('says that the message is larger than the broker takes', async () => {
    const [connection, server] = await connected();
    const failing = failureOf(connection.send(frameTo('/queue/q')));
    await server.frame('SEND');
    const text = 'PRECONDITION_FAILED - message size 134217729 is larger than configured max size 134217728';
    refuse(server, 'precondition_failed', text);
    expect((await failing).code).to.equal('INVALID_ARGUMENT');
  });
});

describe('a connection of RabbitMQ that ends without a word', () => {
  const bench = stompBench({ name: 'RabbitMQ/4.3.5' });
  const guilty = (frame: { readonly headers: ReadonlyMap<string, string> }): boolean =>
    frame.headers.get('Message-ID')?.startsWith('guilty') === true;

  const judge = (message: Message): Promise<ReplytoError | null> =>
    sendUntilJudged(broker.channel, queue('q'), message);

  let broker: Awaited<ReturnType<typeof bench.started>>[0];
  beforeEach(async () => {
    [broker] = await bench.started({ random: () => 0 });
    bench.server.rule((frame, connection) => {
      if (frame.command !== 'SEND' || !guilty(frame)) return 'default';
      connection.destroy();
      return 'handled';
    });
  });

  it('refuses the message that ends one after the other, alone, and sends all others', async () => {
    const messages = Array.from({ length: 20 }, (_, index) =>
      newMessage(index === 7 ? { messageId: 'guilty' } : {}),
    );
    const errors = await Promise.all(messages.map(judge));
    expect(errors.filter((error) => error !== null)).to.have.length(1);
    expect(errors[7]!.code).to.equal('SEND_REFUSED');
    expect(errors[7]!.message).to.match(
      /^RabbitMQ\/4\.3\.5 ended the connection 3 times while this message of 17 bytes alone/u,
    );
    // It goes alone from now on, and needs one connection to be refused again.
    await until(() => broker.channel.isUp(), { what: 'the next connection' });
    const before = bench.server.connections.length;
    const [again, innocent] = await Promise.all([judge(messages[7]!), judge(newMessage())]);
    expect([again!.code, innocent]).to.deep.equal(['SEND_REFUSED', null]);
    expect(bench.server.connections.length - before).to.be.at.most(1);
  });

  it('takes one that is larger than its frames may usually be for too large', async () => {
    const body = Buffer.alloc(4 * 1024 * 1024);
    const error = await judge(newMessage({ messageId: 'guilty', body }));
    expect(error!.code).to.equal('INVALID_ARGUMENT');
    expect(error!.message).to.contain('raise stomp.max_frame_size');
  });

  it('refuses nothing when the broker dies three times under a message, and then takes it', async () => {
    let deaths = 0;
    bench.server.rule((frame, connection) => {
      if (frame.command !== 'SEND' || !guilty(frame) || (deaths += 1) > 3) return 'default';
      connection.destroy();
      return 'handled';
    });
    expect(await judge(newMessage({ messageId: 'guilty' }))).to.equal(null);
    expect(deaths).to.equal(4);
  });
});
