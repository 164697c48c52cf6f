import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { createTokenTable, newToken, tokenHash } from '#app/access/token-table.js';
import { toPrincipal } from '#gateway/principal.js';
import type { AuthTokenEntry } from '#schema/auth-tokens.js';
import { createManualClock } from '#testing/manual-clock.js';

function entry(name: string, token: string, rights: Partial<AuthTokenEntry> = {}): AuthTokenEntry {
  const none = { queues: [], read: [], replyTo: [], projects: [], broker: false };
  return { name, token: tokenHash(token), ...none, ...rights };
}

describe('the table of tokens', () => {
  it('makes tokens of 256 random bits, each another, and the hash that any tool makes', () => {
    const tokens = Array.from({ length: 100 }, newToken);
    expect(new Set(tokens).size).to.equal(100);
    for (const token of tokens) expect(token).to.match(/^rt_[A-Za-z0-9_-]{43}$/u);
    const hex = createHash('sha256').update(tokens[0]!).digest('hex');
    expect(tokenHash(tokens[0]!)).to.equal(`sha256:${hex}`);
  });

  it('knows whose a token is, and nothing of others', () => {
    const table = createTokenTable();
    const [shop, bank] = [newToken(), newToken()];
    table.replace([entry('shop', shop, { queues: ['a'] }), entry('bank', bank)]);
    expect(table.identify(shop)?.grants).to.deep.include({ name: 'shop', queues: ['a'] });
    expect(table.identify(bank)?.grants.name).to.equal('bank');
    expect(table.identify(newToken())).to.equal(null);
    expect(table.identify('')).to.equal(null);
  });

  it('takes upper case in the hash of the file', () => {
    const table = createTokenTable();
    const token = newToken();
    const known = entry('shop', token);
    table.replace([{ ...known, token: `sha256:${known.token.slice(7).toUpperCase()}` }]);
    expect(table.identify(token)?.grants.name).to.equal('shop');
  });

  it('never takes what is too short to be random, though its hash stands in the file', () => {
    const table = createTokenTable();
    for (const token of ['', 'secret', 'x'.repeat(31)]) {
      table.replace([entry('shop', token)]);
      expect(table.identify(token), token).to.equal(null);
    }
    const long = '0123456789abcdef'.repeat(2);
    table.replace([entry('shop', long)]);
    expect(table.identify(long)?.grants.name).to.equal('shop');
  });

  it('tells those whose entry is gone or has changed, once, and nobody else', () => {
    const table = createTokenTable();
    const [kept, changed, removed] = [newToken(), newToken(), newToken()];
    const heard: string[] = [];
    table.replace([entry('kept', kept), entry('changed', changed), entry('removed', removed)]);
    for (const token of [kept, changed, removed]) {
      const identity = table.identify(token)!;
      identity.onWithdrawn(() => void heard.push(identity.grants.name));
      identity.onWithdrawn(() => void heard.push('nobody'))();
    }
    const next = [entry('kept', kept), entry('changed', changed, { read: ['x'] })];
    table.replace(next);
    expect(heard).to.deep.equal(['changed', 'removed']);
    expect(table.identify(removed)).to.equal(null);
    expect(table.identify(changed)?.grants.read).to.deep.equal(['x']);
    table.replace(next);
    expect(heard).to.have.lengthOf(2);
  });

  it('tells whoever comes to wait for it after a token was withdrawn, at once', () => {
    const table = createTokenTable();
    const token = newToken();
    table.replace([entry('shop', token)]);
    const identity = table.identify(token)!;
    table.replace([]);
    let told = 0;
    identity.onWithdrawn(() => (told += 1));
    expect(told).to.equal(1);
    let ended = 0;
    const stop = toPrincipal(identity).onEnd(createManualClock(), () => (ended += 1));
    stop();
    expect(ended).to.equal(1);
  });
});
