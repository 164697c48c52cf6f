// Records what STOMP clients and brokers say to each other, as seed of the fuzzing in test/fuzz: the client library by
// itself, our own adapter, and clients by hand in the ways of other languages; with the embedded broker, and with
// ActiveMQ Classic where there is one. Writes test/fuzz/traffic.json.
import { writeFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Client } from '@stomp/stompjs';
import { createEmbeddedBroker } from '#adapters/broker/embedded-broker.js';
import { createStompBroker } from '#adapters/stomp/broker.js';
import { systemClock } from '#app/system-clock.js';
import { queue, topic } from '#core/destination.js';
import { silentLogger } from '#core/ports/logger.js';
import { wrapTcpSocket } from '#adapters/stomp/tcp-socket.js';
import { provisionClassic } from '../test/support/activemq.js';
import { newMessage } from '../test/support/messages.js';
import { openRawStomp } from '../test/support/raw-stomp.js';
import { until } from '../test/support/until.js';

interface Conversation {
  /** Broker and client. */
  readonly name: string;
  /** Bytes of the client, one in each character. */
  client: string;
  broker: string;
}

const conversations: Conversation[] = [];

/** A proxy that keeps what goes through it; each connection is one conversation. */
async function startRecorder(
  port: number,
  broker: string,
): Promise<{ port: number; record(name: string): void; stop(): void }> {
  let current = '';
  const server = createServer((client) => {
    const conversation: Conversation = { name: `${broker}: ${current}`, client: '', broker: '' };
    conversations.push(conversation);
    const target = connect(port, '127.0.0.1');
    client.on('data', (bytes) => {
      conversation.client += bytes.toString('latin1');
      target.write(bytes);
    });
    target.on('data', (bytes) => {
      conversation.broker += bytes.toString('latin1');
      client.write(bytes);
    });
    for (const [one, other] of [
      [client, target],
      [target, client],
    ] as const) {
      one
        .on('error', () => other.destroy())
        .on('end', () => other.end())
        .on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    record: (name) => void (current = name),
    stop: () => void server.close(),
  };
}

async function stompjs(port: number): Promise<void> {
  let received = 0;
  let news = 0;
  const client = new Client({
    reconnectDelay: 0,
    heartbeatIncoming: 0,
    heartbeatOutgoing: 0,
    webSocketFactory: () => wrapTcpSocket(connect(port, '127.0.0.1'), 'connect', 'recorder'),
  });
  client.activate();
  await until(() => client.connected, { what: 'the connection' });
  client.subscribe(
    '/queue/fuzz.stompjs',
    (message) => {
      received += 1;
      if (received === 2) message.nack();
      else if (received === 3) message.ack({ transaction: 'taken' });
      else message.ack();
    },
    { ack: 'client-individual', receipt: 'subscribed' },
  );
  client.subscribe('/topic/fuzz', () => (news += 1));
  const begun = client.begin('taken');
  for (let count = 0; count < 4; count += 1) {
    const headers = { persistent: 'true', receipt: `sent-${count}`, 'x-colon': 'a:b\\c' };
    client.publish({ destination: '/queue/fuzz.stompjs', body: `{"count":${count}}`, headers });
  }
  await until(() => received >= 4, { what: 'the messages' });
  client.publish({ destination: '/queue/fuzz.other', body: 'in it', headers: { transaction: begun.id } });
  begun.commit();
  const other = client.begin('left');
  client.publish({ destination: '/queue/fuzz.other', body: 'not', headers: { transaction: other.id } });
  other.abort();
  client.publish({
    destination: '/topic/fuzz',
    binaryBody: Uint8Array.of(0, 1, 2, 255),
    headers: { receipt: 'news' },
  });
  await until(() => news === 1, { what: 'the news' });
  client.unsubscribe('sub-0');
  await client.deactivate();
}

async function ownAdapter(port: number): Promise<void> {
  const broker = createStompBroker({
    ...{ url: `stomp://127.0.0.1:${port}`, clock: systemClock, logger: silentLogger },
    ...{ sendConnections: 1, heartbeatMs: 0 },
  });
  await broker.start();
  const requests = queue('fuzz.requests');
  let received = 0;
  const onDelivery = (delivery: { acknowledge(): boolean }): void => {
    received += 1;
    delivery.acknowledge();
  };
  await broker.source.subscribe(requests, { prefetch: 10, onDelivery });
  await broker.source.subscribe(topic('fuzz.events'), { prefetch: 10, onDelivery });
  const properties = {
    project: 'fuzz',
    deadlineMs: 5_000,
    expiresAt: 1_552_959_305_136,
    attempt: 1,
    storeId: 's',
  };
  await broker.channel.send(requests, newMessage({ replyTo: queue('fuzz.replies'), properties }));
  await broker.channel.send(requests, newMessage({ correlationId: 'one', properties: { fault: true } }));
  await broker.channel.send(
    requests,
    newMessage({ contentType: 'image/png', body: Buffer.from([137, 80, 0, 255]) }),
  );
  await broker.channel.send(
    requests,
    newMessage({ body: Buffer.alloc(3_000, 'grün '), applicationHeaders: { 'x-a': '1' } }),
  );
  await broker.channel.publish(topic('fuzz.events'), newMessage());
  await until(() => received >= 5, { what: 'the messages' });
  await broker.stop(2_000);
}

/** As stomp.py writes: 1.1, acknowledgement by message id. */
async function python(port: number): Promise<void> {
  const client = await openRawStomp(port);
  client.write('STOMP\naccept-version:1.1\nclient-id:python\nheart-beat:0,0\nhost:localhost\n\n\0');
  await client.take('CONNECTED');
  client.write('SUBSCRIBE\nack:client\ndestination:/queue/fuzz.python\nid:1\n\n\0');
  client.write('SUBSCRIBE\nack:auto\nactivemq.subscriptionName:fuzz\ndestination:/topic/fuzz\nid:2\n\n\0');
  for (const body of ['one', 'two', 'three']) {
    client.write(
      `SEND\ncontent-length:${body.length}\ndestination:/queue/fuzz.python\nheader:a\\cb\n\n${body}\0`,
    );
  }
  const messages = await client.messages(3);
  client.write('\n');
  for (const [command, message] of [
    ['ACK', messages[0]],
    ['NACK', messages[2]],
  ] as const) {
    client.write(`${command}\nmessage-id:${message?.headers['message-id']}\nsubscription:1\n\n\0`);
  }
  client.write('UNSUBSCRIBE\nid:2\n\n\0DISCONNECT\nreceipt:bye\n\n\0');
  await client.take('RECEIPT');
  client.destroy();
}

/** As telnet and Windows write: CRLF, a body without length. */
async function byHand(port: number): Promise<void> {
  const client = await openRawStomp(port);
  client.write('CONNECT\r\naccept-version:1.2\r\nhost:localhost\r\n\r\n\0\r\n');
  await client.take('CONNECTED');
  client.write('SUBSCRIBE\r\nid:a\r\ndestination:/queue/fuzz.hand\r\nack:client\r\n\r\n\0\r\n');
  client.write('SEND\r\ndestination:/queue/fuzz.hand\r\nreply-to:/queue/fuzz.replies\r\n\r\nhello\r\n\0\r\n');
  const [message] = await client.messages(1);
  client.write('BEGIN\ntransaction:t\n\n\0');
  client.write(
    `ACK\nid:${message?.headers['ack']}\ntransaction:t\n\n\0COMMIT\ntransaction:t\nreceipt:c\n\n\0`,
  );
  await client.take('RECEIPT');
  client.write('SEND\n\nno destination\0SEND\nreceipt:r\ndestination:/temp-queue/x\n\n\0');
  await client.take('ERROR');
  client.destroy();
}

async function recordAll(broker: string, port: number): Promise<void> {
  const recorder = await startRecorder(port, broker);
  for (const [name, talk] of Object.entries({
    stompjs,
    'our adapter': ownAdapter,
    python,
    'by hand': byHand,
  })) {
    recorder.record(name);
    await talk(recorder.port);
  }
  recorder.stop();
}

/** Ids that are made anew for each connection become placeholders; the name of the machine is nobody's business. */
function neutral(conversation: Conversation): Conversation {
  const session = /\nsession:(.*)\n/u.exec(conversation.broker)?.[1];
  const machine = new RegExp(`(?<=ID(?:\\\\c|:))${hostname()}-`, 'gu');
  const clean = (text: string): string =>
    (session === undefined ? text : text.replaceAll(session, '{session}')).replace(machine, 'localhost-');
  return { ...conversation, client: clean(conversation.client), broker: clean(conversation.broker) };
}

const embedded = createEmbeddedBroker({ path: ':memory:', clock: systemClock, port: 0 });
await recordAll('embedded', (await embedded.start()).port);
await embedded.stop(1_000);
const classic = await provisionClassic();
if ('unavailable' in classic) throw new Error(`no ActiveMQ Classic: ${classic.unavailable}`);
try {
  await recordAll('classic', Number(new URL(classic.url).port));
} finally {
  await classic.stop();
}
const file = join(import.meta.dirname, '../test/fuzz/traffic.json');
writeFileSync(file, `${JSON.stringify(conversations.map(neutral), null, 2)}\n`);
console.log(`${conversations.length} conversations recorded`);
process.exit(0);
