import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { NewRequest } from '#core/request.js';
import { newReply, newRequest } from '../../support/requests.js';
import type { Case } from '../messaging/case.js';
import type { StoreBench } from './bench.js';
import { leaseMs } from './bench.js';

/** Text that a database, JSON or an escape could spoil. */
export const awkwardTexts = {
  'x-nul': 'a\0b',
  'x-escape': String.raw`a\u0000b\0\n`,
  'x-quotes': `'"; DROP TABLE requests; --`,
  'x-lines': 'first\r\nsecond\u2028third',
  'x-letters': 'Größe 日本語 👩‍👩‍👧',
  'x-empty': '',
};

export function acceptingCases(test: Case, bench: StoreBench): void {
  const options = { owner: 'a', leaseMs };

  test('creates the record of a new request', async () => {
    const request = newRequest({
      replyTo: 'answers',
      properties: { project: 'shop', conversationId: 'talk' },
      timeoutMs: 5_000,
    });
    const now = bench.clock.now();
    const outcome = await bench.store.requests.accept(request, options);
    expect(outcome).to.deep.equal({
      kind: 'created',
      record: {
        id: request.id,
        queue: 'prices',
        status: 'accepted',
        replyTo: 'answers',
        oneWay: false,
        project: 'shop',
        conversationId: 'talk',
        ...{ parentId: null, children: 0 },
        postedBy: null,
        acceptedBy: null,
        time: request.time,
        createdAt: now,
        sentAt: null,
        repliedAt: null,
        expiresAt: now + 5_000,
        attempts: 1,
        resend: 0,
        late: false,
        verified: null,
        progress: null,
        fault: null,
        replies: 0,
        version: 1,
      },
    });
    expect(await bench.store.requests.find(request.id)).to.deep.equal((outcome as { record: object }).record);
    expect(await bench.history(request.id)).to.deep.equal(['accepted']);
  });

  test('counts no attempt of a request that nobody sends yet', async () => {
    const { id, attempts } = await bench.accepted({}, { owner: null });
    expect(attempts).to.equal(0);
    expect(await bench.claimed('b')).to.deep.equal([id]);
    expect(await bench.record(id)).to.include({ attempts: 1, resend: 0 });
  });

  test('joins the same request that comes again, whatever has become of it', async () => {
    const request = newRequest();
    const { requests } = bench.store;
    await requests.accept(request, options);
    expect((await requests.accept(request, options)).kind).to.equal('joined');
    await requests.settle(newReply(request.id));
    const before = await bench.record(request.id);
    expect(await requests.accept(request, options)).to.deep.equal({ kind: 'joined', record: before });
    expect(await bench.record(request.id)).to.deep.equal(before);
  });

  test('says mismatch for a known id with other content, and changes nothing', async () => {
    const request = newRequest();
    const { requests } = bench.store;
    await requests.accept(request, options);
    const before = await bench.record(request.id);
    const digest = (contentDigest: string): Partial<NewRequest> => ({
      properties: { ...request.properties, contentDigest },
    });
    for (const [change, differs] of [
      [{ queue: 'other' }, ['queue']],
      [{ replyTo: 'other' }, ['replyTo']],
      [{ oneWay: true }, ['replyTo']],
      [digest('other'), ['body']],
      [{ queue: 'other', replyTo: 'other', ...digest('other') }, ['queue', 'replyTo', 'body']],
      [{}, []],
    ] as const) {
      const other = { ...request, ...change, fingerprint: 'another' };
      expect(await requests.accept(other, options)).to.deep.equal({ kind: 'mismatch', differs });
    }
    expect(await bench.record(request.id)).to.deep.equal(before);
  });

  test('creates exactly one of 100 equal requests that come at once', async () => {
    const request = newRequest();
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        bench.store.requests.accept(request, { owner: `instance ${index}`, leaseMs }),
      ),
    );
    expect(outcomes.filter(({ kind }) => kind === 'created')).to.have.length(1);
    expect(outcomes.filter(({ kind }) => kind === 'joined')).to.have.length(99);
    expect(await bench.store.requests.counts()).to.deep.equal({ pending: 1, unsent: 1 });
    expect(await bench.history(request.id)).to.deep.equal(['accepted']);
  });

  test('tells ids apart by every character', async () => {
    const ids = ['case', 'CASE', 'case.', "case'", '!"$&()*+,-.:;<=>@[]^_`{|}~', 'i'.repeat(255)];
    for (const id of ids) await bench.accepted({ id });
    for (const id of ids) expect(await bench.record(id)).to.include({ id });
    expect(await bench.store.requests.counts()).to.include({ pending: ids.length });
  });

  test('keeps all that the message of a request needs', async () => {
    const request = newRequest({
      contentType: 'text/plain; charset=utf-8',
      brokerExpiry: true,
      timeoutMs: 1_000,
      applicationHeaders: awkwardTexts,
      properties: { priority: 9, schema: 'order@2', traceparent: '00-1-2-01', contentDigest: 'sha-256=:x:' },
    });
    await bench.store.requests.accept(request, { owner: null, leaseMs });
    const [stored] = await bench.store.requests.claimUnsent({ owner: 'b', leaseMs, limit: 1 });
    const { contentType, applicationHeaders, properties, brokerExpiry } = request;
    expect(stored).to.deep.include({
      ...(await bench.record(request.id)),
      ...{ contentType, applicationHeaders, properties, brokerExpiry },
    });
    expect(stored!.expiresAt).to.equal(stored!.createdAt + 1_000);
    expect(Buffer.from(stored!.body).equals(request.body)).to.equal(true);
  });

  const bodies: readonly (readonly [name: string, body: Buffer])[] = [
    ['empty bodies', Buffer.alloc(0)],
    ['bodies with NUL and bytes that are no text', Buffer.of(0, 255, 0, 10, 13, 0xc3, 0x28, 0)],
    ['bodies of 1 MiB', randomBytes(1024 * 1024)],
    // A view into a larger buffer must not bring its neighbours along.
    ['bodies that are part of a larger buffer', Buffer.from('left body right').subarray(5, 9)],
  ];
  for (const [name, body] of bodies) {
    test(`keeps ${name} byte for byte, of requests and of replies`, async () => {
      const { id } = await bench.accepted({ body }, { owner: null });
      const [stored] = await bench.store.requests.claimUnsent({ owner: 'b', leaseMs, limit: 1 });
      await bench.store.requests.settle(newReply(id, { body }));
      const reply = await bench.store.requests.findReply(id, 1);
      expect(Buffer.from(stored!.body).equals(body)).to.equal(true);
      expect(Buffer.from(reply!.body).equals(body)).to.equal(true);
    });
  }
}
