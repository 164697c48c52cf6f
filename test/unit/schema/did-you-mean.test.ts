import { expect } from 'chai';
import fc from 'fast-check';
import { didYouMean } from '#schema/did-you-mean.js';

const known = ['host', 'port', 'maxBodyBytes', 'allowedOrigins', 'receiptTimeoutMs'];

describe('didYouMean', () => {
  it('finds what was misspelled', () => {
    expect(didYouMean('prot', known)).to.equal('port');
    expect(didYouMean('hots', known)).to.equal('host');
    expect(didYouMean('maxBodyByte', known)).to.equal('maxBodyBytes');
    expect(didYouMean('recieptTimeout', known)).to.equal('receiptTimeoutMs');
  });

  it('takes other ways to join words for the same name', () => {
    expect(didYouMean('max_body_bytes', known)).to.equal('maxBodyBytes');
    expect(didYouMean('ALLOWED ORIGINS', known)).to.equal('allowedOrigins');
    expect(didYouMean('p_o_r-t', known)).to.equal('port');
  });

  it('says nothing when nothing is near', () => {
    expect(didYouMean('colour', known)).to.equal(undefined);
    expect(didYouMean('x', known)).to.equal(undefined);
    expect(didYouMean('p'.repeat(100_000), known)).to.equal(undefined);
    expect(didYouMean('port', [])).to.equal(undefined);
  });

  it('finds a long name again after any single letter is lost', () => {
    fc.assert(
      fc.property(fc.nat({ max: 'receiptTimeoutMs'.length - 1 }), (at) => {
        const given = `${'receiptTimeoutMs'.slice(0, at)}${'receiptTimeoutMs'.slice(at + 1)}`;
        expect(didYouMean(given, known)).to.equal('receiptTimeoutMs');
      }),
    );
  });
});
