import { expect } from 'chai';
import fc from 'fast-check';
import { queue } from '#core/destination.js';
import { headerProblem } from '#core/header-text.js';
import type { Message, MessageProperties } from '#core/message.js';
import { failureOf } from '../../support/errors.js';
import { newMessage, uniqueQueue } from '../../support/messages.js';
import type { Bench } from './bench.js';
import type { Case } from './case.js';

const everyProperty: MessageProperties = {
  conversationId: 'order 4711 / 2',
  project: 'payments',
  deadlineMs: 86_400_000,
  expiresAt: 1_893_456_000_000,
  attempt: 3,
  resend: 1,
  fault: true,
  schema: 'invoice@2',
  storeId: '0190f5fe-7c00-7a00-8000-000000000001',
  replyToken: 'x_-Zm9vYmFyYmF6cXV4cXV1eA==',
  contentDigest: 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:',
  requestDigest: 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:',
  priority: 7,
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  tracestate: 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7',
  baggage: 'userId=alice,serverNode=DF%2028,isProduction=false',
};

const bodies: Readonly<Record<string, Pick<Message, 'contentType' | 'body'>>> = {
  'a JSON text': { contentType: 'application/json', body: Buffer.from('{"price": 12.5}') },
  'a text in UTF-8 with letters of many alphabets': {
    contentType: 'text/plain;charset=utf-8',
    body: Buffer.from('Grüße, Καλημέρα, 你好, 🚀 and é'),
  },
  'a text of several lines, one with outer spaces': {
    contentType: 'text/plain',
    body: Buffer.from('\n first\r\n\tsecond \n\n'),
  },
  'a text that looks like a STOMP frame': {
    contentType: 'text/plain',
    body: Buffer.from('SEND\ndestination:/queue/other\ncontent-length:3\n\nabc'),
  },
  'an empty body of a text type': { contentType: 'application/json', body: Buffer.alloc(0) },
  'an empty body without a type': { contentType: null, body: Buffer.alloc(0) },
  'a text in latin-1': {
    contentType: 'text/plain;charset=iso-8859-1',
    body: Buffer.from('Grüße', 'latin1'),
  },
  'bytes that are no UTF-8 under a text type': {
    contentType: 'text/plain',
    body: Buffer.from([0xff, 0xfe, 0x41]),
  },
  'a text with NUL in it': { contentType: 'text/plain', body: Buffer.from('before\0after\0') },
  'every possible byte': {
    contentType: 'application/octet-stream',
    body: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  },
  'a text of 1 MiB': { contentType: 'text/plain', body: Buffer.alloc(1024 * 1024, 'abcdefgh') },
  'bytes of 1 MiB': { contentType: null, body: Buffer.alloc(1024 * 1024, 0x9c) },
};

/** Signs that brokers and clients treat in ways of their own, more often than chance would bring them. */
const sign = fc.oneof(
  fc.constantFrom(
    ...[':', ' ', 'c', 'n', '"', '%', ';', ',', '=', '\u0085', '\u00a0', '\u2028', 'é', '你', '🚀'],
  ),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
);

/** What a header may hold; see core/header-text.ts. */
const headerValue = fc
  .string({ unit: sign, minLength: 1, maxLength: 60 })
  .filter((text) => headerProblem('x-any', text) === undefined);
const headerName = fc.stringMatching(/^x-[a-z0-9-]{1,20}$/u);

const contentTypes = ['application/json', 'text/plain', 'application/xml', 'image/png', null];

/** What the sender gave: without what only a broker can say, and without the default that some say. */
function comparable(message: Message): Message {
  const given = Object.entries(message.properties).filter(
    ([name, value]) => name !== 'form' && !(name === 'priority' && value === 4),
  );
  return { ...message, body: Buffer.from(message.body), properties: Object.fromEntries(given) };
}

export function sendingCases(test: Case, bench: Bench): void {
  /** Sends and receives on a queue of its own, in the course of one case several times. */
  async function roundTrips(): Promise<(message: Message) => Promise<Message>> {
    const messaging = await bench.connect();
    const destination = uniqueQueue();
    const inbox = await bench.inbox(messaging, destination);
    let received = 0;
    return async (message) => {
      await messaging.channel.send(destination, message);
      received += 1;
      const delivery = (await inbox.atLeast(received))[received - 1]!;
      return comparable(delivery.message);
    };
  }

  test('carries a request: message id, reply address, time and content type, no correlation id', async () => {
    const roundTrip = await roundTrips();
    const request = newMessage({ replyTo: queue('Reply Queue'), time: 1_552_959_300_136 });
    expect(await roundTrip(request)).to.deep.equal(request);
  });

  test('carries a reply: message id, correlation id, no reply address', async () => {
    const roundTrip = await roundTrips();
    const reply = newMessage({ correlationId: newMessage().messageId });
    expect(await roundTrip(reply)).to.deep.equal(reply);
  });

  test('carries a message id of 255 characters with every sign it may have', async () => {
    const roundTrip = await roundTrips();
    const signs = '!"$&\'()*+,-.0123456789:;<=>@ABCXYZ[]^_`abcxyz{|}~';
    const message = newMessage({ messageId: signs.padEnd(255, 'i'), correlationId: signs });
    expect(await roundTrip(message)).to.deep.equal(message);
  });

  test('carries every property of a message', async () => {
    const roundTrip = await roundTrips();
    const message = newMessage({ properties: everyProperty });
    expect(await roundTrip(message)).to.deep.equal(message);
  });

  for (const [what, content] of Object.entries(bodies)) {
    test(`carries ${what}`, async () => {
      const roundTrip = await roundTrips();
      const message = newMessage(content);
      expect(await roundTrip(message)).to.deep.equal(message);
    });
  }

  test('carries application headers with colons, inner spaces and letters of any alphabet', async () => {
    const roundTrip = await roundTrips();
    const applicationHeaders = {
      'x-url': 'https://example.org:8443/a?b=c:d',
      'x-spaces': 'one  two   three',
      'x-city': 'Zürich, 東京, Ελλάδα 🚀',
      'x-marks': '"quoted" <and> {braced} [more] 100%',
    };
    const message = newMessage({ applicationHeaders });
    expect(await roundTrip(message)).to.deep.equal(message);
  });

  test('carries any application headers that it accepts', async () => {
    const roundTrip = await roundTrips();
    const headers = fc.dictionary(headerName, headerValue, { maxKeys: 6, noNullPrototype: true });
    const carries = fc.asyncProperty(headers, async (applicationHeaders) => {
      const message = newMessage({ applicationHeaders });
      expect(await roundTrip(message)).to.deep.equal(message);
    });
    await fc.assert(carries, { numRuns: 100, includeErrorInReport: true });
  });

  const anyText = fc.string({ unit: 'binary' });
  const anyBodies = {
    'any text': anyText,
    'any body': fc.oneof(fc.uint8Array({ maxLength: 200 }), anyText),
  };
  for (const [what, anyBody] of Object.entries(anyBodies)) {
    test(`carries ${what} under any content type`, async () => {
      const roundTrip = await roundTrips();
      const types = fc.constantFrom(...contentTypes);
      const carries = fc.asyncProperty(anyBody, types, async (content, contentType) => {
        const message = newMessage({ body: Buffer.from(content as string), contentType });
        expect(await roundTrip(message)).to.deep.equal(message);
      });
      await fc.assert(carries, { numRuns: 100, includeErrorInReport: true });
    });
  }

  test('refuses a header value with a line end and sends nothing of the message', async () => {
    const messaging = await bench.connect();
    const destination = uniqueQueue();
    const harmful = newMessage({ applicationHeaders: { 'x-note': 'one\ntwo:three' } });
    expect((await failureOf(messaging.channel.send(destination, harmful))).code).to.equal('INVALID_ARGUMENT');

    const next = newMessage();
    await messaging.channel.send(destination, next);
    const inbox = await bench.inbox(messaging, destination);
    await inbox.atLeast(1);
    expect(inbox.ids()).to.deep.equal([next.messageId]);
  });

  test('carries the largest headers that it accepts, in a long line and in many lines', async () => {
    const roundTrip = await roundTrips();
    const many = Object.fromEntries(
      Array.from({ length: 170 }, (_, number) => [`x-${number}`, 'v'.repeat(200)]),
    );
    const longName = `x-${'n'.repeat(2_044)}`;
    const message = newMessage({ applicationHeaders: { ...many, [longName]: 'v'.repeat(8_192) } });
    expect(await roundTrip(message)).to.deep.equal(message);
  });

  test('refuses headers that are too much together with INVALID_ARGUMENT, and goes on sending', async () => {
    const { channel } = await bench.connect();
    const large = Object.fromEntries(
      Array.from({ length: 9 }, (_, number) => [`x-${number}`, 'v'.repeat(8_000)]),
    );
    const error = await failureOf(channel.send(uniqueQueue(), newMessage({ applicationHeaders: large })));
    expect(error.code).to.equal('INVALID_ARGUMENT');
    await channel.send(uniqueQueue(), newMessage());
  });

  test('rejects with SEND_REFUSED what the broker refuses, and goes on sending', async () => {
    const messaging = await bench.connect();
    expect((await failureOf(messaging.channel.send(bench.refused(), newMessage()))).code).to.equal(
      'SEND_REFUSED',
    );
    await messaging.channel.send(uniqueQueue(), newMessage());
  });

  test('resolves 1,000 sends at the same time, and each message arrives once', async () => {
    const messaging = await bench.connect();
    const destination = uniqueQueue();
    const inbox = await bench.inbox(messaging, destination);
    const messages = Array.from({ length: 1_000 }, () => newMessage());
    await Promise.all(messages.map((message) => messaging.channel.send(destination, message)));
    await inbox.atLeast(1_000);
    expect(inbox.ids()).to.have.members(messages.map(({ messageId }) => messageId));
    expect(messaging.pending()).to.equal(1);
  });
}
