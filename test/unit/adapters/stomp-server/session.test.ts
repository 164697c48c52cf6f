import { expect } from 'chai';
import type { Deferred } from '#core/deferred.js';
import { createDeferred } from '#core/deferred.js';
import { silentLogger } from '#core/ports/logger.js';
import type { Session } from '#adapters/stomp-server/frame-handler.js';
import type { Frame } from '#adapters/stomp-server/frame.js';
import { defaultSessionLimits } from '#adapters/stomp-server/limits.js';
import { createLoginCheck } from '#adapters/stomp-server/login.js';
import { protocolFault, refusal } from '#adapters/stomp-server/refusal.js';
import { createSession } from '#adapters/stomp-server/session.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import type { MemoryTransport } from '../../../support/memory-transport.js';
import { createMemoryTransport } from '../../../support/memory-transport.js';
import { until } from '../../../support/until.js';

describe('a STOMP session', () => {
  let transport: MemoryTransport;
  let clock: ManualClock;
  let session: Session;
  let frames: Frame[];
  let handlerClosed: number;
  let sessionClosed: number;
  let writable: number;
  /** What the handler answers; by default it is done at once. */
  let answer: (frame: Frame) => Promise<void> | undefined;

  function start(login?: { login: string; passcode: string }): void {
    transport = createMemoryTransport();
    clock = createManualClock();
    frames = [];
    handlerClosed = 0;
    sessionClosed = 0;
    writable = 0;
    answer = () => undefined;
    session = createSession({
      id: 's-1',
      transport,
      server: 'test/1.0',
      limits: defaultSessionLimits,
      clock,
      logger: silentLogger,
      login: login === undefined ? undefined : createLoginCheck(login),
      accept: () => ({
        handle: (frame) => {
          frames.push(frame);
          return answer(frame);
        },
        writable: () => (writable += 1),
        closed: () => (handlerClosed += 1),
      }),
      onClosed: () => (sessionClosed += 1),
    });
  }

  function connect(headers = 'accept-version:1.2,1.1\n'): void {
    transport.receive(`CONNECT\n${headers}host:x\n\n\0`);
  }

  beforeEach(() => start());

  describe('that opens', () => {
    it('answers CONNECT with version, heart-beat, server and session', () => {
      connect('accept-version:1.0,1.1,1.2\nheart-beat:1000,2000\n');
      expect(transport.written).to.equal(
        'CONNECTED\nversion:1.2\nheart-beat:2000,1000\nserver:test/1.0\nsession:s-1\n\n\0',
      );
    });

    it('takes STOMP for CONNECT, and 1.1 when that is what the client speaks', () => {
      transport.receive('STOMP\naccept-version:1.1\nhost:x\n\n\0');
      expect(transport.written).to.include('version:1.1\n');
      expect(session.version).to.equal('1.1');
    });

    it('reads frames that come together with CONNECT by the rules of the agreed version', () => {
      transport.receive('CONNECT\naccept-version:1.1\nhost:x\n\n\0SEND\na:1\r\n\n\0');
      expect(frames[0]?.headers.get('a')).to.equal('1\r');
    });

    it('refuses a client of 1.0 and names the versions', () => {
      for (const headers of ['', 'accept-version:1.0\n', 'accept-version:2.0\n']) {
        start();
        connect(headers);
        expect(transport.written)
          .to.include('ERROR\n')
          .and.include('version:1.2,1.1\n')
          .and.include('are 1.2 1.1');
        expect(transport.closed).to.equal(true);
      }
    });

    it('refuses any other frame before CONNECT', () => {
      transport.receive('SEND\nreceipt:r\ndestination:x\n\n\0');
      expect(transport.written).to.include('message:SEND before CONNECT').and.include('receipt-id:r');
      expect(transport.closed).to.equal(true);
    });

    it('refuses a second CONNECT', () => {
      connect();
      connect();
      expect(transport.commands()).to.deep.equal(['CONNECTED', 'ERROR']);
      expect(transport.closed).to.equal(true);
    });

    it('ends a connection that says nothing for ten seconds', () => {
      clock.advance(9_999);
      expect(transport.closed).to.equal(false);
      clock.advance(1);
      expect(transport.written).to.include('message:no CONNECT in time');
      expect(transport.closed).to.equal(true);
    });

    it('asks for the right login and passcode when it was given some', () => {
      const attempt = (headers: string): string => {
        start({ login: 'me', passcode: 'secret' });
        connect(`accept-version:1.2\n${headers}`);
        return transport.commands().join();
      };
      expect(attempt('login:me\npasscode:secret\n')).to.equal('CONNECTED');
      for (const wrong of ['', 'login:me\n', 'login:me\npasscode:secre\n', 'login:you\npasscode:secret\n']) {
        expect(attempt(wrong)).to.equal('ERROR');
        expect(transport.written).to.include('message:login refused').and.not.include('secret');
        expect(transport.closed).to.equal(true);
      }
    });
  });

  describe('that is open', () => {
    beforeEach(() => {
      connect();
    });

    it('confirms a frame at once when the handler is done at once', () => {
      transport.receive('SUBSCRIBE\nreceipt:a:b\n\n\0');
      expect(transport.written).to.include('RECEIPT\nreceipt-id:a\\cb\n\n\0');
    });

    it('confirms a frame only when the promise of the handler resolves', async () => {
      const stored = createDeferred<undefined>();
      answer = () => stored.promise;
      transport.receive('SEND\nreceipt:1\n\n\0');
      expect(transport.commands()).to.deep.equal(['CONNECTED']);
      stored.resolve(undefined);
      await until(() => transport.commands().includes('RECEIPT'), { what: 'the receipt' });
    });

    it('answers a refusal with ERROR, receipt-id and what is allowed, and serves on', async () => {
      answer = (frame) => {
        if (frame.command === 'ACK') throw refusal('delivery unknown', 'Only known ones.');
        return frame.command === 'SEND' ? Promise.reject(refusal('store full', 'Later.')) : undefined;
      };
      transport.receive('ACK\nreceipt:1\n\n\0SEND\nreceipt:2\n\n\0');
      await until(() => transport.commands().length === 3, { what: 'two errors' });
      transport.receive('BEGIN\nreceipt:3\n\n\0');
      expect(transport.commands()).to.deep.equal(['CONNECTED', 'ERROR', 'ERROR', 'RECEIPT']);
      expect(transport.written)
        .to.include('message:delivery unknown')
        .and.include('receipt-id:1')
        .and.include('Only known ones.');
      expect(transport.written).to.include('message:store full').and.include('receipt-id:2');
      expect(transport.closed).to.equal(false);
    });

    it('finishes and confirms what is under way before it answers a fault and closes', async () => {
      const stored = createDeferred<undefined>();
      answer = () => stored.promise;
      transport.receive('SEND\nreceipt:1\n\n\0nonsense\n\n\0');
      expect(handlerClosed).to.equal(1);
      expect(transport.closed).to.equal(false);
      stored.resolve(undefined);
      await until(() => transport.closed, { what: 'the close' });
      expect(transport.commands()).to.deep.equal(['CONNECTED', 'RECEIPT', 'ERROR']);
    });

    it('reads nothing after a fault', () => {
      transport.receive('nonsense\n\n\0SEND\n\n\0');
      transport.receive('SEND\n\n\0');
      expect(frames).to.deep.equal([]);
      expect(transport.commands()).to.deep.equal(['CONNECTED', 'ERROR']);
    });

    it('hides a failure inside the server, and closes', () => {
      answer = () => {
        throw new Error('password of the database is x');
      };
      transport.receive('SEND\nreceipt:1\n\n\0');
      expect(transport.written).to.include('failure inside the server').and.include('receipt-id:1');
      expect(transport.written).not.to.include('password');
      expect(transport.closed).to.equal(true);
    });

    it('confirms DISCONNECT after everything before it, then closes', async () => {
      const stored: Deferred<undefined>[] = [];
      answer = () => {
        stored.push(createDeferred<undefined>());
        return stored[stored.length - 1]?.promise;
      };
      transport.receive(
        'SEND\nreceipt:1\n\n\0SEND\nreceipt:2\n\n\0DISCONNECT\nreceipt:bye\n\n\0SEND\nreceipt:3\n\n\0',
      );
      expect(stored).to.have.length(2);
      stored[1]?.resolve(undefined);
      stored[0]?.resolve(undefined);
      await until(() => transport.closed, { what: 'the close' });
      expect(transport.written).to.match(/receipt-id:2\n[^]*receipt-id:1\n[^]*receipt-id:bye\n\n\0$/u);
      expect(handlerClosed).to.equal(1);
    });

    it('still confirms when the client has closed its side', async () => {
      const stored = createDeferred<undefined>();
      answer = () => stored.promise;
      transport.receive('SEND\nreceipt:1\n\n\0');
      transport.endInput();
      stored.resolve(undefined);
      await until(() => transport.closed, { what: 'the close' });
      expect(transport.commands()).to.deep.equal(['CONNECTED', 'RECEIPT']);
    });

    it('tells handler and owner once that the connection is gone, whatever ended it', () => {
      transport.drop();
      expect([handlerClosed, sessionClosed]).to.deep.equal([1, 1]);
      start();
      connect();
      transport.receive('DISCONNECT\n\n\0');
      transport.drop();
      expect([handlerClosed, sessionClosed]).to.deep.equal([1, 1]);
    });

    it('has no timer left when the connection is gone', () => {
      start();
      connect('accept-version:1.2\nheart-beat:1000,1000\n');
      transport.receive('SEND\n');
      expect(clock.pending).to.be.above(0);
      transport.drop();
      expect(clock.pending).to.equal(0);
    });

    it('ends a frame that stalls half-way, but not one that goes on slowly', () => {
      transport.receive('SEND\nreceipt:1\n');
      for (let times = 0; times < 4; times += 1) {
        clock.advance(20_000);
        transport.receive('a:1\n');
      }
      expect(transport.closed).to.equal(false);
      clock.advance(30_000);
      expect(transport.written).to.include('message:half a frame');
      expect(transport.closed).to.equal(true);
    });

    it('does not mind silence between frames', () => {
      transport.receive('SEND\n\n\0\n');
      clock.advance(3_600_000);
      expect(transport.closed).to.equal(false);
    });
  });

  describe('with heart-beats', () => {
    beforeEach(() => {
      connect('accept-version:1.2\nheart-beat:1000,1000\n');
    });

    it('sends them, and closes when those of the client stop', () => {
      for (let times = 0; times < 10; times += 1) {
        clock.advance(1_000);
        transport.receive('\n');
      }
      expect(transport.closed).to.equal(false);
      expect(transport.written.split('\0')[1]).to.match(/^\n{5,}$/u);
      clock.advance(2_100);
      expect(transport.written).to.include('message:heart-beats stopped');
      expect(transport.closed).to.equal(true);
    });
  });

  describe('with a client that does not read', () => {
    const megabyte = [Buffer.alloc(1024 * 1024)];

    beforeEach(() => {
      connect();
      clock.advance(60_000);
      transport.hold();
    });

    it('is behind while more than 1 MiB waits, and says when it no longer is', () => {
      session.send(megabyte);
      expect(session.isBehind()).to.equal(false);
      session.send([Buffer.of(10)]);
      expect(session.isBehind()).to.equal(true);
      transport.flush();
      expect(session.isBehind()).to.equal(false);
      expect(writable).to.equal(1);
    });

    it('stops reading from it when answers pile up, and goes on when they are gone', () => {
      for (let times = 0; times < 5; times += 1) session.send(megabyte);
      expect(transport.paused).to.equal(true);
      transport.flush();
      expect(transport.paused).to.equal(false);
    });

    it('is ended when nothing is taken for a minute', () => {
      session.send(megabyte);
      clock.advance(59_999);
      expect(transport.destroyed).to.equal(false);
      clock.advance(1);
      expect(transport.destroyed).to.equal(true);
      expect(clock.pending).to.equal(0);
    });
  });

  it('passes a fault of its handler on to the client and closes', () => {
    connect();
    session.fail(protocolFault('too far behind', 'Read faster.'));
    expect(transport.written).to.include('message:too far behind').and.include('Read faster.');
    expect(transport.closed).to.equal(true);
    session.fail(protocolFault('again', ''));
    expect(transport.commands()).to.deep.equal(['CONNECTED', 'ERROR']);
  });
});
