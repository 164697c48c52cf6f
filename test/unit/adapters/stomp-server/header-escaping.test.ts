import { expect } from 'chai';
import { assert, property, string } from 'fast-check';
import { escapeHeader, unescapeHeader } from '#adapters/stomp-server/header-escaping.js';

describe('STOMP header escaping', () => {
  it('escapes backslash, line feed, carriage return and colon in 1.2', () => {
    expect(escapeHeader('a\\b\nc\rd:e', '1.2')).to.equal('a\\\\b\\nc\\rd\\ce');
  });

  it('leaves a carriage return as it is in 1.1, which has no escape for it', () => {
    expect(escapeHeader('a\rb:c', '1.1')).to.equal('a\rb\\cc');
    expect(unescapeHeader('a\rb\\cc', '1.1')).to.equal('a\rb:c');
  });

  it('reads a backslash before a letter once, not twice', () => {
    expect(unescapeHeader('\\\\n', '1.2')).to.equal('\\n');
  });

  it('gives back every text that it escaped', () => {
    for (const version of ['1.2', '1.1'] as const) {
      assert(
        property(
          string({ unit: 'binary' }),
          (text) => unescapeHeader(escapeHeader(text, version), version) === text,
        ),
      );
    }
  });

  it('refuses undefined sequences in both versions and names those that exist', () => {
    expect(() => unescapeHeader('tab\\t', '1.2'))
      .to.throw('undefined escape')
      .with.property('closes', true);
    expect(() => unescapeHeader('\\r', '1.1'))
      .to.throw('undefined escape')
      .with.property('allowed')
      .includes('\\n');
    expect(() => unescapeHeader('end\\', '1.2')).to.throw('undefined escape');
  });
});
