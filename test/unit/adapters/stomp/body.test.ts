import { expect } from 'chai';
import { bodyForm } from '#adapters/stomp/body.js';
import { classicDialect } from '#adapters/stomp/dialects/classic.js';
import { embeddedDialect } from '#adapters/stomp/dialects/embedded.js';
import type { Message } from '#core/message.js';
import { newMessage } from '../../../support/messages.js';

const formOf = (parts: Partial<Message>): string => bodyForm(classicDialect, newMessage(parts));

describe('the form of a body on a broker that knows text and bytes', () => {
  for (const contentType of [
    'text/plain',
    'TEXT/HTML; charset=UTF-8',
    'text/csv;charset="utf-8"',
    'text/plain; charset=us-ascii',
    'application/json',
    'application/json; charset=utf8',
    'application/problem+json',
    'application/soap+xml; action="x"',
    'application/xml',
  ]) {
    it(`is text for ${contentType}`, () => {
      expect(formOf({ contentType, body: Buffer.from('grüße') })).to.equal('text');
      expect(formOf({ contentType, body: Buffer.alloc(0) })).to.equal('text');
    });
  }

  for (const contentType of [
    'application/octet-stream',
    'image/svg',
    'text/plain; charset=iso-8859-1',
    'application/json; charset=utf-16',
    'application/jsonlines',
    'application/x-json-thing',
    'texts/plain',
    '',
  ]) {
    it(`is bytes for '${contentType}'`, () => {
      expect(formOf({ contentType, body: Buffer.from('abc') })).to.equal('bytes');
    });
  }

  it('is bytes for what calls itself text and is not UTF-8', () => {
    expect(formOf({ contentType: 'text/plain', body: Buffer.from('grüße', 'latin1') })).to.equal('bytes');
  });

  it('is bytes for text with a NUL, which would end it early', () => {
    expect(formOf({ contentType: 'application/json', body: Buffer.from('"a\0b"') })).to.equal('bytes');
  });

  it('is what it was before for a body without a type that is sent on', () => {
    const body = Buffer.from('plain');
    expect(formOf({ contentType: null, body, properties: { form: 'text' } })).to.equal('text');
    expect(formOf({ contentType: null, body, properties: { form: 'bytes' } })).to.equal('bytes');
    expect(formOf({ contentType: null, body })).to.equal('bytes');
    expect(formOf({ contentType: 'image/png', body, properties: { form: 'text' } })).to.equal('bytes');
  });
});

describe('the form of a body on a broker that counts every byte', () => {
  it('is always bytes', () => {
    expect(bodyForm(embeddedDialect, newMessage({ contentType: 'text/plain' }))).to.equal('bytes');
  });
});
