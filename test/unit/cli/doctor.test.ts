import { expect } from 'chai';
import { checkPrefix } from '#app/doctor/prefix-check.js';
import { reportText } from '#app/doctor/report.js';

const free = { prefix: 'replyto', server: 'ActiveMQ/6.3.1', storeId: 'ours', isHeld: false };

describe('the doctor', () => {
  for (const { what, storeIds, storeId, isHeld, state } of [
    { what: 'nobody answers', storeIds: [], storeId: 'ours', isHeld: false, state: 'ok' },
    {
      what: 'only our running gateway answers',
      storeIds: ['a'],
      storeId: undefined,
      isHeld: true,
      state: 'ok',
    },
    {
      what: 'two deployments answer',
      storeIds: ['a', 'b'],
      storeId: undefined,
      isHeld: true,
      state: 'wrong',
    },
    {
      what: 'one answers and ours does not run',
      storeIds: ['a'],
      storeId: 'ours',
      isHeld: false,
      state: 'wrong',
    },
    {
      what: 'one answers and ours was never started',
      storeIds: ['a'],
      storeId: undefined,
      isHeld: false,
      state: 'wrong',
    },
    {
      what: 'another instance of our store answers',
      storeIds: ['ours'],
      storeId: 'ours',
      isHeld: false,
      state: 'ok',
    },
  ] as const) {
    it(`says of a prefix when ${what}: ${state}`, () => {
      const finding = checkPrefix({ ...free, storeIds: new Set<string>(storeIds), storeId, isHeld });
      expect(finding.state).to.equal(state);
    });
  }

  it('does not guess who uses a prefix when the broker is away', () => {
    expect(checkPrefix({ ...free, server: undefined, storeIds: new Set() }).state).to.equal('note');
  });

  it('counts a check once, however much it found', () => {
    const text = reportText(
      [
        { check: 'gateway', state: 'wrong', says: 'is away', remedy: 'start it' },
        { check: 'gateway', state: 'note', says: 'is elsewhere' },
        { check: 'broker', state: 'ok', says: 'answers' },
      ],
      false,
    );
    expect(text).to.match(/\n1 of 2 checks found something wrong\.\n$/u);
  });

  it('writes what is wrong with its remedy and a verdict, harmlessly', () => {
    const text = reportText(
      [
        { check: 'broker', state: 'ok', says: 'Evil\u001b[2J/1.0 answers' },
        { check: 'prefix', state: 'wrong', says: 'is taken', remedy: 'take another', code: 'PREFIX_TAKEN' },
      ],
      false,
    );
    expect(text).to.equal(
      [
        'ok     broker  Evil\\u001b[2J/1.0 answers',
        'WRONG  prefix  is taken',
        '               -> take another',
        '',
        '1 of 2 checks found something wrong.',
        '',
      ].join('\n'),
    );
  });
});
