import { expect } from 'chai';
import fc from 'fast-check';
import type { ErrorCode } from '#core/error-kinds.js';
import { errorKinds } from '#core/error-kinds.js';
import { ReplytoError, isReplytoError, toProblem, toReplytoError } from '#core/errors.js';

const codes = Object.keys(errorKinds) as ErrorCode[];

describe('the table of errors', () => {
  for (const code of codes) {
    it(`has ${code} with all that is read from it`, () => {
      const kind = errorKinds[code];
      expect(code).to.match(/^[A-Z]+(_[A-Z]+)*$/u);
      expect(kind.httpStatus).to.be.within(400, 599);
      expect(kind.exitCode).to.be.within(1, 7);
      expect(kind.sentence).to.match(/^[A-Z].*\.$/u);
      const error = new ReplytoError(code);
      expect(error).to.be.instanceOf(Error);
      expect(error).to.include({ code, name: 'ReplytoError', message: kind.sentence });
      expect(error).to.include({ category: kind.category, retryable: kind.retryable });
      expect(error.kind).to.equal(kind);
    });
  }

  it('calls retryable only what may heal without the caller', () => {
    const retryable = codes.filter((code) => errorKinds[code].retryable);
    for (const code of retryable) expect(errorKinds[code].httpStatus, code).to.be.oneOf([429, 499, 503, 504]);
    for (const code of codes.filter((one) => errorKinds[one].httpStatus === 503)) {
      expect(errorKinds[code].retryable, code).to.equal(true);
    }
  });

  it('gives input errors a status of the caller, and the exit code of wrong use or of not found', () => {
    for (const code of codes.filter((one) => errorKinds[one].category === 'input')) {
      expect(errorKinds[code].httpStatus, code).to.be.within(400, 499);
      expect(errorKinds[code].exitCode, code).to.be.oneOf([2, 3]);
    }
  });
});

describe('an error of the table', () => {
  it('says what happened this time, else what is wrong first, else what it always means', () => {
    const problems = [toProblem('queue', 'a/b', 'a name'), toProblem('replyTo', '', 'another')];
    expect(new ReplytoError('INVALID_REQUEST', { detail: 'this time', problems }).message).to.equal(
      'this time',
    );
    expect(new ReplytoError('INVALID_REQUEST', { problems }).message).to.equal("queue 'a/b': a name");
    const absent = [toProblem('queue', undefined, 'a name')];
    expect(new ReplytoError('INVALID_REQUEST', { problems: absent }).message).to.equal('queue: a name');
  });

  it('carries its facts as fields, and the cause', () => {
    const cause = new Error('disk full');
    const facts = { requestId: 'order', destination: 'prices', deadlineAt: 5, cause };
    const error = new ReplytoError('STORE_UNAVAILABLE', facts);
    expect(error).to.include(facts);
    expect(error.problems).to.deep.equal([]);
    expect(new ReplytoError('INTERNAL')).to.not.have.property('cause');
  });

  it('keeps its code over JSON', () => {
    const problems = [toProblem('queue', 'a/b', 'a name')];
    const error = new ReplytoError('INVALID_REQUEST', { problems, requestId: 'order' });
    expect(JSON.parse(JSON.stringify(error))).to.deep.equal({
      ...{ name: 'ReplytoError', code: 'INVALID_REQUEST', problems, requestId: 'order' },
    });
  });

  it('is told by its name and code, also when it comes from another copy of the package', () => {
    const twin = Object.assign(new Error('twin'), { name: 'ReplytoError', code: 'INTERNAL' });
    expect(isReplytoError(twin)).to.equal(true);
    expect(isReplytoError(new ReplytoError('INTERNAL'))).to.equal(true);
    for (const other of [new Error('x'), { name: 'ReplytoError', code: 'INTERNAL' }, null, 'INTERNAL']) {
      expect(isReplytoError(other)).to.equal(false);
    }
  });

  it('is made of anything that was thrown', () => {
    const known = new ReplytoError('SEND_REFUSED');
    expect(toReplytoError(known)).to.equal(known);
    fc.assert(
      fc.property(fc.anything(), (thrown) => {
        const error = toReplytoError(thrown);
        expect(error.code).to.equal('INTERNAL');
        if (thrown !== undefined) expect(Object.is(error.cause, thrown)).to.equal(true);
      }),
    );
  });
});

describe('a problem', () => {
  it('shows at most 200 characters of what was given', () => {
    expect(toProblem('f', 'x'.repeat(200), 'a')).to.deep.equal({
      field: 'f',
      value: 'x'.repeat(200),
      allowed: 'a',
    });
    expect(toProblem('f', 'x'.repeat(201), 'a').value).to.equal(`${'x'.repeat(200)}…`);
  });

  it('has no value when nothing was given', () => {
    for (const nothing of [undefined, null]) {
      expect(toProblem('f', nothing, 'a')).to.deep.equal({ field: 'f', allowed: 'a' });
    }
  });

  it('shows what is no text as JSON, or by its type', () => {
    const values = [{ a: 1 }, [1], 7, false, () => 1, Symbol('s')].map(
      (value) => toProblem('f', value, 'a').value,
    );
    expect(values).to.deep.equal(['{"a":1}', '[1]', '7', 'false', 'function', 'symbol']);
  });
});
