import { expect } from 'chai';
import fc from 'fast-check';
import { parseFault } from '#schema/fault.js';

function bytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
}

describe('parseFault', () => {
  it('reads the five members and ignores others', () => {
    const body = { code: 'NO_ROOM', message: 'full', retryable: true, status: 409, details: { room: 7 } };
    expect(parseFault(bytes({ ...body, stack: 'at ...', version: 2 }))).to.deep.equal({
      ok: true,
      value: body,
    });
  });

  it('takes null in an optional member as absent, and keeps null details', () => {
    const result = parseFault(
      bytes({ code: 'X', message: '', retryable: null, status: null, details: null }),
    );
    expect(result).to.deep.equal({ ok: true, value: { code: 'X', message: '', details: null } });
  });

  it('names every member that is wrong', () => {
    const result = parseFault(bytes({ code: '', status: 200, retryable: 'yes' }));
    expect(result).to.deep.equal({
      ok: false,
      problems: [
        { field: 'code', value: '', allowed: 'text that is not empty' },
        { field: 'message', allowed: 'text; it is required' },
        { field: 'retryable', value: 'yes', allowed: 'true or false' },
        { field: 'status', value: '200', allowed: 'at least 400' },
      ],
    });
  });

  it('refuses what is no JSON object', () => {
    for (const body of ['', 'oops', '[]', '"text"', 'null', '{"code":']) {
      const result = parseFault(bytes(body));
      expect(result.ok, body).to.equal(false);
    }
    expect(parseFault(new Uint8Array([0xff, 0xfe])).ok).to.equal(false);
  });

  it('refuses values so deep that writing them again would fail', () => {
    const deep = `{"code":"X","message":"m","details":${'['.repeat(5000)}${']'.repeat(5000)}}`;
    expect(parseFault(bytes(deep))).to.deep.equal({
      ok: false,
      problems: [{ field: 'fault', allowed: 'JSON of at most 200 levels' }],
    });
  });

  it('never throws, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(bytes), fc.string().map(bytes)), (body) => {
        const result = parseFault(body);
        return result.ok || result.problems.length > 0;
      }),
    );
  });

  it('reads every fault that it may be sent', () => {
    const fault = fc.record(
      {
        code: fc.string({ minLength: 1 }),
        message: fc.string(),
        retryable: fc.boolean(),
        status: fc.integer({ min: 400, max: 599 }),
        details: fc.jsonValue(),
      },
      { requiredKeys: ['code', 'message'] },
    );
    fc.assert(
      fc.property(fault, (given) => {
        const body = bytes(given);
        expect(parseFault(body)).to.deep.equal({
          ok: true,
          value: JSON.parse(new TextDecoder().decode(body)) as unknown,
        });
      }),
    );
  });
});
