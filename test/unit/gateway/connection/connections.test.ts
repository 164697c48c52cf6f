import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import { expect } from 'chai';
import type { Call, Connections } from '#gateway/connection/connections.js';
import { trackConnections } from '#gateway/connection/connections.js';

class FakeResponse extends EventEmitter {
  closed = false;
  #isFinished = false;
  readonly #onLook: () => void;

  constructor(onLook: () => void) {
    super();
    this.#onLook = onLook;
  }

  get writableFinished(): boolean {
    this.#onLook();
    return this.#isFinished;
  }

  /** The system has all of it; Node hears that before it is through with the call. */
  finish(): void {
    this.#isFinished = true;
    this.emit('finish');
  }

  close(): void {
    this.closed = true;
    this.emit('close');
  }
}

class FakeSocket extends EventEmitter {
  destroyed = false;

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

describe('the connections of a server', () => {
  let server: EventEmitter;
  let socket: FakeSocket;
  let connections: Connections;
  let looks: number;

  beforeEach(() => {
    server = new EventEmitter();
    connections = trackConnections(server as Server);
    socket = new FakeSocket();
    server.emit('connection', socket);
    looks = 0;
  });

  function begin(complete = true): FakeResponse {
    const response = new FakeResponse(() => (looks += 1));
    server.emit('request', { socket, complete }, response);
    return response;
  }

  const open = (): readonly Call[] => connections.calls(socket as never);
  function answered(): string[] {
    const heard: string[] = [];
    connections.whenAnswered(socket as never, () => heard.push('answered'));
    return heard;
  }

  it('look at each call a few times only, however many are pipelined', () => {
    const responses = Array.from({ length: 2_000 }, () => begin());
    for (const response of responses) {
      response.finish();
      response.close();
    }
    expect(open()).to.deep.equal([]);
    expect(looks).to.be.at.most(4 * responses.length);
  });

  it('have the calls that are not answered, in their order', () => {
    const [first, second, third] = [begin(), begin(), begin()];
    expect(open().map(({ response }) => response)).to.deep.equal([first, second, third]);
    first.finish();
    expect(open().map(({ response }) => response)).to.deep.equal([second, third]);
    first.close();
    expect(open().map(({ response }) => response)).to.deep.equal([second, third]);
  });

  it('have a call whose answer came before its end', () => {
    const early = begin(false);
    early.finish();
    early.close();
    expect(open().map(({ response }) => response)).to.deep.equal([early]);
    (open()[0]?.request as { complete: boolean }).complete = true;
    expect(open()).to.deep.equal([]);
  });

  it('are answered once Node is through with the last call, not before', () => {
    const [first, second] = [begin(), begin()];
    const heard = answered();
    first.finish();
    first.close();
    second.finish();
    const late = answered();
    expect([heard, late]).to.deep.equal([[], []]);
    second.close();
    expect([heard, late, answered()]).to.deep.equal([['answered'], ['answered'], ['answered']]);
  });

  it('are never answered when they end first', () => {
    const call = begin();
    const heard = answered();
    socket.destroy();
    call.close();
    expect([heard, answered()]).to.deep.equal([[], []]);
  });
});
