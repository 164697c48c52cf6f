import { expect } from 'chai';
import type { OutputQueue } from '#adapters/stomp-server/output-queue.js';
import { createOutputQueue } from '#adapters/stomp-server/output-queue.js';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the output queue of a connection', () => {
  let written: Buffer[];
  let taken: (() => void)[];
  let flushes: number;
  let output: OutputQueue;

  beforeEach(() => {
    written = [];
    taken = [];
    flushes = 0;
    output = createOutputQueue({
      write: (piece, done) => {
        written.push(piece);
        taken.push(done);
      },
      onFlushed: () => (flushes += 1),
    });
  });

  it('writes at once what one turn of the event loop brought', async () => {
    for (const text of ['a', 'b', 'c']) output.push([Buffer.from(text), Buffer.from('.')]);
    expect(written).to.deep.equal([]);
    await nextTurn();
    expect(written.map(String)).to.deep.equal(['a.b.c.']);
    expect(output.bytes).to.equal(6);
  });

  it('has one piece on its way at a time, and counts it until it is taken', async () => {
    output.push([Buffer.from('a')]);
    await nextTurn();
    output.push([Buffer.from('b')]);
    await nextTurn();
    expect(written).to.have.length(1);
    expect(output.bytes).to.equal(2);
    taken[0]?.();
    expect(written.map(String)).to.deep.equal(['a', 'b']);
    expect([output.bytes, flushes]).to.deep.equal([1, 1]);
    taken[1]?.();
    expect([output.bytes, flushes]).to.deep.equal([0, 2]);
    output.push([Buffer.from('c')]);
    await nextTurn();
    expect(written).to.have.length(3);
  });

  it('cuts what is large, so that a slow client shows progress', async () => {
    const large = Buffer.from(Array.from({ length: 1_000_000 }, (_, index) => index % 251));
    output.push([Buffer.from('head'), large, Buffer.from('tail')]);
    await nextTurn();
    for (let done = taken.shift(); done !== undefined; done = taken.shift()) done();
    expect(
      Buffer.concat(written).equals(Buffer.concat([Buffer.from('head'), large, Buffer.from('tail')])),
    ).to.equal(true);
    expect(Math.max(...written.map(({ length }) => length))).to.be.at.most(256 * 1024);
    expect(output.bytes).to.equal(0);
  });

  it('writes nothing after it was cleared', async () => {
    output.push([Buffer.from('a')]);
    output.clear();
    output.push([Buffer.from('b')]);
    await nextTurn();
    expect(written).to.deep.equal([]);
    expect(output.bytes).to.equal(0);
  });
});
