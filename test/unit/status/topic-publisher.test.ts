import { expect } from 'chai';
import { ReplytoError } from '#core/errors.js';
import type { EventLog } from '#core/ports/event-log.js';
import { passTime, settled } from '../../support/event-loop.js';
import { upTo } from '../../support/status-bench.js';
import { publisherBench } from './publisher-bench.js';

describe('the publisher of status topics', () => {
  const bench = publisherBench();
  const { tell, written, unpublished } = bench;
  const away = (): Promise<never> => Promise.reject(new ReplytoError('STORE_UNAVAILABLE'));

  it('puts each event on the topic of its project, as JSON and with what it says in headers', async () => {
    const publisher = bench.create();
    publisher.start();
    const [event] = await tell(1, { subject: 'job: 1', percent: 40, text: 'Größe', data: [1] });
    publisher.wake();
    await settled();
    const [sent] = bench.channel.sent;
    expect(sent!.destination).to.deep.equal({ kind: 'topic', name: 'status.shop' });
    expect(JSON.parse(Buffer.from(sent!.message.body).toString('utf8'))).to.deep.equal(event);
    expect(sent!.message).to.deep.include({
      messageId: event!.id,
      contentType: 'application/json',
      time: 5,
      properties: { project: 'shop', subject: 'job: 1', sequence: 1, eventKind: 'progress' },
    });
    expect(await unpublished()).to.be.empty;
    expect(bench.meter.counts()).to.deep.equal({ 'events-published': 1 });
  });

  it('leaves out headers that no broker carries, and gives an id where the event has none for messages', async () => {
    const publisher = bench.create();
    publisher.start();
    await tell(1, { id: 'back\\slash \u00e9', subject: 'a\\b' });
    publisher.wake();
    await settled();
    expect(bench.channel.sent[0]!.message.properties).not.to.have.property('subject');
    expect(bench.channel.sent[0]!.message.properties).to.include({ project: 'shop', sequence: 1 });
    expect(bench.channel.sent[0]!.message.messageId).to.match(/\S/u);
  });

  it('keeps the order of each project, also of more than one page', async () => {
    const publisher = bench.create();
    publisher.start();
    await tell(150);
    await tell(3, { project: 'bank' });
    publisher.wake();
    await settled(80);
    expect(written()).to.deep.equal(upTo(150));
    expect(written('bank')).to.deep.equal([1, 2, 3]);
    expect(await unpublished()).to.be.empty;
  });

  it('publishes the present page again from the first event that was not confirmed, when the broker went away', async () => {
    const publisher = bench.create();
    publisher.start();
    await settled();
    bench.channel.next('confirm', 'confirm', 'SEND_UNCONFIRMED', 'confirm');
    await tell(4);
    bench.channel.onSend(({ message }) => {
      // Whatever is confirmed behind the one that was lost is told again.
      if (message.properties.sequence === 4 && written().length === 4) bench.channel.down();
    });
    publisher.wake();
    await settled();
    expect(await unpublished()).to.deep.equal([{ project: 'shop', published: 2, last: 4 }]);
    await passTime(bench.clock, 3_000);
    expect(written()).to.deep.equal([1, 2, 3, 4]);
    bench.channel.up();
    await settled();
    expect(written()).to.deep.equal([1, 2, 3, 4, 3, 4]);
    expect(await unpublished()).to.be.empty;
  });

  it('publishes at once what comes one by one, and notes it together a moment later', async () => {
    const publisher = bench.create();
    publisher.start();
    await settled();
    for (const sequence of upTo(5)) {
      await tell(1);
      publisher.wake();
      await settled();
      expect(written()).to.deep.equal(upTo(sequence));
    }
    expect(await bench.store.events.unpublished(1)).to.deep.equal([
      { project: 'shop', published: 0, last: 5 },
    ]);
    const before = bench.store.transactions();
    expect(await unpublished()).to.be.empty;
    expect(bench.store.transactions()).to.equal(before + 1);
  });

  it('publishes what is numbered while a page of its project is under way', async () => {
    const publisher = bench.create();
    publisher.start();
    await settled();
    bench.channel.next('hold');
    await tell(1);
    publisher.wake();
    await settled();
    await tell(1);
    publisher.wake();
    bench.channel.sentTo('status.shop')[0]!.answer('confirm');
    await settled();
    expect(written()).to.deep.equal([1, 2]);
  });

  it('notes at its stop what was confirmed', async () => {
    const publisher = bench.create();
    publisher.start();
    await tell(3);
    publisher.wake();
    await settled();
    await publisher.stop(10_000);
    expect(await bench.store.events.unpublished(1)).to.be.empty;
  });

  it('passes over an event that the broker refuses, and counts it', async () => {
    const publisher = bench.create();
    publisher.start();
    bench.channel.next('confirm', 'SEND_REFUSED');
    await tell(3);
    publisher.wake();
    await settled();
    expect(written()).to.deep.equal([1, 2, 3]);
    expect(await unpublished()).to.be.empty;
    expect(bench.meter.counts()).to.deep.equal({ 'events-published': 2, 'events-unpublished': 1 });
    expect(bench.logger.sentences('warn')).to.deep.equal(['the broker refused a status event']);
  });

  it('tries again when the store fails, and says so', async () => {
    let isAway = false;
    const { events } = bench.store;
    const publisher = bench.create({
      log: { unpublished: (...query) => (isAway ? away() : events.unpublished(...query)) },
    });
    publisher.start();
    await settled();
    isAway = true;
    await tell(1);
    publisher.wake();
    await settled();
    expect(bench.logger.sentences('warn')).to.deep.equal(['status events could not be published']);
    isAway = false;
    await passTime(bench.clock, 1_000);
    expect(written()).to.deep.equal([1]);
  });

  it('does not begin at once again with a project whose events cannot be read', async () => {
    let reads = 0;
    let isAway = true;
    const page: EventLog['page'] = (...query) => {
      reads += 1;
      return isAway ? away() : bench.store.events.page(...query);
    };
    const publisher = bench.create({ log: { page } });
    await tell(1);
    publisher.start();
    await settled(60);
    expect(reads).to.equal(1);
    isAway = false;
    await passTime(bench.clock, 6_000);
    expect(written()).to.deep.equal([1]);
  });

  it('leaves it to the instance that has the duty, and takes over from one that died', async () => {
    await tell(2);
    const publisher = bench.create({ owner: 'other' });
    publisher.start();
    await passTime(bench.clock, 5_000);
    expect(written()).to.be.empty;
    // The lease of the one that numbered.
    await passTime(bench.clock, 60_000, { stepMs: 1_000 });
    expect(written()).to.deep.equal([1, 2]);
  });

  it('publishes what is still kept of events that retention has removed', async () => {
    await tell(2);
    const kept = 7 * 24 * 3_600_000;
    bench.clock.advance(kept - 1_000);
    await tell(1);
    bench.clock.advance(1_000);
    await bench.store.events.sweep(10);
    const publisher = bench.create();
    publisher.start();
    await settled();
    expect(written()).to.deep.equal([3]);
    expect(await unpublished()).to.be.empty;
  });

  it('ends when what is under way is answered, and begins nothing more', async () => {
    const publisher = bench.create();
    bench.channel.always('hold');
    await tell(70);
    publisher.start();
    await settled();
    expect(bench.channel.pending).to.equal(64);
    let hasStopped = false;
    const stopped = publisher.stop(10_000).then(() => (hasStopped = true));
    await settled();
    expect(hasStopped).to.equal(false);
    for (const frame of bench.channel.sent) frame.answer('confirm');
    await stopped;
    expect(bench.channel.sent).to.have.lengthOf(64);
    expect(await unpublished()).to.deep.equal([{ project: 'shop', published: 64, last: 70 }]);
    expect([bench.channel.listeners, bench.clock.pending]).to.deep.equal([0, 0]);
  });

  it('ends at its deadline though a topic confirms nothing, and notes what others confirmed', async () => {
    const publisher = bench.create();
    bench.channel.always(({ destination }) => (destination.name === 'status.full' ? 'hold' : 'confirm'));
    await tell(3, { project: 'full' });
    publisher.start();
    await settled();
    await tell(2);
    publisher.wake();
    await settled();
    let hasStopped = false;
    const stopped = publisher.stop(8_000).then(() => (hasStopped = true));
    await passTime(bench.clock, 3_750);
    expect(hasStopped).to.equal(false);
    await passTime(bench.clock, 250);
    // Half of the time: it is needed for others too.
    await stopped;
    expect(bench.clock.pending).to.equal(0);
    const lacking = [{ project: 'full', published: 0, last: 3 }];
    expect(await unpublished()).to.deep.equal(lacking);
    // What comes too late changes nothing.
    for (const frame of bench.channel.sentTo('status.full')) frame.answer('confirm');
    await settled();
    expect(await unpublished()).to.deep.equal(lacking);
    expect(bench.channel.sent).to.have.length(5);
  });

  it('ends within seconds, however long its deadline is', async () => {
    const publisher = bench.create();
    bench.channel.always('hold');
    await tell(1);
    publisher.start();
    await settled();
    const stopped = publisher.stop(600_000);
    await passTime(bench.clock, 5_000);
    await stopped;
    expect(bench.clock.pending).to.equal(0);
  });
});
