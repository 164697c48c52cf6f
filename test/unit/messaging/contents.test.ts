import { expect } from 'chai';
import fc from 'fast-check';
import { contents, readableBody, toContents } from '#messaging/contents.js';
import type { ContentsOptions } from '#messaging/contents.js';
import { thrownBy } from '../../support/errors.js';

const textOf = (body: Uint8Array): string => Buffer.from(body).toString('utf8');

describe('contents of a message', () => {
  it('are bytes as they are given', () => {
    const body = Buffer.of(0, 255);
    expect(toContents(body)).to.deep.equal({ body, contentType: 'application/octet-stream', headers: {} });
  });

  it('are text for a string, also for an empty one', () => {
    const { body, contentType } = toContents('grüße');
    expect([textOf(body), contentType]).to.deep.equal(['grüße', 'text/plain; charset=utf-8']);
    expect(toContents('')).to.deep.include({ contentType: 'text/plain; charset=utf-8' });
  });

  it('are nothing for nothing', () => {
    for (const nothing of [undefined, null]) {
      expect(toContents(nothing)).to.deep.equal({ body: new Uint8Array(), contentType: null, headers: {} });
    }
  });

  it('are JSON for everything else, and are read back as they were', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        fc.pre(typeof value !== 'string' && value !== null);
        const { body, contentType } = toContents(value);
        expect(contentType).to.equal('application/json');
        expect(readableBody(body).json()).to.deep.equal(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(textOf(toContents(0).body)).to.equal('0');
    expect(textOf(toContents(false).body)).to.equal('false');
  });

  it('cannot be what JSON has no words for', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    for (const value of [() => 1, Symbol('s'), 1n, { n: 1n }, circle]) {
      expect(() => toContents(value)).to.throw(TypeError);
    }
  });

  it('have the type and the headers that they are given, names in lower case', () => {
    const given = contents('<ok/>', { contentType: 'application/xml', headers: { 'X-Page': '2' } });
    expect(toContents(given)).to.equal(given);
    expect(given).to.deep.include({ contentType: 'application/xml', headers: { 'x-page': '2' } });
    expect(textOf(given.body)).to.equal('<ok/>');
    expect(contents('a', { contentType: null })).to.deep.include({ contentType: null });
    expect(contents({ a: 1 })).to.deep.include({ contentType: 'application/json', headers: {} });
  });

  it('keep what they were given before when they are given more', () => {
    const once = contents('a', { contentType: 'text/css', headers: { 'x-a': '1', 'x-b': '1' } });
    const twice = contents(once, { headers: { 'X-B': '2' } });
    expect(twice).to.deep.include({ contentType: 'text/css', headers: { 'x-a': '1', 'x-b': '2' } });
  });

  it('refuse headers that are not x- headers: they could break the frame', () => {
    for (const name of ['content-length', 'receipt', 'Message-ID', 'x', '']) {
      const error = thrownBy(() => contents('a', { headers: { [name]: '1' } }));
      expect(error.code, name).to.equal('INVALID_ARGUMENT');
      expect(error.problems[0]!.field).to.equal(`headers.${name}`);
    }
  });

  it('refuse header values that no broker carries unharmed', () => {
    for (const value of ['a\nb', 'a\0', ' a', String.raw`a\n`]) {
      expect(thrownBy(() => contents('a', { headers: { 'x-a': value } })).code).to.equal('INVALID_ARGUMENT');
    }
  });

  it('refuse a content type that no broker carries unharmed', () => {
    for (const contentType of [
      'text/plain\n',
      'text/plain\r\nreceipt:1',
      ' text/plain',
      'a\0',
      String.raw`a\n`,
    ]) {
      const error = thrownBy(() => contents('a', { contentType }));
      expect(error.code, contentType).to.equal('INVALID_ARGUMENT');
      expect(error.problems.map(({ field }) => field)).to.deep.equal(['contentType']);
    }
  });

  it('refuse what is no text where text is asked for', () => {
    const options = { contentType: 7, headers: { 'x-a': 5, 'x-b': undefined } };
    const error = thrownBy(() => contents('a', options as unknown as ContentsOptions));
    expect(error.code).to.equal('INVALID_ARGUMENT');
    expect(error.problems).to.deep.equal([
      { field: 'contentType', value: '7', allowed: 'text' },
      { field: 'headers.x-a', value: '5', allowed: 'text' },
      { field: 'headers.x-b', allowed: 'text' },
    ]);
  });
});

describe('a readable body', () => {
  it('is text and JSON', () => {
    const body = readableBody(Buffer.from('{"ü":1}'));
    expect([body.text(), body.json()]).to.deep.equal(['{"ü":1}', { ü: 1 }]);
  });

  it('throws SyntaxError when it is no JSON', () => {
    expect(() => readableBody(Buffer.from('oh no')).json()).to.throw(SyntaxError);
  });
});
