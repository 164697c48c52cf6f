import { expect } from 'chai';
import { EventEmitter } from 'node:events';
import type { Response } from 'express';
import { keepWaiting, turnOf } from '#gateway/connection/connection-waits.js';
import { thrownBy } from '../../../support/errors.js';
import { within } from '../../../support/until.js';

interface FakeSocket extends EventEmitter {
  destroyed: boolean;
}

function openSocket(): FakeSocket {
  return Object.assign(new EventEmitter(), { destroyed: false });
}

/** The response to a call of this connection; `isInTurn`: the answers before it are written. */
function responseOn(socket: FakeSocket, isInTurn = true): Response & EventEmitter {
  const parts = { req: { socket }, socket: isInTurn ? socket : null };
  return Object.assign(new EventEmitter(), parts) as unknown as Response & EventEmitter;
}

describe('a call that is kept waiting', () => {
  it('hears once that its client has hung up, unless it is over', () => {
    const socket = openSocket();
    const gone: string[] = [];
    const release = keepWaiting(responseOn(socket), () => gone.push('over'));
    keepWaiting(responseOn(socket), () => gone.push('first'));
    keepWaiting(responseOn(socket, false), () => gone.push('second'));
    release();
    socket.destroyed = true;
    socket.emit('close');
    expect(gone).to.deep.equal(['first', 'second']);
  });

  it('hears at once when its client was gone before', () => {
    const socket = openSocket();
    socket.destroyed = true;
    let gone = 0;
    const release = keepWaiting(responseOn(socket), () => (gone += 1));
    expect(gone).to.equal(1);
    release();
    expect(gone).to.equal(1);
  });

  it('is one of ten of its connection, and leaves its place when it is over', () => {
    const socket = openSocket();
    const releases = Array.from({ length: 10 }, () => keepWaiting(responseOn(socket), () => undefined));
    expect(socket.listenerCount('close')).to.equal(1);
    const refusal = thrownBy(() => keepWaiting(responseOn(socket), () => undefined));
    expect(refusal.code).to.equal('TOO_MANY_WAITING');
    keepWaiting(responseOn(openSocket()), () => undefined);
    releases[0]!();
    releases[0]!();
    keepWaiting(responseOn(socket), () => undefined);
    expect(() => keepWaiting(responseOn(socket), () => undefined)).to.throw();
  });
});

describe('the turn of a call', () => {
  it('is there, comes with its socket, or is given up', async () => {
    const socket = openSocket();
    const hangUp = new AbortController();
    await within(turnOf(responseOn(socket), hangUp.signal), { what: 'the turn that is there' });
    const behind = responseOn(socket, false);
    let isTurn = false;
    const turn = turnOf(behind, hangUp.signal).then(() => (isTurn = true));
    await Promise.resolve();
    expect(isTurn).to.equal(false);
    behind.emit('socket', socket);
    await within(turn, { what: 'the turn that came' });
    const given = turnOf(responseOn(socket, false), hangUp.signal);
    hangUp.abort();
    await within(given, { what: 'the turn that was given up' });
    await within(turnOf(responseOn(socket, false), hangUp.signal), {
      what: 'the turn of a client that is gone',
    });
  });
});
