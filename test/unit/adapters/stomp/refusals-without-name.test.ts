/** What becomes of sends on a broker whose ERRORs name no frame, or that ends the connection without one. */
import { expect } from 'chai';
import type { StompBroker } from '#adapters/stomp/broker.js';
import { rabbitmqDialect } from '#adapters/stomp/dialects/rabbitmq.js';
import type { StompConnection } from '#adapters/stomp/stomp-connection.js';
import { createSuspects } from '#adapters/stomp/suspects.js';
import type { Frame } from '#adapters/stomp-server/frame.js';
import { queue } from '#core/destination.js';
import { ReplytoError } from '#core/errors.js';
import type { Message } from '#core/message.js';
import { failureOf } from '../../../support/errors.js';
import type { FakeStompConnection } from '../../../support/fake-stomp-server.js';
import { happens } from '../../../support/happens.js';
import { hurriedClock } from '../../../support/hurried-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { newMessage } from '../../../support/messages.js';
import { sendUntilJudged } from '../../../support/send-until-judged.js';
import { until, within } from '../../../support/until.js';
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
  const guilty = (frame: Pick<Frame, 'command' | 'headers'>): boolean =>
    frame.command === 'SEND' && frame.headers.get('Message-ID')?.startsWith('guilty') === true;

  const judge = (message: Message, to = queue('q')): Promise<ReplytoError | null> =>
    sendUntilJudged(broker.channel, to, message);

  const innocents = (count: number): Message[] => Array.from({ length: count }, () => newMessage());

  let broker: StompBroker;
  beforeEach(async () => {
    const clock = hurriedClock(20);
    [broker] = await bench.started({ clock, receiptTimeoutMs: 60_000, sendConnections: 2, random: () => 0 });
    bench.server.rule((frame, connection) => {
      if (!guilty(frame)) return 'default';
      connection.destroy();
      return 'handled';
    });
  });

  happens(
    'Surroundings',
    'RabbitMQ ends the connection on which one message goes, without a word, and keeps its others',
    'the message is found by sending it alone, and is refused after three ends; all others arrive',
    async () => {
      const messages = innocents(20);
      messages[7] = newMessage({ messageId: 'guilty' });
      const errors = await Promise.all(messages.map((message) => judge(message)));
      expect(errors.filter((error) => error !== null)).to.have.length(1);
      expect(errors[7]!.code).to.equal('SEND_REFUSED');
      expect(errors[7]!.message).to.match(
        /^RabbitMQ\/4\.3\.5 ended the connection 3 times while this message of 17 bytes alone/u,
      );
      // It is tried apart from now on, and needs one connection to be refused again.
      const before = bench.server.connections.length;
      const [again, innocent] = await Promise.all([judge(messages[7]), judge(newMessage())]);
      expect([again!.code, innocent]).to.deep.equal(['SEND_REFUSED', null]);
      expect(bench.server.connections.length - before).to.be.at.most(2);
    },
  );

  it('refuses every one of several that end it with an ERROR which quotes none of them', async () => {
    const refused = new Set<FakeStompConnection>();
    bench.server.rule((frame, connection) => {
      if (frame.command !== 'SEND') return 'default';
      if (refused.has(connection)) return 'handled';
      refused.add(connection);
      setImmediate(() => {
        refuse(connection, 'access_refused', "ACCESS_REFUSED - access to exchange 'amq.default' refused");
        connection.end();
      });
      return 'handled';
    });
    const errors = await Promise.all(innocents(5).map((message) => judge(message)));
    expect(errors.map((error) => error?.code)).to.deep.equal(Array(5).fill('SEND_REFUSED'));
  });

  it('finds it among hundreds by halves, and two at the same time', async () => {
    const messages = innocents(400);
    messages[7] = newMessage({ messageId: 'guilty-1' });
    messages[300] = newMessage({ messageId: 'guilty-2' });
    const errors = await within(Promise.all(messages.map((message) => judge(message))), {
      what: 'the end of all sends',
    });
    const codes = errors.map((error) => error?.code ?? null);
    expect(new Set(codes.filter((_, index) => index !== 7 && index !== 300))).to.deep.equal(new Set([null]));
    expect([codes[7], codes[300]]).to.deep.equal(['SEND_REFUSED', 'SEND_REFUSED']);
    expect(bench.server.connections.length).to.be.lessThan(50);
  });

  it('says of one that is larger than its frames may usually be that it is too large, and gives it other chances', async () => {
    const body = Buffer.alloc(4 * 1024 * 1024);
    const error = await judge(newMessage({ messageId: 'guilty', body }));
    expect(error!.code).to.equal('SEND_REFUSED');
    expect(error!.message).to.contain('unless stomp.max_frame_size is raised');
  });

  it('refuses nothing when the connection ends three times under a message, and then it is taken', async () => {
    let deaths = 0;
    bench.server.rule((frame, connection) => {
      if (!guilty(frame) || (deaths += 1) > 3) return 'default';
      connection.destroy();
      return 'handled';
    });
    expect(await judge(newMessage({ messageId: 'guilty' }))).to.equal(null);
    expect(deaths).to.equal(4);
  });

  it('forgets after a while that it ended connections', () => {
    const clock = createManualClock();
    const suspects = createSuspects(clock);
    const message = newMessage();
    const loss = { size: 1, wasTrial: true, error: new ReplytoError('SEND_UNCONFIRMED') };
    const dialect = { dialect: rabbitmqDialect, server: 'RabbitMQ/4.3.5', version: '4.3.5' };
    const blame = (): string => suspects.blame(message, queue('q'), { ...loss, broker: dialect }).code;
    expect([blame(), blame()]).to.deep.equal(['SEND_UNCONFIRMED', 'SEND_UNCONFIRMED']);
    clock.advance(15 * 60_000);
    expect(suspects.has(message, queue('q'))).to.equal(false);
    expect([blame(), blame(), blame()]).to.deep.equal([
      ...['SEND_UNCONFIRMED', 'SEND_UNCONFIRMED'],
      'SEND_REFUSED',
    ]);
  });

  happens(
    'Surroundings',
    'RabbitMQ dies again and again, whatever it is sent, while a message is under way',
    'the message is sent again until it is taken: what ends all connections is held against none, however large it is',
    async () => {
      for (const size of [10, 5 * 1024 * 1024]) {
        let deaths = 0;
        bench.server.rule((frame) => {
          if (frame.command !== 'SEND' || (deaths += 1) > 8) return 'default';
          for (const each of bench.server.open()) each.destroy();
          return 'handled';
        });
        expect(await judge(newMessage({ body: Buffer.alloc(size) }))).to.equal(null);
        expect(deaths).to.equal(9);
      }
    },
  );

  it('does not make what was under way on it go one by one when the broker is back', async () => {
    let isDown = true;
    const held: (() => void)[] = [];
    let mostHeld = 0;
    bench.server.rule((frame, connection) => {
      if (frame.command !== 'SEND') return 'default';
      if (isDown) return 'handled';
      mostHeld = Math.max(
        mostHeld,
        held.push(() => connection.confirm(frame)),
      );
      setTimeout(() => held.shift()!(), 50);
      return 'handled';
    });
    const sending = Promise.all(
      innocents(400).map((message, index) => judge(message, queue(`q${index % 8}`))),
    );
    await bench.server.connections[0]!.frame('SEND', 200);
    await bench.server.connections[1]!.frame('SEND', 200);
    isDown = false;
    for (const connection of bench.server.open()) connection.destroy();
    expect(new Set(await sending)).to.deep.equal(new Set([null]));
    expect(mostHeld, 'sends under way at the same time').to.be.greaterThan(50);
  });

  it('holds nothing against what shared a connection with a receipt that is missing', async () => {
    bench.server.rule((frame) =>
      frame.headers.get('destination') === '/queue/full' ? 'handled' : 'default',
    );
    [broker] = await bench.started({ receiptTimeoutMs: 200, sendConnections: 1 });
    bench.server.holdReceipts(true);
    const full = failureOf(broker.channel.send(queue('full'), newMessage()));
    await bench.server.connections.at(-1)!.frame('SEND');
    const before = bench.server.connections.length;
    const message = newMessage();
    const around = failureOf(broker.channel.send(queue('q'), message));
    expect((await full).code).to.equal('RECEIPT_TIMEOUT');
    expect((await around).code).to.equal('SEND_UNCONFIRMED');
    bench.server.holdReceipts(false);
    expect(await judge(message)).to.equal(null);
    // The one that came back, and the one apart for the queue that is full: none for suspects.
    expect(bench.server.connections.length - before).to.equal(2);
  });
});
