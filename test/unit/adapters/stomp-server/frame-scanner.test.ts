import { expect } from 'chai';
import fc from 'fast-check';
import type { FrameScanner, ScannedPiece } from '#adapters/stomp-server/frame-scanner.js';
import { createFrameScanner } from '#adapters/stomp-server/frame-scanner.js';
import { clientCommands, serverCommands } from '#adapters/stomp-server/frame.js';
import type { FrameLimits } from '#adapters/stomp-server/limits.js';
import { defaultSessionLimits } from '#adapters/stomp-server/limits.js';

function createScanner(limits: Partial<FrameLimits> = {}): FrameScanner<string> {
  const scanner: FrameScanner<string> = createFrameScanner({ ...defaultSessionLimits, ...limits }, [
    ...clientCommands,
    ...serverCommands,
  ]);
  scanner.connected('1.2');
  return scanner;
}

function drain(scanner: FrameScanner<string>): ScannedPiece<string>[] {
  const pieces: ScannedPiece<string>[] = [];
  for (let piece = scanner.next(); piece !== undefined; piece = scanner.next()) pieces.push(piece);
  return pieces;
}

const nul = Buffer.of(0);

/** The stream that the pieces are made of. */
function joined(pieces: readonly ScannedPiece<string>[]): Buffer {
  return Buffer.concat(
    pieces.flatMap((piece) => (piece.kind === 'body' && piece.isLast ? [piece.bytes, nul] : [piece.bytes])),
  );
}

/** Feeds the chunks until one of them is refused; the pieces before that, and whether it came so far. */
function scanUntilFault(chunks: readonly Buffer[], scanner: FrameScanner<string>): ScannedPiece<string>[] {
  const pieces: ScannedPiece<string>[] = [];
  for (const chunk of chunks) {
    scanner.feed(chunk);
    try {
      for (let piece = scanner.next(); piece !== undefined; piece = scanner.next()) pieces.push(piece);
    } catch {
      return pieces;
    }
  }
  return expect.fail('nothing was refused');
}

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...places, bytes.length].map((end, index) => bytes.subarray(places[index - 1] ?? 0, end));
}

const stream = Buffer.from(
  'CONNECTED\nversion:1.2\n\n\0\n\r\n' +
    'MESSAGE\nmessage-id:1\ncontent-length:5\n\na\0b\0c\0\n' +
    'SEND\r\ndestination:/queue/a\r\n\r\nopen body\0',
);

describe('the STOMP frame scanner', () => {
  it('gives pieces that together are the stream, however its bytes are split', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 500 }), { maxLength: 20 }), (cuts) => {
        const scanner = createScanner();
        const pieces = split(stream, cuts).flatMap((chunk) => {
          scanner.feed(chunk);
          return drain(scanner);
        });
        expect(joined(pieces).toString('latin1')).to.equal(stream.toString('latin1'));
        expect(pieces.filter(({ kind }) => kind === 'head')).to.have.lengthOf(3);
        expect(scanner.midFrame).to.equal(false);
      }),
      { numRuns: 200 },
    );
  });

  it('gives a body out as it comes, without waiting for its end', () => {
    const scanner = createScanner({ bodyBytes: Number.MAX_SAFE_INTEGER });
    scanner.feed(Buffer.from('SEND\ncontent-length:1000000\n\n'));
    expect(drain(scanner).map(({ kind }) => kind)).to.deep.equal(['head']);
    scanner.feed(Buffer.alloc(1_000, 'x'));
    expect(drain(scanner)).to.deep.equal([{ kind: 'body', bytes: Buffer.alloc(1_000, 'x'), isLast: false }]);
    expect(scanner.midFrame).to.equal(true);
  });

  const faults: Readonly<Record<string, string>> = {
    'a command that nobody knows': 'SEND\n\n\0GET / HTTP/1.1\r\nHost: a\r\n\r\nrest',
    'a NUL in the headers': 'SEND\n\n\0AMQP\0\0\x01rest',
    'a header without a colon': 'SEND\nnothing\n\nbody\0rest',
    'a length that is none': 'SEND\ncontent-length:x\n\nbody\0rest',
    'a body that is longer than it says': 'SEND\ncontent-length:2\n\nbody\0rest',
    'a body over the limit': 'SEND\ncontent-length:2000\n\nbody\0rest',
    'headers over the limit': `SEND\nx:${'y'.repeat(3_000)}\n\n\0rest`,
  };
  for (const [what, text] of Object.entries(faults)) {
    it(`after ${what} still has every byte that it gave in no piece`, () => {
      const bytes = Buffer.from(text, 'latin1');
      fc.assert(
        fc.property(fc.array(fc.nat({ max: 4_000 }), { maxLength: 8 }), (cuts) => {
          const scanner = createScanner({ bodyBytes: 1_000, headerBlockBytes: 2_000 });
          const chunks = split(bytes, cuts);
          const pieces = scanUntilFault(chunks, scanner);
          const given = Buffer.concat([joined(pieces), scanner.rest()]);
          // What was not fed any more is with who feeds.
          expect(bytes.subarray(0, given.length).equals(given)).to.equal(true);
          expect([0, ...chunkEnds(chunks)]).to.include(given.length);
        }),
        { numRuns: 100 },
      );
    });
  }

  it('goes on to refuse after a fault', () => {
    const scanner = createScanner();
    scanner.feed(Buffer.from('NONSENSE\n\n\0'));
    expect(() => scanner.next()).to.throw("unknown command 'NONSENSE'");
    scanner.feed(Buffer.from('SEND\n\n\0'));
    expect(() => scanner.next()).to.throw("unknown command 'NONSENSE'");
  });
});

function chunkEnds(chunks: readonly Buffer[]): number[] {
  let end = 0;
  return chunks.map(({ length }) => (end += length));
}
