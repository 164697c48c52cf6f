import { expect } from 'chai';
import {
  isSameTrace,
  parseTraceparent,
  toTraceparent,
  traceContextOf,
  withTrace,
} from '#core/trace-context.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

describe('a trace context', () => {
  it('is read from a traceparent and written as one', () => {
    const text = `00-${traceId}-${spanId}-01`;
    expect(parseTraceparent(text)).to.deep.equal({ traceId, spanId, flags: '01' });
    expect(toTraceparent({ traceId, spanId, flags: '01' })).to.equal(text);
  });

  it('is read from versions to come, which may say more behind it', () => {
    expect(parseTraceparent(`cc-${traceId}-${spanId}-01`)).to.include({ traceId });
    expect(parseTraceparent(`cc-${traceId}-${spanId}-01-more`)).to.include({ traceId });
  });

  for (const text of [
    undefined,
    '',
    'nonsense',
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}-01-more`,
    `00-${traceId}-${spanId}`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`,
  ]) {
    it(`cannot be continued from ${String(text)}`, () => {
      expect(parseTraceparent(text)).to.equal(undefined);
    });
  }

  it('takes the place of what a message said of another', () => {
    const properties = { project: 'p', traceparent: 'old', tracestate: 'old=1' };
    expect(withTrace(properties, { traceparent: 'new' })).to.deep.equal({ project: 'p', traceparent: 'new' });
    expect(properties.tracestate).to.equal('old=1');
    expect(traceContextOf(properties)).to.deep.equal({ traceparent: 'old', tracestate: 'old=1' });
    expect(traceContextOf({})).to.deep.equal({});
  });

  it('is of the same trace as another one only when both can be read', () => {
    const one = { traceparent: `00-${traceId}-${spanId}-01` };
    const sibling = { traceparent: `00-${traceId}-${'1'.repeat(16)}-00` };
    const other = { traceparent: `00-${'1'.repeat(32)}-${spanId}-01` };
    expect([isSameTrace(one, sibling), isSameTrace(one, other)]).to.deep.equal([true, false]);
    expect([isSameTrace({}, {}), isSameTrace({ traceparent: 'x' }, { traceparent: 'x' })]).to.deep.equal([
      false,
      false,
    ]);
  });
});
