import { expect } from 'chai';
import fc from 'fast-check';
import { contentDigest, fingerprint, isReplyToken, replyToken } from '#messaging/digest.js';

describe('the digest of contents', () => {
  it('is written as RFC 9530 does', () => {
    // An example of the RFC itself.
    expect(contentDigest(Buffer.from('{"hello": "world"}\n'))).to.equal(
      'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:',
    );
  });
});

describe('a fingerprint', () => {
  it('is the same for the same parts', () => {
    expect(fingerprint(['a', null, Buffer.from('b')])).to.equal(fingerprint(['a', null, Buffer.from('b')]));
  });

  it('differs for any two lists of parts', () => {
    const part = fc.oneof(fc.string(), fc.constant(null), fc.constantFrom('-', '1:a', '', '0:'));
    const parts = fc.array(part, { maxLength: 4 });
    fc.assert(
      fc.property(parts, parts, (left, right) => {
        const same = JSON.stringify(left) === JSON.stringify(right);
        expect(fingerprint(left) === fingerprint(right)).to.equal(same);
      }),
    );
    expect(fingerprint(['ab', 'c'])).to.not.equal(fingerprint(['a', 'bc']));
    expect(fingerprint([null])).to.not.equal(fingerprint(['-']));
    expect(fingerprint([null, null])).to.not.equal(fingerprint([null]));
  });
});

describe('a reply token', () => {
  const secret = Buffer.alloc(32, 7);

  it('proves one request of one store', () => {
    const token = replyToken(secret, 'order');
    expect(token).to.match(/^[\w-]{43}$/u);
    expect(isReplyToken(secret, 'order', token)).to.equal(true);
    expect(isReplyToken(secret, 'other', token)).to.equal(false);
    expect(isReplyToken(Buffer.alloc(32, 8), 'order', token)).to.equal(false);
  });

  it('is nothing else, whatever is given', () => {
    const token = replyToken(secret, 'order');
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom('', token.slice(1), `${token}=`)), (given) => {
        expect(isReplyToken(secret, 'order', given)).to.equal(given === token);
      }),
    );
  });
});
