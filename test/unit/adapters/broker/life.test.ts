import { connect as connectTcp, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { happens } from '../../../support/happens.js';
import { createEmbeddedBroker } from '#adapters/broker/embedded-broker.js';
import type { Clock } from '#core/ports/clock.js';
import { systemClock } from '#app/system-clock.js';
import { embeddedBroker } from '../../../support/embedded-broker.js';
import { failureOf, thrownBy } from '../../../support/errors.js';
import { encodeRawFrame, openRawStomp } from '../../../support/raw-stomp.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { until, within } from '../../../support/until.js';

describe('the life of the embedded broker', () => {
  const folder = temporaryFolder();
  const path = (): string => join(folder(), 'broker.db');

  it('listens on 127.0.0.1 and says on which port', async () => {
    const broker = createEmbeddedBroker({ path: path(), clock: systemClock, port: 0, version: '1.2.3' });
    const { host, port } = await broker.start();
    expect(host).to.equal('127.0.0.1');
    const client = await openRawStomp(port);
    const { headers } = await client.connect();
    expect(headers['server']).to.equal('replyto-embedded/1.2.3');
    expect(headers['session']).to.match(/^\w+$/u);
    await broker.stop(1_000);
    await client.closed;
  });

  it('fails with PORT_TAKEN that names the port and the remedy, and leaves the file free', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const error = await failureOf(createEmbeddedBroker({ path: path(), clock: systemClock, port }).start());
    expect(error.code).to.equal('PORT_TAKEN');
    expect(error.message).to.include(String(port)).and.include('choose another');
    await new Promise((resolve) => other.close(resolve));
    const broker = createEmbeddedBroker({ path: path(), clock: systemClock, port });
    await broker.start();
    await broker.stop(1_000);
  });

  it('fails with STORE_LOCKED while another broker has the file', async () => {
    const first = createEmbeddedBroker({ path: path(), clock: systemClock, port: 0 });
    await first.start();
    const error = await failureOf(
      createEmbeddedBroker({ path: path(), clock: systemClock, port: 0 }).start(),
    );
    expect(error.code).to.equal('STORE_LOCKED');
    await first.stop(1_000);
  });

  it('refuses limits that are none, all of them at once', () => {
    const limits = { bodyBytes: 0, storedBytes: 1.5, nonsense: 1 };
    const error = thrownBy(() => createEmbeddedBroker({ path: path(), clock: systemClock, limits }));
    expect(error.code).to.equal('INVALID_ARGUMENT');
    expect(error.problems.map(({ field }) => field)).to.deep.equal([
      'limits.bodyBytes',
      'limits.storedBytes',
      'limits.nonsense',
    ]);
  });

  it('stops before it was started, twice, and never starts again', async () => {
    const broker = createEmbeddedBroker({ path: path(), clock: systemClock, port: 0 });
    await broker.stop(1_000);
    await broker.stop(1_000);
    await failureOf(broker.start());
  });

  it('leaves no timer, whatever its clients did', async () => {
    let timers = 0;
    const clock: Clock = {
      ...systemClock,
      after(ms, callback) {
        timers += 1;
        let counted = true;
        const done = (): void => {
          if (counted) timers -= 1;
          counted = false;
        };
        const cancel = systemClock.after(ms, () => {
          done();
          callback();
        });
        return () => {
          done();
          cancel();
        };
      },
    };
    const broker = createEmbeddedBroker({ path: path(), clock, port: 0 });
    const { port } = await broker.start();
    const silent = await openRawStomp(port);
    const half = await openRawStomp(port);
    half.write('CONNECT\n');
    const beating = await openRawStomp(port);
    await beating.connect({ 'heart-beat': '500,500' });
    await beating.confirmed('SUBSCRIBE', { id: 's', destination: '/queue/a', ack: 'client' });
    await beating.confirmed('SEND', { destination: '/queue/a' }, 'x');
    const faulty = await openRawStomp(port);
    faulty.write('nonsense\n\n\0');
    await faulty.take('ERROR');
    await until(() => timers >= 5, { what: 'the timers of the connections' });
    await broker.stop(1_000);
    expect(timers).to.equal(0);
    await Promise.all([silent, half, beating, faulty].map((client) => client.closed));
  });

  it('has ended at the deadline, also when a client reads nothing and keeps its side open', async () => {
    const broker = createEmbeddedBroker({ path: path(), clock: systemClock, port: 0 });
    const { port } = await broker.start();
    const dead = await openRawStomp(port);
    await dead.connect();
    await dead.confirmed('SUBSCRIBE', { id: 's', destination: '/queue/a', ack: 'client' });
    dead.pause();
    const sender = await openRawStomp(port);
    await sender.connect();
    for (let count = 0; count < 20; count += 1) {
      await sender.confirmed('SEND', { destination: '/queue/a' }, Buffer.alloc(1024 * 1024));
    }
    const startedAt = performance.now();
    await broker.stop(300);
    expect(performance.now() - startedAt).to.be.within(250, 2_000);
    dead.destroy();
  });
});

describe('the embedded broker with an impatient end of connections', () => {
  const fixture = embeddedBroker({ limits: { closeMs: 200 } });

  it('does not wait for a client that never closes its side', async () => {
    const socket = connectTcp({ port: fixture.port, host: '127.0.0.1', allowHalfOpen: true });
    const ended = new Promise((resolve) => socket.on('end', resolve));
    socket.on('error', () => undefined).resume();
    socket.write('nonsense\n\n\0');
    await within(ended, { what: 'the end of the broker side' });
    expect(fixture.broker.statistics().connections).to.equal(1);
    await until(() => fixture.broker.statistics().connections === 0, { what: 'the end of the connection' });
    socket.destroy();
  });
});

describe('a running embedded broker', () => {
  const fixture = embeddedBroker();

  it('confirms at stop what it has taken, and takes nothing more', async () => {
    const client = await fixture.client();
    const send = (text: string): void =>
      client.frame('SEND', { destination: '/queue/a', persistent: 'true', receipt: text }, text);
    for (let number = 0; number < 100; number += 1) send(String(number));
    await client.take('RECEIPT', { 'receipt-id': '0' });
    const stopped = fixture.broker.stop(2_000);
    send('too late');
    await stopped;
    await client.closed;
    const confirmed = client.pending.filter(({ command }) => command === 'RECEIPT').length + 1;
    await fixture.restart();
    expect(fixture.queue('a').depth).to.equal(confirmed);
  });

  it('gives nothing out any more while it stops, also what comes back from connections that end', async () => {
    await fixture.send('/queue/a', '1', '2');
    const first = await fixture.subscriber('/queue/a');
    await first.messages(2);
    const second = await fixture.subscriber('/queue/a');
    await fixture.broker.stop(2_000);
    await second.closed;
    expect(second.pending).to.deep.equal([]);
  });

  it('writes the answers to what one turn brought at once', async () => {
    const client = await fixture.client();
    const before = client.pieces.length;
    const frames = Array.from({ length: 50 }, (_, number) =>
      encodeRawFrame('SEND', { destination: '/queue/a', persistent: 'true', receipt: String(number) }, 'x'),
    );
    const transactions = fixture.broker.statistics().transactions;
    client.write(Buffer.concat(frames));
    await client.take('RECEIPT', { 'receipt-id': '49' });
    expect(client.pieces.length - before).to.equal(1);
    expect(fixture.broker.statistics().transactions - transactions).to.equal(1);
  });

  it('confirms what was sent before the client closed its side', async () => {
    const client = await fixture.client();
    client.frame('SEND', { destination: '/queue/a', persistent: 'true', receipt: 'r' }, 'x');
    client.end();
    await client.take('RECEIPT', { 'receipt-id': 'r' });
    await client.closed;
    await until(() => fixture.broker.statistics().connections === 0, { what: 'the end of the connection' });
  });

  it('closes the connection after the receipt of DISCONNECT', async () => {
    const client = await fixture.client();
    await client.confirmed('DISCONNECT');
    await client.closed;
  });

  happens(
    'STOMP',
    'heart-beats that were agreed on and do not come',
    'closed after twice the interval; what the client had goes to others',
    async () => {
      await fixture.send('/queue/a', 'x');
      const silent = await fixture.client({ 'heart-beat': '500,500' });
      await silent.confirmed('SUBSCRIBE', { id: 's', destination: '/queue/a', ack: 'client' });
      await silent.messages(1);
      const other = await fixture.subscriber('/queue/a');
      expect((await other.take('MESSAGE')).headers['redelivered']).to.equal('true');
      expect((await silent.take('ERROR')).headers['message']).to.equal('heart-beats stopped');
      expect(silent.beats).to.be.within(1, 6);
    },
  );

  it('tells figures of what it holds', async () => {
    const consumer = await fixture.subscriber('/queue/a', { 'prefetch-count': '1' });
    await fixture.send('/queue/a', '1', '2', '3');
    await consumer.messages(1);
    await until(() => fixture.broker.statistics().connections === 1, { what: 'one connection' });
    const { queues, sent, delivered, transactions, storedBytes, memoryBytes } = fixture.broker.statistics();
    expect(queues).to.deep.equal([{ name: 'a', depth: 2, consumers: 1, inFlight: 1 }]);
    expect({ sent, delivered, transactions }).to.deep.equal({ sent: 3, delivered: 1, transactions: 3 });
    expect(storedBytes).to.equal((3 * memoryBytes) / 2);
  });
});
