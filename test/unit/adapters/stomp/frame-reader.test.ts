import { expect } from 'chai';
import fc from 'fast-check';
import { FrameFault } from '#adapters/stomp/frame-reader.js';
import { startWorkTime } from '../../../support/work-time.js';
import { createReader, cut, read } from './frame-reader-bench.js';

function faultOf(chunks: readonly (string | Buffer)[], given = createReader()): string {
  try {
    read(chunks, given);
  } catch (error) {
    if (!(error instanceof FrameFault)) throw error;
    // It is dead: what comes now is nothing to it.
    expect(read(['MESSAGE\n\n\0'], given)).to.deep.equal([]);
    expect(given.reader.heldBytes).to.equal(0);
    return error.message;
  }
  return expect.fail('nothing was refused');
}

/** Only a MESSAGE may have a NUL in its body. */
const brokerFrame = fc
  .record({
    command: fc.constantFrom('MESSAGE', 'RECEIPT', 'ERROR'),
    names: fc.array(fc.constantFrom('a', 'b-c', 'x'), { maxLength: 4 }),
    body: fc.uint8Array({ maxLength: 300 }),
    sized: fc.boolean(),
    lineEnd: fc.constantFrom('\n', '\r\n'),
  })
  .map((frame) =>
    frame.sized && frame.command === 'MESSAGE'
      ? frame
      : { ...frame, body: frame.body.filter((byte) => byte !== 0) },
  );

type BrokerFrame = typeof brokerFrame extends fc.Arbitrary<infer T> ? T : never;

function encode({ command, names, body, sized, lineEnd }: BrokerFrame): Buffer {
  const length = sized ? [`content-length:${body.length}`] : [];
  const lines = [command, ...names.map((name) => `${name}:1`), ...length, '', ''];
  return Buffer.concat([Buffer.from(lines.join(lineEnd)), body, Buffer.of(0)]);
}

describe('the reader of what a broker sends', () => {
  it('gives every frame and its body back, however the bytes are split', () => {
    fc.assert(
      fc.property(
        fc.array(brokerFrame, { maxLength: 5 }),
        fc.array(fc.nat({ max: 3_000 }), { maxLength: 12 }),
        fc.nat({ max: 2 }),
        (frames, cuts, beats) => {
          const given = createReader();
          const bytes = Buffer.concat(frames.flatMap((frame) => [encode(frame), Buffer.alloc(beats, '\n')]));
          const bodies = read(cut(bytes, cuts), given).map(({ body }) => body);
          expect(bodies).to.deep.equal(frames.map(({ body }) => Buffer.from(body).toString('latin1')));
          expect([given.damage, given.reader.heldBytes]).to.deep.equal([[], 0]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('throws nothing but its own fault whatever comes, holds no more than its limits, and is dead afterwards', () => {
    const piece = fc.constantFrom(
      'MESSAGE\n',
      'RECEIPT\n',
      'a:b\n',
      'content-length:',
      '7',
      '\n',
      '\0',
      '\r\n',
      'xyz',
      ':',
    );
    const chunk = fc.oneof(
      fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 20 }), (chunks) => {
        const { reader } = createReader({ mostHeadBytes: 100, mostBodyBytes: 100 });
        let isDead = false;
        for (const bytes of chunks) {
          try {
            for (const { body } of reader.read(Buffer.from(bytes))) {
              expect(isDead).to.equal(false);
              expect(body.length).to.be.at.most(100 + Buffer.byteLength(bytes));
            }
          } catch (error) {
            expect(error).to.be.instanceOf(FrameFault);
            isDead = true;
          }
          expect(reader.heldBytes).to.be.at.most(202 + Buffer.byteLength(bytes));
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('hands on a head without a body, and says that there was a length', () => {
    expect(read(['MESSAGE\r\na:1\r\ncontent-length:3\r\n\r\nx\0y\0'])).to.deep.equal([
      { head: 'MESSAGE\na:1\r\ncontent-length:0\n\n\0', body: 'x\0y' },
    ]);
  });

  const message = 'MESSAGE\na:1\n\nnext\0';
  const damaged: readonly (readonly [what: string, frame: string, body: string, damage: string])[] = [
    [
      'a length below that of the body',
      'MESSAGE\ncontent-length:2\n\nfour\0',
      'four',
      'not that of the body',
    ],
    [
      'a length above that of the body',
      'MESSAGE\ncontent-length:9\n\nfour\0',
      'four',
      'not that of the body',
    ],
    ['a length that is no number', 'MESSAGE\ncontent-length:0x4\n\nfour\0', 'four', 'no number'],
    ['a negative length', 'MESSAGE\ncontent-length:-1\n\nfour\0', 'four', 'no number'],
    ['a NUL in text', 'MESSAGE\n\nfour\0and more\0', 'four', 'that is none'],
    ['a header line without a colon', 'MESSAGE\nnonsense\n\nfour\0', 'four', 'without a name and a colon'],
    [
      'a subscription that every object has',
      'MESSAGE\nsubscription:toString\n\nfour\0',
      'four',
      'subscription',
    ],
  ];
  for (const [what, frame, body, damage] of damaged) {
    it(`does not lose the next frame over ${what}, whole or byte by byte`, () => {
      for (const chunks of [[frame + message], Array.from(frame + message)]) {
        const given = createReader();
        expect(read(chunks, given).map((one) => one.body)).to.deep.equal([body, 'next']);
        expect(given.damage.join()).to.include(damage);
      }
    });
  }

  it('does not lose the next frame over one that ends in its headers', () => {
    const given = createReader();
    expect(
      read([`${message}RECEIPT\nreceipt-id:1\0${message}`], given).map(({ body }) => body),
    ).to.deep.equal(['next', 'next']);
    expect(given.damage).to.have.length(1);
  });

  it('refuses what does not begin with a frame, and says what it was', () => {
    const said = faultOf(['HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n']);
    expect(said).to.equal("it does not speak STOMP but says 'HTTP/1.1 400 Bad Request Server: x'");
  });

  it('refuses heart-beats of which stompjs would make timers that overflow', () => {
    for (const beats of ['4294967296', '0,2147483648', '1', 'x,y', '-1,0', '']) {
      expect(faultOf([`CONNECTED\nheart-beat:${beats}\n\n\0`])).to.include(`heart-beat '${beats}'`);
    }
    expect(read(['CONNECTED\nheart-beat:0, 2147483647\n\n\0'])).to.have.length(1);
  });

  const endless: readonly (readonly [what: string, beginning: string, piece: string, said: RegExp])[] = [
    ['header lines', 'MESSAGE\n', 'a:1\n', /headers .* more than 2000 bytes/u],
    ['one header', 'MESSAGE\na:', 'xxxx', /headers .* more than 2000 bytes/u],
    ['a body', 'MESSAGE\n\n', 'xxxx', /body of more than 10000 bytes/u],
  ];
  for (const [what, beginning, piece, said] of endless) {
    it(`refuses ${what} without end, at its limit`, () => {
      const given = createReader();
      read([beginning], given);
      const pieces = Array<string>(5_000).fill(piece);
      expect(faultOf(pieces, given)).to.match(said);
      expect(faultOf([beginning + pieces.join('')])).to.match(said);
    });
  }

  it('refuses a body that is announced too large before any of it comes', () => {
    expect(faultOf(['MESSAGE\ncontent-length:10001\n\n'])).to.match(/body of 10001 bytes, of which 10000/u);
  });

  it('takes what is exactly at the limits', () => {
    const body = 'x'.repeat(10_000);
    expect(
      read([`MESSAGE\n\n${body}\0MESSAGE\ncontent-length:10000\n\n${body}\0`]).map((one) => one.body),
    ).to.deep.equal([body, body]);
  });

  it('reads lengths that are all wrong without going over the bytes again and again', () => {
    const given = createReader({ mostBodyBytes: 4_000_000 });
    const frame = 'MESSAGE\ncontent-length:3000000\n\nx\0';
    const frames = Buffer.from(frame.repeat(200_000));
    const workedMs = startWorkTime();
    let count = 0;
    for (let from = 0; from < frames.length; from += 65_536) {
      count += read([frames.subarray(from, from + 65_536)], given).length;
    }
    expect(count).to.be.above(100_000);
    // Takes half a second; moving 3 MB for each frame would take minutes.
    expect(workedMs()).to.be.below(10_000);
  });
});
