import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { DeadLetter } from '#core/ports/dead-letters.js';
import type { RememberedReply } from '#core/ports/handled-messages.js';
import type { Case } from '../messaging/case.js';
import { awkwardTexts } from './accepting.cases.js';
import type { StoreBench } from './bench.js';

function newLetter(parts: Partial<DeadLetter> = {}): DeadLetter {
  return {
    id: 'letter',
    kind: 'invalid',
    reason: 'it has no correlation id',
    queue: 'replyto.replies',
    headers: {},
    body: Buffer.from('body'),
    ...parts,
  };
}

/** Dead letters, and the memory of services. */
export function keepingCases(test: Case, bench: StoreBench): void {
  test('keeps a dead letter once per id', async () => {
    const { deadLetters } = bench.store;
    expect(await deadLetters.keep(newLetter())).to.equal(true);
    expect(await deadLetters.keep(newLetter())).to.equal(false);
    expect(await deadLetters.keep(newLetter({ id: 'another' }))).to.equal(true);
    const atOnce = await Promise.all(
      Array.from({ length: 10 }, () => deadLetters.keep(newLetter({ id: 'third' }))),
    );
    expect(atOnce.filter((kept) => kept)).to.have.length(1);
    expect(await deadLetters.count()).to.deep.equal({ 'dead-letter': 0, invalid: 3, 'unmatched-reply': 0 });
  });

  test('counts dead letters by their kind', async () => {
    const { deadLetters } = bench.store;
    for (const kind of ['dead-letter', 'dead-letter', 'invalid', 'unmatched-reply'] as const) {
      await deadLetters.keep(newLetter({ id: randomBytes(8).toString('hex'), kind }));
    }
    expect(await deadLetters.count()).to.deep.equal({ 'dead-letter': 2, invalid: 1, 'unmatched-reply': 1 });
  });

  test('keeps dead letters of strangers: awkward reasons and headers, bodies with NUL, 1 MiB', async () => {
    const { deadLetters } = bench.store;
    const letter = newLetter({ reason: 'a\0b\\', headers: awkwardTexts, body: Buffer.of(0, 255) });
    expect(await deadLetters.keep(letter)).to.equal(true);
    expect(await deadLetters.keep(newLetter({ id: 'large', body: randomBytes(1024 * 1024) }))).to.equal(true);
  });

  test('counts how often a message was delivered, per queue', async () => {
    const { handledMessages } = bench.store;
    const deliveries = [];
    for (const [queue, id] of [
      ['q', '1'],
      ['q', '1'],
      ['other', '1'],
      ['q', '2'],
      ['q', '1'],
    ] as const) {
      deliveries.push(await handledMessages.begin(queue, id));
    }
    expect(deliveries.map((delivery) => delivery.deliveries)).to.deep.equal([1, 2, 1, 1, 3]);
    expect(deliveries.every(({ reply }) => reply === null)).to.equal(true);
  });

  test('counts each of several deliveries that come at once', async () => {
    const begun = await Promise.all(
      Array.from({ length: 10 }, () => bench.store.handledMessages.begin('q', '1')),
    );
    expect(begun.map(({ deliveries }) => deliveries).sort((a, b) => a - b)).to.deep.equal(
      Array.from({ length: 10 }, (_, index) => index + 1),
    );
  });

  test('gives back the reply that was remembered, byte for byte', async () => {
    const { handledMessages } = bench.store;
    const reply: RememberedReply = {
      messageId: 'reply',
      contentType: null,
      body: Buffer.of(0, 255, 10),
      properties: { fault: true, requestDigest: 'd' },
      applicationHeaders: awkwardTexts,
    };
    await handledMessages.begin('q', '1');
    await handledMessages.remember('q', '1', reply);
    expect(await handledMessages.begin('q', '1')).to.deep.equal({ deliveries: 2, reply });
    expect((await handledMessages.begin('other', '1')).reply).to.equal(null);
  });

  test('remembers an empty reply as an answer', async () => {
    const { handledMessages } = bench.store;
    const reply: RememberedReply = {
      messageId: 'reply',
      contentType: null,
      body: Buffer.alloc(0),
      properties: {},
      applicationHeaders: {},
    };
    await handledMessages.begin('q', '1');
    await handledMessages.remember('q', '1', reply);
    expect((await handledMessages.begin('q', '1')).reply).to.deep.equal(reply);
  });

  test('counts anew after it was told to forget a message', async () => {
    const { handledMessages } = bench.store;
    await handledMessages.begin('q', '1');
    await handledMessages.begin('other', '1');
    await handledMessages.forget('q', '1');
    await handledMessages.forget('q', 'unknown');
    expect((await handledMessages.begin('q', '1')).deliveries).to.equal(1);
    expect((await handledMessages.begin('other', '1')).deliveries).to.equal(2);
  });
}
