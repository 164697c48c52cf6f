import { expect } from 'chai';
import fc from 'fast-check';
import { startWorkTime } from '../../../support/work-time.js';
import { createReader, cut, read } from './frame-reader-bench.js';

const subscriptionKey = 'sub-5ec2e7';
const ours = `MESSAGE\nsubscription:${subscriptionKey}-0\n`;
const stranger = 'MESSAGE\nsubscription:sub-0\nmessage-id:1\n';
const greeting = 'CONNECTED\nversion:1.2\nheart-beat:1,0\n\n\0';

type Given = ReturnType<typeof createReader>;

/** A reader that knows its subscriptions, and has been greeted. */
function greeted(): Given {
  const given = createReader({ subscriptionKey });
  expect(read([greeting], given)).to.have.length(1);
  return given;
}

const bodies = (chunks: readonly (string | Buffer)[], given: Given): string[] =>
  read(chunks, given).map(({ body }) => body);

describe('frames that a stranger wrote behind the NUL of a text', () => {
  const forged: Readonly<Record<string, string>> = {
    'a greeting': 'CONNECTED\nversion:1.2\n\n\0',
    'a greeting with heart-beats that are none': 'CONNECTED\nheart-beat:x\n\n\0',
    'a message to a subscription of another name': `${stranger}ack:1\n\nforged\0`,
    'a message without a subscription': 'MESSAGE\nmessage-id:1\n\nforged\0',
    'a message of 60 MB': `${stranger}content-length:60000000\n\nforged\0`,
    'a message that is announced too large': `${stranger}content-length:100000000\n\nforged\0`,
    'headers without end': `${stranger}${'a:1\n'.repeat(1_000)}\0`,
    'a header without end': `MESSAGE\n${'a'.repeat(5_000)}\0`,
    'a body without end': `${stranger}\n${'a'.repeat(15_000)}\0`,
  };
  for (const [what, frame] of Object.entries(forged)) {
    it(`${what}: nothing is handed on, and nothing else is lost, whole or byte by byte`, () => {
      const text = `${ours}\nx\0\n${frame}\n${ours}\nnext\0`;
      for (const chunks of [[text], Array.from(text)]) {
        const given = greeted();
        expect(bodies(chunks, given)).to.deep.equal(['x', 'next']);
        expect(given.damage.length).to.be.above(0);
        expect(given.reader.heldBytes).to.equal(0);
      }
    });
  }

  it('an error or a receipt with a length: it is read up to its NUL, and swallows nothing', () => {
    for (const command of ['ERROR', 'RECEIPT']) {
      for (const length of ['2', '60000000', '100000000']) {
        const text = `${ours}\nx\0\n${command}\ncontent-length:${length}\n\nforged\0\n${ours}\nnext\0`;
        expect(bodies([text], greeted())).to.deep.equal(['x', 'forged', 'next']);
      }
    }
  });
});

describe('a content-length that is too long', () => {
  const wrong = ['a content-length that is not that of the body'];

  it('costs nothing when a message of our own stands behind it, however busy the broker is', () => {
    for (const length of [60, 5_000]) {
      const text = `${ours}content-length:${length}\n\nhi\0there\0\n${ours}ack:1\n\nnext\0`;
      for (const chunks of [[text], Array.from(text)]) {
        const given = greeted();
        expect(bodies(chunks, given), String(length)).to.deep.equal(['hi\0there', 'next']);
        expect(given.damage).to.deep.equal(wrong);
      }
    }
  });

  it('costs nothing when it ends exactly where the next message does', () => {
    const next = `${ours}\nnext`;
    const given = greeted();
    const text = `${ours}content-length:${`hi\0\n${next}`.length}\n\nhi\0\n${next}\0`;
    expect(bodies([text], given)).to.deep.equal(['hi', 'next']);
    expect(given.damage).to.deep.equal(wrong);
  });

  it('is not seen in a body that has frames of others in it, or names one of ours without being one', () => {
    const inner = [
      ...['\0\n', stranger, '\nforged\0\n', greeting, 'MESSAGE\n\n\0\n', 'ERROR\n\n\0'],
      ...[`\nsubscription:${subscriptionKey}-0\n`, 'x\0x', ours, '\0', '\n'],
    ];
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...inner), { maxLength: 12 }).map((parts) => `text ${parts.join('')}`),
        fc.array(fc.nat({ max: 3_000 }), { maxLength: 12 }),
        (body, cuts) => {
          // A frame of ours there would be one.
          fc.pre(!/\0\n*MESSAGE(?:\n[^\0]*)?\nsubscription:sub-5/u.test(body));
          const given = greeted();
          const text = `${ours}content-length:${body.length}\n\n${body}\0\n${ours}\nnext\0`;
          expect(bodies(cut(Buffer.from(text), cuts), given)).to.deep.equal([body, 'next']);
          expect(given.damage).to.deep.equal([]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is looked for without going over the bytes of a large body again and again', () => {
    const given = createReader({ subscriptionKey, mostBodyBytes: 64 * 1024 * 1024 });
    const size = 32 * 1024 * 1024;
    read([greeting, `${ours}content-length:${size}\n\n`], given);
    const piece = Buffer.from(`\nsubscription:sub-0\n\0MESSAGE\n`.repeat(4_096)).subarray(0, 65_536);
    const workedMs = startWorkTime();
    for (let sent = 0; sent < size; sent += piece.length) expect(read([piece], given)).to.deep.equal([]);
    expect(read(['\0'], given)[0]!.body).to.have.length(size);
    // Takes a tenth of a second; from the start for each piece it would take minutes.
    expect(workedMs()).to.be.below(10_000);
  });

  const swallowed = 'MESSAGE\ncontent-length:5000\n\nhi\0\nMESSAGE\n\nnext\0\n';

  it('costs nothing but two heart-beats when nothing comes behind it', () => {
    let time = 0;
    const given = createReader({ now: () => time });
    expect(read([swallowed], given)).to.deep.equal([]);
    time += 1_000;
    expect(read(['\n'], given)).to.deep.equal([]);
    time += 1_000;
    expect(read(['\r\n'], given).map(({ body }) => body)).to.deep.equal(['hi', 'next']);
    expect(given.damage).to.deep.equal(['a content-length that is not that of the body']);
    expect(read(['MESSAGE\n\nlast\0'], given).map(({ body }) => body)).to.deep.equal(['last']);
  });

  it('is not seen in line ends of a body that comes slowly', () => {
    let time = 0;
    const given = createReader({ now: () => time });
    const pieces = ['MESSAGE\ncontent-length:9\n\na\0', '\n', 'b', '\n', '\n', 'c\0', '\n'];
    const frames = pieces.flatMap((piece, index) => {
      // The two that come in a row come together.
      if (index !== 4) time += 1_000;
      return read([piece], given);
    });
    expect(frames).to.deep.equal([]);
    time += 1;
    expect(read(['\0'], given).map(({ body }) => body)).to.deep.equal(['a\0\nb\n\nc\0\n']);
  });
});
