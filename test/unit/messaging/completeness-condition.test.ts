import { expect } from 'chai';
import fc from 'fast-check';
import type { GatheredChild } from '#core/ports/gatherings.js';
import { isFinal, requestStates } from '#core/request.js';
import type { RequestState } from '#core/request.js';
import { hasReplied, judge } from '#messaging/completeness-condition.js';

const child = (status: RequestState, repliedAt: number | null = null): GatheredChild => ({
  ...{ id: 'c', queue: 'q', status, repliedAt, expiresAt: null, replyBytes: null },
});
const rule = { expect: 2, stallMs: null, totalAt: null };

describe('the completeness condition', () => {
  for (const { what, given, says } of [
    {
      what: 'goes on while fewer replies are there than expected',
      given: { children: [child('replied', 50), child('sent')] },
      says: { ends: null, expiresAt: null },
    },
    {
      what: 'ends with as many replies as are expected, faults included',
      given: { children: [child('replied', 50), child('faulted', 60), child('sent')] },
      says: { ends: 'expect' },
    },
    {
      what: 'does not count what came after the end of its request',
      given: {
        children: [child('replied', 50), child('expired', 60), child('cancelled', 60), child('sent')],
      },
      says: { ends: null, expiresAt: null },
    },
    {
      what: 'ends when no child is open, however few have replied',
      given: { children: [child('replied', 50), child('expired'), child('cancelled')] },
      says: { ends: 'none-left' },
    },
    {
      what: 'stalls so long after the last reply, not before',
      given: {
        stallMs: 30,
        children: [child('replied', 50), child('replied', 71), child('sent')],
        expect: 3,
      },
      says: { ends: null, expiresAt: 101 },
    },
    {
      what: 'ends when it has stalled',
      given: {
        stallMs: 30,
        children: [child('replied', 50), child('replied', 70), child('sent')],
        expect: 3,
      },
      says: { ends: 'stall' },
    },
    {
      what: 'does not stall before there is a reply',
      given: { stallMs: 1, totalAt: 900, children: [child('sent'), child('accepted')] },
      says: { ends: null, expiresAt: 900 },
    },
    {
      what: 'ends when its time is over, also while it may still stall',
      given: { stallMs: 500, totalAt: 100, children: [child('replied', 99), child('sent')] },
      says: { ends: 'total' },
    },
    {
      what: 'expires by whatever comes first',
      given: { stallMs: 500, totalAt: 300, children: [child('replied', 99), child('sent')] },
      says: { ends: null, expiresAt: 300 },
    },
  ] as const) {
    it(what, () => {
      expect(judge({ ...rule, ...given }, 100)).to.deep.equal(says);
    });
  }

  it('goes on only while somebody may still answer, and then until an instant to come', () => {
    const children = fc.array(
      fc.record({ status: fc.constantFrom(...requestStates), repliedAt: fc.integer({ min: 0, max: 200 }) }),
      { minLength: 2, maxLength: 6 },
    );
    const bound = fc.option(fc.integer({ min: 1, max: 200 }));
    fc.assert(
      fc.property(
        children,
        fc.nat(6),
        fc.tuple(bound, bound, fc.nat(200)),
        (given, more, [stallMs, totalAt, now]) => {
          const all = given.map(({ status, repliedAt }) => child(status, repliedAt));
          const enough = Math.min(all.length, more + 1);
          const judgement = judge({ expect: enough, stallMs, totalAt, children: all }, now);
          if (judgement.ends !== null) return;
          expect(all.some(({ status }) => !isFinal(status))).to.equal(true);
          expect(all.filter(hasReplied).length).to.be.below(enough);
          if (judgement.expiresAt !== null) expect(judgement.expiresAt).to.be.above(now);
          else expect(totalAt).to.equal(null);
        },
      ),
    );
  });
});
