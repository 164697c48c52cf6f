import { expect } from 'chai';
import fc from 'fast-check';
import { isReplytoError } from '#core/errors.js';
import type { Problem } from '#core/errors.js';
import { Fault } from '#core/fault.js';
import type { FaultBody } from '#core/fault.js';
import { parseFault } from '#schema/fault.js';
import { thrownBy } from '../../support/errors.js';

type Options = Partial<Omit<FaultBody, 'code' | 'message'>>;

/** As a program without types calls it. */
function make(code: unknown, message: unknown, options?: unknown): Fault {
  return new Fault(code as string, message as string, options as Options);
}

function refused(code: unknown, message: unknown, options?: unknown): readonly Problem[] {
  const error = thrownBy(() => make(code, message, options));
  expect(error.code).to.equal('INVALID_ARGUMENT');
  return error.problems;
}

/** Lists inside of each other. */
function nested(levels: number): unknown {
  let value: unknown = [];
  for (let level = 1; level < levels; level += 1) value = [value];
  return value;
}

function onWire(fault: Fault): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(fault));
}

describe('what a Fault is made of', () => {
  it('is a status that says that something failed', () => {
    for (const status of [304, 200, 399, 600, 0, -1, 404.5, Number.NaN, Number.POSITIVE_INFINITY, '404']) {
      expect(refused('NO', 'never', { status }), String(status)).to.deep.equal([
        { field: 'status', value: String(status), allowed: 'a whole number from 400 to 599' },
      ]);
    }
    for (const status of [400, 404, 599]) expect(make('NO', 'never', { status }).status).to.equal(status);
  });

  it('is a code and a message', () => {
    expect(refused('', 'never')).to.deep.equal([
      { field: 'code', value: '', allowed: 'text that is not empty' },
    ]);
    for (const code of [undefined, null, 404, {}]) {
      expect(refused(code, 'never').map(({ field }) => field)).to.deep.equal(['code']);
    }
    for (const message of [undefined, null, 5, Symbol('s')]) {
      expect(refused('NO', message).map(({ field }) => field)).to.deep.equal(['message']);
    }
    expect(make('NO', '').message).to.equal('');
  });

  it('is refused with all that is wrong in the message', () => {
    const error = thrownBy(() => make('', 'never', { status: 200 }));
    expect(error.message).to.equal(
      "code '': text that is not empty; status '200': a whole number from 400 to 599",
    );
  });

  it('is a retryable that is true or false', () => {
    expect(refused('NO', 'never', { retryable: 'yes' })).to.deep.equal([
      { field: 'retryable', value: 'yes', allowed: 'true or false' },
    ]);
  });

  it('is details that can be written as JSON', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const broken = {
      toJSON: () => {
        throw new Error('no');
      },
    };
    for (const details of [circle, 1n, { n: 1n }, () => 1, Symbol('s'), broken, nested(100_000)]) {
      const [problem, ...others] = refused('NO', 'never', { details });
      expect(others).to.deep.equal([]);
      expect(problem?.field).to.equal('details');
      expect(problem?.allowed).to.contain('JSON');
    }
    for (const details of [null, 0, '', [], { deep: { a: [1] } }, new Date(0)]) {
      expect(make('NO', 'never', { details }).details).to.equal(details);
    }
  });

  it('may be nested as deep as a gateway reads, and no deeper', () => {
    expect(parseFault(onWire(make('NO', 'never', { details: nested(199) }))).ok).to.equal(true);
    expect(refused('NO', 'never', { details: nested(200) }).map(({ field }) => field)).to.deep.equal([
      'details',
    ]);
  });

  it('may be a long list', () => {
    const details = Array.from({ length: 200_000 }, (_, index) => index);
    expect(parseFault(onWire(make('NO', 'never', { details }))).ok).to.equal(true);
  });

  it('counts null as absent where a gateway does', () => {
    const fault = make('NO', 'never', { status: null, retryable: null });
    expect(fault.toJSON()).to.deep.equal({ code: 'NO', message: 'never', retryable: false });
  });

  it('is told as wrong all at once', () => {
    const problems = refused('', undefined, { status: 304, retryable: 1, details: 1n });
    expect(problems.map(({ field }) => field)).to.deep.equal([
      'code',
      'message',
      'retryable',
      'status',
      'details',
    ]);
  });

  it('is what a gateway reads, whenever it is accepted at all', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
    });
    const options = fc.record(
      {
        retryable: fc.oneof(fc.boolean(), anything),
        status: fc.oneof(fc.integer({ min: 390, max: 610 }), anything),
        details: anything,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), anything),
        fc.oneof(fc.string({ unit: 'binary' }), anything),
        options,
        (code, message, given) => {
          let fault: Fault;
          try {
            fault = make(code, message, given);
          } catch (error) {
            return isReplytoError(error) && error.code === 'INVALID_ARGUMENT' && error.problems.length > 0;
          }
          return parseFault(onWire(fault)).ok;
        },
      ),
      { numRuns: 500 },
    );
  });
});
