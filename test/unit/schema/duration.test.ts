import { expect } from 'chai';
import fc from 'fast-check';
import { durationInWords, durationToMs } from '#schema/duration.js';
import { check } from '#schema/problems.js';
import { durationSetting } from '#schema/setting.js';

describe('durations', () => {
  it('are read in every unit', () => {
    const given = ['500ms', '30s', '5m', '24h', '7d', '0s'].map(durationToMs);
    expect(given).to.deep.equal([500, 30_000, 300_000, 86_400_000, 604_800_000, 0]);
  });

  it('need a unit, a whole number and nothing around it', () => {
    for (const text of ['', '500', '1.5h', '-1s', '5 m', ' 5m', '5M', '1h30m', 's', '9999999999999s']) {
      expect(durationToMs(text), text).to.equal(undefined);
    }
  });

  it('mean the same after they were put into words', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10_000_000_000 }), (ms) => {
        expect(durationToMs(durationInWords(ms))).to.equal(ms);
      }),
    );
  });

  it('are held to their range in both forms', () => {
    const schema = durationSetting({ min: 1000, max: 60_000 });
    for (const inside of [1000, '1s', '1m', '60000ms', 60_000])
      expect(check(schema, inside).ok).to.equal(true);
    for (const outside of [999, '999ms', '2m', 60_001, '1d', 1.5, '1000', 'never', null, true, NaN, {}]) {
      const result = check(schema, outside);
      expect(result.ok, JSON.stringify(outside)).to.equal(false);
      expect(result.ok ? [] : result.findings.map(({ allowed }) => allowed)).to.deep.equal([
        '1s to 1m, as milliseconds or as text such as 500ms, 30s, 5m, 24h, 7d',
      ]);
    }
  });

  it('may be never where that is offered, which reads as null', () => {
    const schema = durationSetting({ min: 1, max: 60_000, never: true });
    expect(check(schema, 'never')).to.deep.equal({ ok: true, value: null });
    const refused = check(schema, 'always');
    expect(refused.ok ? '' : refused.findings[0]?.allowed).to.match(/; or never$/u);
  });
});
