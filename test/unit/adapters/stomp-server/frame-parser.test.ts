import { expect } from 'chai';
import fc from 'fast-check';
import { encodeFrame } from '#adapters/stomp-server/frame-encoder.js';
import type { FrameParser } from '#adapters/stomp-server/frame-parser.js';
import { createFrameParser } from '#adapters/stomp-server/frame-parser.js';
import type { ClientCommand, StompVersion } from '#adapters/stomp-server/frame.js';
import { clientCommands } from '#adapters/stomp-server/frame.js';
import type { FrameLimits } from '#adapters/stomp-server/limits.js';
import { defaultSessionLimits } from '#adapters/stomp-server/limits.js';
import { StompRefusal } from '#adapters/stomp-server/refusal.js';
import { startWorkTime } from '../../../support/work-time.js';

interface Plain {
  readonly command: string;
  readonly headers: [string, string][];
  readonly body: string;
}

function createParser(limits: Partial<FrameLimits> = {}, version: StompVersion | null = '1.2'): FrameParser {
  const parser = createFrameParser({ ...defaultSessionLimits, ...limits });
  if (version !== null) parser.connected(version);
  return parser;
}

/** All frames of the chunks, as plain data. */
function parse(chunks: readonly (string | Buffer)[], parser = createParser()): Plain[] {
  const frames: Plain[] = [];
  for (const chunk of chunks) {
    parser.feed(Buffer.from(chunk));
    for (let frame = parser.next(); frame !== undefined; frame = parser.next()) {
      frames.push({
        command: frame.command,
        headers: [...frame.headers],
        body: frame.body.toString('latin1'),
      });
    }
  }
  return frames;
}

function faultOf(chunks: readonly (string | Buffer)[], parser = createParser()): StompRefusal {
  try {
    parse(chunks, parser);
  } catch (error) {
    if (error instanceof StompRefusal) return error;
    throw error;
  }
  return expect.fail('nothing was refused');
}

const anyFrame = fc.record({
  command: fc.constantFrom<ClientCommand>(...clientCommands.filter((command) => command !== 'CONNECT')),
  headers: fc.uniqueArray(
    fc.tuple(
      fc
        .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
        .filter((name) => name !== 'content-length'),
      fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('\r', '\n', ':', '\\', '\\n', ' x ', '')),
    ),
    { selector: ([name]) => name, maxLength: 6 },
  ),
  body: fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined }),
});

type AnyFrame = typeof anyFrame extends fc.Arbitrary<infer T> ? T : never;

function encode({ command, headers, body }: AnyFrame): Buffer {
  const bytes = body === undefined ? {} : { body: Buffer.from(body) };
  return Buffer.concat(encodeFrame({ command, headers, ...bytes }, '1.2'));
}

function toPlain({ command, headers, body }: AnyFrame): Plain {
  const length: [string, string][] = body === undefined ? [] : [['content-length', String(body.length)]];
  return { command, headers: [...length, ...headers], body: Buffer.from(body ?? []).toString('latin1') };
}

describe('the STOMP frame parser', () => {
  it('reads command, headers and a body that ends at NUL', () => {
    expect(parse(['SEND\ndestination:/queue/a\nx:1\n\nhello\0'])).to.deep.equal([
      {
        command: 'SEND',
        headers: [
          ['destination', '/queue/a'],
          ['x', '1'],
        ],
        body: 'hello',
      },
    ]);
  });

  it('reads as many bytes as content-length says, NUL among them', () => {
    const [frame] = parse(['SEND\ncontent-length:5\n\na\0b\0c\0']);
    expect(frame?.body).to.equal('a\0b\0c');
  });

  it('gives back what the encoder made of any frames, however the bytes are split', () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat({ max: 3_000 }), { maxLength: 12 }),
        fc.nat({ max: 3 }),
        (frames, cuts, beats) => {
          const bytes = Buffer.concat(frames.flatMap((frame) => [encode(frame), Buffer.alloc(beats, '\n')]));
          const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
          const chunks = [...places, bytes.length].map((end, index) =>
            bytes.subarray(places[index - 1] ?? 0, end),
          );
          expect(parse(chunks)).to.deep.equal(frames.map(toPlain));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('gives the same frames when they come byte by byte', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 3 }), (frames) => {
        const bytes = Buffer.concat(frames.map(encode));
        expect(parse(Array.from(bytes, (byte) => Buffer.of(byte)))).to.deep.equal(frames.map(toPlain));
      }),
      { numRuns: 50 },
    );
  });

  it('takes carriage returns before line feeds in 1.2 and before the version is known', () => {
    const text = '\r\n\r\nSEND\r\na:1\r\n\r\nbody\r\n\0\r\n\n';
    for (const version of ['1.2', null] as const) {
      expect(parse([text], createParser({}, version))).to.deep.equal([
        { command: 'SEND', headers: [['a', '1']], body: 'body\r\n' },
      ]);
    }
  });

  it('takes a carriage return for a part of the value in 1.1', () => {
    expect(parse(['SEND\na:1\r\n\n\0'], createParser({}, '1.1'))[0]?.headers).to.deep.equal([['a', '1\r']]);
  });

  it('keeps the first of repeated headers, colons in values, and outer spaces', () => {
    const [frame] = parse(['SEND\na:first\na:second\nb: x:y \n\n\0']);
    expect(frame?.headers).to.deep.equal([
      ['a', 'first'],
      ['b', ' x:y '],
    ]);
  });

  it('does not unescape CONNECT, but STOMP', () => {
    const headers = (command: string): unknown => parse([`${command}\npasscode:a\\cb\n\n\0`])[0]?.headers;
    expect(headers('CONNECT')).to.deep.equal([['passcode', 'a\\cb']]);
    expect(headers('STOMP')).to.deep.equal([['passcode', 'a:b']]);
  });

  it('knows whether it is in the middle of a frame', () => {
    const parser = createParser();
    parse(['\n\n'], parser);
    expect(parser.midFrame).to.equal(false);
    parse(['SEND\n'], parser);
    expect(parser.midFrame).to.equal(true);
    parse(['\n\0\n'], parser);
    expect(parser.midFrame).to.equal(false);
  });

  it('refuses what is not STOMP as soon as its headers have ended', () => {
    expect(faultOf(['GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'], createParser({}, null)).message).to.include(
      'unknown command',
    );
  });

  it('refuses header lines without a colon or a name, NUL in headers, and bytes that are no UTF-8', () => {
    expect(faultOf(['SEND\nnonsense\n\n\0']).message).to.include('colon');
    expect(faultOf(['SEND\n:value\n\n\0']).message).to.include('colon');
    expect(faultOf(['DISCONNECT\n\0']).message).to.include('NUL');
    expect(faultOf([Buffer.from('SEND\nname:\xff\n\n\0', 'latin1')]).message).to.include('UTF-8');
  });

  it('refuses a content-length that is no number, and a body longer than it', () => {
    for (const length of ['-1', '1e3', '', ' 5', '99999999999999999999']) {
      expect(faultOf([`SEND\ncontent-length:${length}\n\n`]).message).to.include('content-length');
    }
    expect(faultOf(['SEND\ncontent-length:2\n\nabc\0']).message).to.include('longer than its content-length');
  });

  const limited = { headerBlockBytes: 100, headerCount: 3, headerLineBytes: 40, bodyBytes: 50 };
  const breaches: readonly (readonly [what: string, text: string, message: string])[] = [
    ['a header block', `SEND\n${`a:${'x'.repeat(30)}\n`.repeat(4)}`, 'headers too long'],
    ['a header line', `SEND\na:${'x'.repeat(39)}\n`, 'header line too long'],
    ['headers', 'SEND\na:1\nb:1\nc:1\nd:1\n\n\0', 'too many headers'],
    ['an announced body', 'SEND\ncontent-length:51\n\n', 'body too long'],
    ['a body without length', `SEND\n\n${'x'.repeat(51)}`, 'body too long'],
  ];
  for (const [what, text, message] of breaches) {
    it(`refuses ${what} over the limit before it is complete, whole or byte by byte`, () => {
      for (const chunks of [[text], Array.from(text)]) {
        const fault = faultOf(chunks, createParser(limited));
        expect(fault.message).to.equal(message);
        expect(fault.closes).to.equal(true);
        expect(fault.allowed).to.match(/\d+/u);
      }
    });
  }

  it('takes what is exactly at the limits', () => {
    const text = `SEND\na:${'x'.repeat(38)}\nb:1\nc:1\n\n${'y'.repeat(50)}\0`;
    expect(parse([text], createParser(limited))).to.have.length(1);
  });

  it('allows 64 KiB for a frame before CONNECT, and more after it', () => {
    const text = `SEND\n\n${'x'.repeat(70_000)}\0`;
    expect(faultOf([text], createParser({}, null)).message).to.include('before CONNECT');
    expect(parse([text])).to.have.length(1);
  });

  it('names the receipt of the frame it refuses, wherever the fault lies', () => {
    const receipt = (text: string, limits: Partial<FrameLimits> = {}): unknown =>
      faultOf([text], createParser(limits)).receipt;
    expect(receipt('SEND\nreceipt:r1\ncontent-length:51\n\n', limited)).to.equal('r1');
    expect(receipt('SEND\nreceipt:r\\c2\nbad:\\t\n\n\0')).to.equal('r:2');
    expect(receipt(`SEND\nreceipt:r3\na:${'x'.repeat(60)}\n\n\0`, limited)).to.equal('r3');
    expect(receipt('SEND\ncontent-length:1\nreceipt:r4\n\nab\0')).to.equal('r4');
  });

  it('throws nothing but its own refusal whatever comes, keeps to its limits, and is dead afterwards', () => {
    const words = [
      'SEND\n',
      'CONNECT\n',
      'a:b\n',
      'content-length:',
      '9',
      '60',
      '\n',
      '\0',
      '\r\n',
      '\\t',
      ':',
      'receipt:r\n',
    ];
    const chunk = fc.oneof(
      fc.array(fc.constantFrom(...words), { maxLength: 30 }).map((some) => Buffer.from(some.join(''))),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 12 }),
        fc.constantFrom('1.1', '1.2', null),
        (chunks, version) => {
          const parser = createParser({ ...limited, frameBytesBeforeConnect: limited.bodyBytes }, version);
          let refused: unknown;
          for (const bytes of chunks) {
            try {
              for (const { headers, body } of parse([bytes], parser)) {
                expect(headers.length).to.be.at.most(limited.headerCount);
                expect(body.length).to.be.at.most(limited.bodyBytes);
                expect(refused).to.equal(undefined);
              }
            } catch (error) {
              expect(error).to.be.instanceOf(StompRefusal);
              expect(refused ?? error).to.equal(error);
              refused = error;
            }
            if (refused !== undefined) expect(() => parser.next()).to.throw(StompRefusal);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('reads a frame of 8 MiB in pieces of 64 bytes without reading or copying anything again and again', () => {
    const parser = createParser();
    const piece = Buffer.alloc(64, 'x');
    const bytes = 8 * 1024 * 1024;
    const workedMs = startWorkTime();
    parse(['SEND\n\n'], parser);
    for (let sent = 0; sent < bytes; sent += piece.length) parse([piece], parser);
    expect(parse(['\0'], parser)[0]?.body).to.have.length(bytes);
    // Takes a tenth of a second; going over it again at each of the 131,072 pieces would take minutes.
    expect(workedMs()).to.be.below(5_000);
  });
});
