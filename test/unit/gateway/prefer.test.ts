import { expect } from 'chai';
import fc from 'fast-check';
import { isProblem } from '#core/errors.js';
import { applyPreference, parsePrefer } from '#gateway/prefer.js';
import type { Preference } from '#gateway/prefer.js';
import { startWorkTime } from '../../support/work-time.js';

function preferenceOf(header: string | undefined): Preference {
  const parsed = parsePrefer(header);
  if (isProblem(parsed)) return expect.fail(`${String(header)} was refused: ${parsed.allowed}`);
  return parsed;
}

const none: Preference = { waitSeconds: undefined, respondAsync: false };

describe('Prefer', () => {
  it('is read in every spelling of the RFC', () => {
    const expected: [string | undefined, Partial<Preference>][] = [
      [undefined, {}],
      ['', {}],
      [' , ,', {}],
      ['wait=5', { waitSeconds: 5 }],
      ['WAIT = 5', { waitSeconds: 5 }],
      ['wait="5"', { waitSeconds: 5 }],
      ['wait=0', { waitSeconds: 0 }],
      ['wait=5; foo=bar', { waitSeconds: 5 }],
      ['respond-async', { respondAsync: true }],
      ['Respond-Async', { respondAsync: true }],
      ['respond-async, wait=10', { waitSeconds: 10, respondAsync: true }],
      ['wait=10,respond-async', { waitSeconds: 10, respondAsync: true }],
      ['wait=1, wait=2', { waitSeconds: 1 }],
      ['return=minimal, handling=lenient', {}],
      ['foo="a, wait=9, b"', {}],
      ['foo="a \\", wait=9", wait=3', { waitSeconds: 3 }],
      ['foo="never closed, wait=9', {}],
      ['waiter=5', {}],
      ['@@@', {}],
    ];
    for (const [header, preference] of expected) {
      expect(preferenceOf(header), header ?? 'absent').to.deep.equal({ ...none, ...preference });
    }
  });

  it('with a wait that is no number of seconds is a problem that shows it', () => {
    for (const header of [
      'wait',
      'wait=',
      'wait=""',
      'wait=-1',
      'wait=1.5',
      'wait=abc',
      'wait=5s',
      'wait=5 s',
      'wait=5 6',
      'wait=(5)',
      'wait="5',
      'wait;5',
      'wait=1234567890',
      'respond-async, wait=x',
    ]) {
      const parsed = parsePrefer(header);
      expect(parsed, header).to.deep.equal({
        field: 'Prefer',
        value: header,
        allowed: 'wait=N with whole seconds from 0, respond-async, or both',
      });
    }
  });

  it('gives a preference or a problem for any text at all, at once', () => {
    const pieces = fc.constantFrom('wait', '=', '5', '"', ',', ';', ' ', '\\', 'respond-async', 'é', '\t');
    const texts = fc.oneof(
      fc.string(),
      fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (header) => {
        const parsed = parsePrefer(header);
        if (isProblem(parsed)) expect(parsed.field).to.equal('Prefer');
        else
          expect(parsed.waitSeconds === undefined || Number.isSafeInteger(parsed.waitSeconds)).to.equal(true);
      }),
    );
    const workedMs = startWorkTime();
    for (const long of [
      '"'.repeat(30_001),
      ','.repeat(30_000),
      'wait='.repeat(6_000),
      '\\"'.repeat(15_000),
      ' '.repeat(30_000),
    ]) {
      parsePrefer(long);
    }
    expect(workedMs()).to.be.lessThan(1_000);
  });

  it('finds a stated wait among whatever others', () => {
    const token = fc.stringMatching(/^[a-z]{1,8}$/u).filter((name) => name !== 'wait');
    const other = fc.oneof(
      token,
      fc.tuple(token, token).map(([name, value]) => `${name}=${value}`),
      fc.tuple(token, fc.stringMatching(/^[a-z,=; ]{0,20}$/u)).map(([name, value]) => `${name}="${value}"`),
    );
    fc.assert(
      fc.property(fc.array(other), fc.nat(999_999_999), fc.array(other), (before, seconds, after) => {
        const header = [...before, `wait=${seconds}`, ...after].join(', ');
        expect(preferenceOf(header).waitSeconds).to.equal(seconds);
      }),
    );
  });
});

describe('the wait that is applied', () => {
  const limits = { defaultMs: 500, maxMs: 60_000 };

  it('is the stated one, the default or none, and named when a preference was stated', () => {
    const expected: [Partial<Preference>, number, string | undefined][] = [
      [{}, 500, undefined],
      [{ waitSeconds: 5 }, 5_000, 'wait=5'],
      [{ waitSeconds: 0 }, 0, 'wait=0'],
      [{ respondAsync: true }, 0, 'respond-async'],
      [{ respondAsync: true, waitSeconds: 5 }, 5_000, 'respond-async, wait=5'],
      [{ waitSeconds: 999 }, 60_000, 'wait=60'],
    ];
    for (const [preference, waitMs, applied] of expected) {
      expect(applyPreference({ ...none, ...preference }, limits)).to.deep.equal({ waitMs, applied });
    }
  });

  it('never exceeds what was stated or the limit', () => {
    const preferences = fc.record({
      waitSeconds: fc.option(fc.nat(999_999_999), { nil: undefined }),
      respondAsync: fc.boolean(),
    });
    const bounds = fc.record({ defaultMs: fc.nat(3_600_000), maxMs: fc.nat(3_600_000) });
    fc.assert(
      fc.property(preferences, bounds, (preference, { defaultMs, maxMs }) => {
        const { waitMs, applied } = applyPreference(preference, { defaultMs, maxMs });
        expect(waitMs).to.be.within(0, maxMs);
        if (preference.waitSeconds !== undefined)
          expect(waitMs).to.be.at.most(preference.waitSeconds * 1_000);
        expect(applied === undefined).to.equal(
          preference.waitSeconds === undefined && !preference.respondAsync,
        );
        // What it names can be sent again and means the same.
        if (applied !== undefined && waitMs % 1_000 === 0) {
          const again = applyPreference(preferenceOf(applied), { defaultMs, maxMs });
          expect(again.waitMs).to.equal(waitMs);
        }
      }),
    );
  });
});
