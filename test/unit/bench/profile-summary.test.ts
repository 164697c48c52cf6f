import { expect } from 'chai';
import { createPlaces } from '../../../bench/requests/profile/places.js';
import type { CallFrame } from '../../../bench/requests/profile/places.js';
import type { CpuProfile } from '../../../bench/requests/profile/summary.js';
import { summarize } from '../../../bench/requests/profile/summary.js';

const root = '/product';

function frame(functionName: string, url = '', lineNumber = 9): CallFrame {
  return { functionName, url, lineNumber, columnNumber: 1 };
}

/**
 * (root) calls handle, which calls itself once and parse; idle and the garbage collector beside it. A sample every
 * 1,000 µs from 1,001,000 on.
 */
const profile: CpuProfile = {
  ...{ startTime: 1_000_000, endTime: 1_010_000 },
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 5, 6, 7] },
    { id: 2, callFrame: frame('handle', 'file:///product/src/gateway/asking.ts'), children: [3, 4] },
    { id: 3, callFrame: frame('handle', 'file:///product/src/gateway/asking.ts'), children: [] },
    { id: 4, callFrame: frame('parse', 'file:///product/node_modules/@stomp/stompjs/esm6/parser.js') },
    { id: 5, callFrame: frame('(idle)') },
    { id: 6, callFrame: frame('(garbage collector)') },
    { id: 7, callFrame: frame('', 'node:net') },
  ],
  samples: [5, 2, 3, 4, 4, 6, 7, 5, 5, 5],
  timeDeltas: [1_000, ...Array.from({ length: 9 }, () => 1_000)],
};

describe('the summary of a profile', () => {
  const placeOf = createPlaces(root);

  it('has the time of the window by function and by place', () => {
    // Without the first sample and the last two: 7 ms.
    const summary = summarize(profile, { from: 1_002_000, to: 1_009_000 }, placeOf);
    const share = (ms: number): number => ms / 7;
    expect(summary).to.deep.include({ seconds: 0.007, idleShare: share(1), gcShare: share(1) });
    expect(summary.own.slice(0, 2)).to.deep.equal([
      { name: 'handle', place: 'src/gateway/asking.ts:10', own: share(2), total: share(4) },
      { name: 'parse', place: '@stomp/stompjs/esm6/parser.js:10', own: share(2), total: share(2) },
    ]);
    expect(summary.own.map(({ name }) => name)).to.not.include('(idle)');
    expect(summary.own.map(({ name, place }) => `${name} ${place}`)).to.include('(anonymous) node:net:10');
    expect(
      summary.total.map(({ name }) => name),
      'of the product alone',
    ).to.deep.equal(['handle']);
    expect(Object.fromEntries(summary.places.map(({ name, share: found }) => [name, found]))).to.include({
      ...{ 'src/gateway': share(2), '@stomp/stompjs': share(2), Node: share(1) },
      ...{ '(idle)': share(1), '(garbage collector)': share(1) },
    });
  });

  it('is none of a window that the profile does not know', () => {
    expect(() => summarize(profile, { from: 5, to: 6 }, placeOf)).to.throw(
      'the profile is of 1000000 to 1010000, and has nothing of 5 to 6',
    );
  });

  it('groups by folder of the product, by package, and by what V8 does itself', () => {
    const groupOf = (name: string, url?: string): string => placeOf(frame(name, url)).group;
    expect(groupOf('x', 'file:///product/src/adapters/stomp/dialects/classic.ts')).to.equal(
      'src/adapters/stomp',
    );
    expect(groupOf('x', 'file:///product/src/messaging/requestor.ts')).to.equal('src/messaging');
    expect(groupOf('x', 'file:///product/node_modules/express/lib/express.js')).to.equal('express');
    expect(groupOf('(program)')).to.equal('(program)');
    expect(groupOf('writeUtf8String')).to.equal('native');
  });
});
