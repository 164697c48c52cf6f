/** What a JMS service gets, and what comes back of what it answers. */
import { expect } from 'chai';
import type { Destination } from '#core/destination.js';
import type { Message, ReplyToStyle } from '#core/message.js';
import type { ProvisionedBroker } from '../support/brokers.js';
import type { JmsClient } from '../support/jms-service.js';
import { startJmsService } from '../support/jms-service.js';
import { newMessage, uniqueQueue } from '../support/messages.js';
import type { RunningProcess } from '../support/process.js';
import { skip } from '../support/skip.js';
import { until } from '../support/until.js';
import { createBench } from './messaging/bench.js';
import { connectStomp } from './stomp-messaging.js';

const textBodies: Readonly<Record<string, Pick<Message, 'contentType' | 'body'>>> = {
  'a JSON body': { contentType: 'application/json', body: Buffer.from('{"price":12.5,"city":"Zürich"}') },
  'a JSON body of a registered type': {
    contentType: 'application/problem+json; charset=utf-8',
    body: Buffer.from('{"title":"no"}'),
  },
  'an XML body': { contentType: 'application/xml', body: Buffer.from('<order id="1">é</order>') },
  'a plain text': { contentType: 'text/plain', body: Buffer.from('Καλημέρα, 你好, 🚀') },
};

const byteBodies: Readonly<Record<string, Pick<Message, 'contentType' | 'body'>>> = {
  'a latin-1 text': {
    contentType: 'text/plain; charset=iso-8859-1',
    body: Buffer.from('Grüße', 'latin1'),
  },
  'a text with NUL': { contentType: 'text/plain', body: Buffer.from('before\0after') },
  'a picture': { contentType: 'image/png', body: Buffer.from([0x89, 0x50, 0, 0x0d, 0x0a, 0xff]) },
};

export interface JmsOptions {
  readonly client: () => Promise<JmsClient | { readonly unavailable: string }>;
  /** The service answers with all properties of the request, not with its correlation id alone. */
  readonly copiesProperties: boolean;
  readonly replyToStyle?: ReplyToStyle;
}

/** To be called inside `describe`. */
export function describeJmsService(broker: () => ProvisionedBroker, options: JmsOptions): void {
  const properties = options.replyToStyle === undefined ? {} : { replyToStyle: options.replyToStyle };
  const requests: Destination = uniqueQueue('jms-requests');
  let service: RunningProcess | undefined;
  const bench = createBench(() => broker().url, connectStomp);

  before(async function () {
    this.timeout(60_000);
    const { openWireUrl } = broker();
    if (openWireUrl === null) return skip(this, 'the OpenWire address of the given broker is not known');
    const client = await options.client();
    if ('unavailable' in client) return skip(this, client.unavailable);
    const { copiesProperties } = options;
    service = await startJmsService({ openWireUrl, client, queue: requests.name, copiesProperties });
  });

  after(async () => {
    await service?.stop();
  });

  /** Sends them all, then gives the reply to each. */
  async function ask(contents: readonly Pick<Message, 'contentType' | 'body'>[]): Promise<Exchange[]> {
    const messaging = await bench.connect();
    const replyTo = uniqueQueue('jms-replies');
    const inbox = await bench.inbox(messaging, replyTo);
    const sent = contents.map((content) => newMessage({ ...content, replyTo, properties }));
    for (const request of sent) await messaging.channel.send(requests, request);
    const deliveries = await inbox.atLeast(sent.length, 10_000);
    return sent.map((request) => {
      const replies = deliveries.filter(({ message }) => message.correlationId === request.messageId);
      expect(replies, `replies to ${request.messageId}`).to.have.length(1);
      return { request, reply: replies[0]!.message };
    });
  }

  async function expectEchoAs(
    javaClass: string,
    content: Pick<Message, 'contentType' | 'body'>,
  ): Promise<void> {
    const [exchange] = await ask([content]);
    await service!.line(new RegExp(`^${javaClass} ${exchange!.request.messageId}$`, 'mu'));
    expectEcho(exchange!);
  }

  for (const [what, content] of Object.entries(textBodies)) {
    it(`gets ${what} as TextMessage, and its reply is read`, () => expectEchoAs('TextMessage', content));
  }

  for (const [what, content] of Object.entries(byteBodies)) {
    it(`gets ${what} as BytesMessage, and its reply is read`, () => expectEchoAs('BytesMessage', content));
  }

  it('answers requests of all kinds one after the other, and every reply is read', async () => {
    const kinds = [...Object.values(textBodies), ...Object.values(byteBodies)];
    const contents = Array.from({ length: 5 }, () => kinds).flat();
    const exchanges = await ask(contents);
    for (const exchange of exchanges) expectEcho(exchange);
  });

  it('loses nothing of a large text', async () => {
    const body = Buffer.from('ä€🚀 '.repeat(50_000));
    const [exchange] = await ask([{ contentType: 'text/plain', body }]);
    await until(() => service!.output().includes(`TextMessage ${exchange!.request.messageId}`), {
      what: 'a TextMessage at the service',
    });
    expectEcho(exchange!);
  });
}

interface Exchange {
  readonly request: Message;
  readonly reply: Message;
}

function expectEcho({ request, reply }: Exchange): void {
  const expected = Buffer.concat([Buffer.from('echo: '), request.body]);
  expect(Buffer.from(reply.body).equals(expected), Buffer.from(reply.body).toString().slice(0, 100)).to.equal(
    true,
  );
  expect(reply.replyTo).to.equal(null);
}
