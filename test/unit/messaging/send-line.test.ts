import { expect } from 'chai';
import type { ReplytoError } from '#core/errors.js';
import { silentLogger } from '#core/ports/logger.js';
import type { SendClaim } from '#core/ports/request-store.js';
import { createDeferred } from '#core/deferred.js';
import type { SendLine, SendLineOptions } from '#messaging/send-line.js';
import { createSendLine } from '#messaging/send-line.js';
import { passTime, settled } from '../../support/event-loop.js';
import { createFakeChannel } from '../../support/fake-channel.js';
import type { FakeChannel } from '../../support/fake-channel.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { newMessage } from '../../support/messages.js';

interface Item {
  readonly name: string;
  readonly queue: string;
  readonly bytes: number;
}

describe('a send line', () => {
  let clock: ManualClock;
  let channel: FakeChannel;
  let claims: SendClaim[];
  let stored: Item[];
  let finished: { readonly name: string; readonly code: string | null }[];
  let renewed: string[][];

  beforeEach(() => {
    clock = createManualClock();
    channel = createFakeChannel();
    claims = [];
    stored = [];
    finished = [];
    renewed = [];
  });

  const line = (options: Partial<SendLineOptions<Item>> = {}): SendLine<Item> =>
    createSendLine<Item>({
      ...{ clock, logger: silentLogger, owner: 'a', leaseMs: 60_000, maxInFlight: 10 },
      isUp: () => channel.isUp(),
      claim: (claim) => {
        claims.push(claim);
        return Promise.resolve(stored.splice(0, claim.limit));
      },
      queueOf: ({ queue }) => queue,
      bytesOf: ({ bytes }) => bytes,
      send: ({ name, queue }) =>
        channel.send({ kind: 'queue', name: queue }, newMessage({ messageId: name })),
      finish: ({ name }, error: ReplytoError | null) => {
        finished.push({ name, code: error?.code ?? null });
        return Promise.resolve();
      },
      renew: (items) => {
        renewed.push(items.map(({ name }) => name));
        return Promise.resolve();
      },
      ...options,
    });

  const item = (name: string, queue = 'q', bytes = 1): Item => ({ name, queue, bytes });

  it('claims nothing before it starts and while no connection is up', async () => {
    const sending = line();
    sending.wake();
    await settled();
    channel.down();
    sending.start();
    await passTime(clock, 3_000);
    expect(claims).to.deep.equal([]);
    expect(sending.hasRoom('q')).to.equal(false);
    channel.up();
    sending.wake();
    await settled();
    expect(claims).to.have.length(1);
    await stopNow(sending);
  });

  it('looks every second, and once more after a look in which it was woken', async () => {
    const answer = createDeferred<Item[]>();
    const sending = line({ claim: (claim) => (claims.push(claim), answer.promise) });
    sending.start();
    sending.wake();
    sending.wake();
    await settled();
    expect(claims).to.have.length(1);
    answer.resolve([]);
    await settled();
    expect(claims).to.have.length(2);
    await passTime(clock, 3_000, { stepMs: 1_000 });
    expect(claims).to.have.length(5);
    await stopNow(sending);
  });

  it('claims at most what there is room for, and goes on as soon as there is room again', async () => {
    stored = Array.from({ length: 25 }, (_, index) => item(`${index}`));
    channel.always('hold');
    const sending = line();
    sending.start();
    await settled();
    expect(claims.map(({ limit }) => limit)).to.deep.equal([3, 2, 2, 1, 1, 1]);
    expect([sending.inFlight, sending.hasRoom('q')]).to.deep.equal([10, false]);
    channel.sent[0]!.answer('confirm');
    await settled();
    expect(claims.map(({ limit }) => limit)).to.deep.equal([3, 2, 2, 1, 1, 1, 1]);
    channel.always('confirm');
    for (const frame of [...channel.sent]) frame.answer('confirm');
    await settled();
    expect(finished).to.have.length(25);
    await stopNow(sending);
  });

  it('claims no more bytes than it has room for, and goes on when there is room again', async () => {
    const mebibyte = 1024 * 1024;
    stored = Array.from({ length: 100 }, (_, index) => item(`${index}`, `q${index}`, 10 * mebibyte));
    channel.always('hold');
    const sending = line({ maxInFlight: 1_000, claim: (claim) => claimOfBytes(claim) });
    sending.start();
    await settled();
    expect(Math.max(...claims.map(({ enoughBytes = Infinity }) => enoughBytes))).to.equal(4 * mebibyte);
    expect(sending.inFlight).to.be.within(6, 8);
    expect(sending.hasRoom('other')).to.equal(false);
    channel.always('confirm');
    for (const frame of [...channel.sent]) frame.answer('confirm');
    await settled();
    expect(finished).to.have.length(100);
    await stopNow(sending);
  });

  it('survives being woken at the instant at which its last place becomes free', async () => {
    channel.always('hold');
    const sending = line({ maxInFlight: 1, claim: claimStored });
    sending.start();
    await settled();
    stored = [item('1'), item('2')];
    sending.wake();
    await settled();
    expect(sending.inFlight).to.equal(1);
    channel.always('confirm');
    channel.sent[0]!.answer('confirm');
    for (let microtask = 0; microtask < 50; microtask += 1) {
      sending.wake();
      await Promise.resolve();
    }
    await settled();
    expect(finished.map(({ name }) => name)).to.deep.equal(['1', '2']);
    await stopNow(sending);
  });

  it('renews the leases of what is under way, whoever claimed it', async () => {
    stored = [item('claimed')];
    channel.always('hold');
    const sending = line();
    sending.start();
    await settled();
    void sending.sendOwned(item('owned'));
    await passTime(clock, 20_000, { stepMs: 1_000 });
    expect(renewed.at(-1)).to.deep.equal(['claimed', 'owned']);
    channel.sent[0]!.answer('confirm');
    await passTime(clock, 20_000, { stepMs: 1_000 });
    expect(renewed.at(-1)).to.deep.equal(['owned']);
    channel.sent[1]!.answer('confirm');
    await stopNow(sending);
  });

  it('goes on renewing after a renewal failed', async () => {
    let asked = 0;
    channel.always('hold');
    const sending = line({
      renew: () => {
        asked += 1;
        return Promise.reject(new Error('store away'));
      },
    });
    sending.start();
    void sending.sendOwned(item('held'));
    await passTime(clock, 60_000, { stepMs: 1_000 });
    expect(asked).to.equal(3);
    channel.sent[0]!.answer('confirm');
    await settled();
    await stopNow(sending);
  });

  const claimOfBytes = async (claim: SendClaim): Promise<Item[]> => {
    const [first] = await claimStored({ ...claim, limit: Math.min(1, claim.limit) });
    return first === undefined ? [] : [first];
  };

  /** As a store does: what is asked for and no more. */
  const claimStored = (claim: SendClaim): Promise<Item[]> => {
    claims.push(claim);
    const { exceptQueues = [], limit } = claim;
    const claimed = stored.filter(({ queue }) => !exceptQueues.includes(queue)).slice(0, limit);
    stored = stored.filter((one) => !claimed.includes(one));
    return Promise.resolve(claimed);
  };

  it('leaves places to other queues when one confirms nothing, and goes on with that when it does again', async () => {
    stored = Array.from({ length: 300 }, (_, index) => item(`full ${index}`, 'full'));
    channel.always(({ destination }) => (destination.name === 'full' ? 'hold' : 'confirm'));
    const sending = line({ maxInFlight: 100, claim: claimStored });
    sending.start();
    await settled();
    expect(sending.inFlight).to.be.within(50, 75);
    expect([sending.hasRoom('full'), sending.hasRoom('other')]).to.deep.equal([false, true]);
    stored.push(...Array.from({ length: 50 }, (_, index) => item(`other ${index}`, 'other')));
    sending.wake();
    await settled();
    expect(channel.sentTo('other')).to.have.length(50);
    expect(stored.every(({ queue }) => queue === 'full')).to.equal(true);
    channel.always('confirm');
    for (const frame of [...channel.sentTo('full')]) frame.answer('confirm');
    await settled();
    expect([stored.length, channel.sentTo('full').length, sending.inFlight]).to.deep.equal([0, 300, 0]);
    await stopNow(sending);
  });

  it('leaves places whatever the number of queues that confirm nothing', async () => {
    stored = Array.from({ length: 2_000 }, (_, index) => item(`${index}`, `full ${index % 5}`));
    stored.sort((one, other) => one.queue.localeCompare(other.queue));
    channel.always('hold');
    const sending = line({ maxInFlight: 1_000, claim: claimStored });
    sending.start();
    await settled();
    expect(sending.hasRoom('other')).to.equal(true);
    channel.always('confirm');
    await sending.sendOwned(item('x', 'other'));
    expect(finished).to.deep.equal([{ name: 'x', code: null }]);
    sending.stop(0).catch(() => undefined);
    for (const frame of [...channel.sent]) frame.answer('BROKER_UNAVAILABLE');
    await stopNow(sending);
  });

  it('asks for nothing of a held queue but its oldest item, by a claim of that queue alone', async () => {
    stored = [item('1')];
    channel.next('SEND_REFUSED');
    const sending = line();
    sending.start();
    await passTime(clock, 1_250);
    const scopes = claims.map(({ queue, exceptQueues, limit }) => ({ queue, exceptQueues, limit }));
    expect(scopes[0]).to.deep.equal({ queue: undefined, exceptQueues: [], limit: 3 });
    expect(scopes).to.deep.include({ queue: undefined, exceptQueues: ['q'], limit: 3 });
    expect(scopes).to.deep.include({ queue: 'q', exceptQueues: undefined, limit: 1 });
    expect(sending.heldQueues()).to.deep.equal([]);
    await stopNow(sending);
  });

  it('frees a held queue when nothing waits for it', async () => {
    channel.next('RECEIPT_TIMEOUT');
    const sending = line();
    sending.start();
    void sending.sendOwned(item('gone'));
    await settled();
    expect([sending.heldQueues(), sending.hasRoom('q'), sending.hasRoom('p')]).to.deep.equal([
      ['q'],
      false,
      true,
    ]);
    await passTime(clock, 1_000);
    expect(sending.heldQueues()).to.deep.equal([]);
    await stopNow(sending);
  });

  it('probes again when the store did not answer', async () => {
    channel.next('RECEIPT_TIMEOUT');
    let broken = true;
    const sending = line({
      claim: ({ queue }) =>
        queue === undefined
          ? Promise.resolve([])
          : broken
            ? Promise.reject(new Error('store away'))
            : Promise.resolve([item('oldest')]),
    });
    sending.start();
    void sending.sendOwned(item('first'));
    await passTime(clock, 3_000);
    expect(sending.heldQueues()).to.deep.equal(['q']);
    broken = false;
    await passTime(clock, 1_000);
    expect(finished.at(-1)).to.deep.equal({ name: 'oldest', code: null });
    await stopNow(sending);
  });

  it('stops when all that is under way has its outcome, and leaves no timer', async () => {
    stored = [item('1'), item('2', 'full')];
    channel.always('hold');
    const sending = line();
    sending.start();
    await settled();
    let stopped = false;
    const stopping = sending.stop(5_000).then(() => (stopped = true));
    channel.sent[0]!.answer('confirm');
    await settled();
    expect(stopped).to.equal(false);
    // Its queue would be held from now on, by a timer that nobody ends.
    channel.sent[1]!.answer('RECEIPT_TIMEOUT');
    await stopping;
    expect(finished).to.have.length(2);
    expect([clock.pending, sending.inFlight]).to.deep.equal([0, 0]);
  });

  it('stops at its deadline though no outcome came, and records one that comes later', async () => {
    stored = [item('1')];
    channel.always('hold');
    const sending = line();
    sending.start();
    await settled();
    const stopping = sending.stop(5_000);
    clock.advance(5_000);
    await stopping;
    expect([finished, clock.pending]).to.deep.equal([[], 0]);
    channel.sent[0]!.answer('RECEIPT_TIMEOUT');
    await settled();
    expect([finished.length, clock.pending]).to.deep.equal([1, 0]);
  });

  it('gives back what a claim brings while it stops, and waits for that', async () => {
    const answer = createDeferred<Item[]>();
    const sending = line({ claim: () => answer.promise });
    sending.start();
    await settled();
    let stopped = false;
    const stopping = sending.stop(5_000).then(() => (stopped = true));
    await settled();
    expect(stopped).to.equal(false);
    answer.resolve([item('1'), item('2')]);
    await stopping;
    expect(channel.sent).to.deep.equal([]);
    expect(finished).to.deep.equal([
      { name: '1', code: 'BROKER_UNAVAILABLE' },
      { name: '2', code: 'BROKER_UNAVAILABLE' },
    ]);
    expect(clock.pending).to.equal(0);
  });

  it('claims nothing any more once it is stopped', async () => {
    const sending = line();
    sending.start();
    await stopNow(sending);
    const before = claims.length;
    sending.wake();
    await passTime(clock, 10_000, { stepMs: 1_000 });
    expect(claims).to.have.length(before);
    expect(sending.hasRoom('q')).to.equal(false);
  });

  async function stopNow(sending: SendLine<Item>): Promise<void> {
    const stopping = sending.stop(0);
    clock.advance(0);
    await stopping;
    expect(clock.pending).to.equal(0);
  }
});
