import { expect } from 'chai';
import type { Final } from '../../chaos/counts.js';
import { countsOf, isOfAnother, repeatedRuns } from '../../chaos/counts.js';
import { problemsOf } from '../../chaos/judge.js';
import type { Counts } from '../../chaos/counts.js';
import { createStallWatch } from '../../chaos/load/stall-watch.js';
import { readRuns, runLine } from '../../chaos/runs.js';

const told = '{"id":"r","run":"1"}';
const other = '{"id":"r","run":"2"}';

interface Ending {
  readonly answers?: readonly string[];
  readonly forwards?: readonly string[];
  readonly text?: string | null;
  readonly isLate?: boolean;
}

function final({ answers = [told], forwards = [], text = told, isLate = false }: Ending = {}): Final {
  const conversation = {
    id: 'r',
    way: 'ask',
    queue: 'q',
    caller: 0,
    isAccepted: true,
    beganAt: 100,
    answeredAt: 350.6,
  } as const;
  return {
    conversation: { ...conversation, answers: new Set(answers), forwards: [...forwards] },
    text,
    isLate,
  };
}

const none = {
  accepted: 1,
  answered: 1,
  lost: 0,
  answeredTwice: 0,
  forwardedAgain: 0,
  late: 0,
  slowestAnswerMs: 251,
};

describe('what became of requests', () => {
  const cases: [string, Ending, Partial<typeof none>][] = [
    ['has its answer', {}, {}],
    ['has its answer in its Reply-To queue', { forwards: ['m'] }, {}],
    ['is lost when its caller was told nothing', { answers: [] }, { answered: 0, lost: 1 }],
    ['is lost when the gateway knows no reply', { text: null }, { answered: 0, lost: 1 }],
    [
      'is answered twice when its caller was told two answers',
      { answers: [told, other] },
      { answeredTwice: 1 },
    ],
    ['is answered twice when the gateway now says another one', { text: other }, { answeredTwice: 1 }],
    [
      'is forwarded again when one message came twice',
      { forwards: ['m', 'm'] },
      { answeredTwice: 1, forwardedAgain: 1 },
    ],
    ['is answered twice when two messages came', { forwards: ['m', 'n'] }, { answeredTwice: 1 }],
    [
      'is answered twice when one id came with two answers',
      { forwards: ['m', 'm'], answers: [told, other] },
      { answeredTwice: 1 },
    ],
    ['is late', { isLate: true }, { late: 1 }],
  ];
  for (const [title, ending, changes] of cases) {
    it(title, () => expect(countsOf([final(ending)])).to.deep.equal({ ...none, ...changes }));
  }

  it('is of another request when its reply names another id', () => {
    expect([final(), final({ text: '{"id":"s"}' }), final({ text: null })].map(isOfAnother)).to.deep.equal([
      false,
      true,
      false,
    ]);
  });

  it('was run again when a service wrote it down twice, in that queue', () => {
    const written = ['a', 'b', 'a', 'a', 'c', 'b'].map((messageId) => runLine({ queue: 'one', messageId }));
    const runs = readRuns(`${written.join('')}${runLine({ queue: 'two', messageId: 'c' })}`);
    expect(runs).to.have.length(7);
    expect([repeatedRuns(runs, 'one'), repeatedRuns(runs, 'two')]).to.deep.equal([2, 0]);
  });

  it('stalls as long as nobody has an answer', () => {
    let at = 0;
    const watch = createStallWatch(() => at);
    for (const next of [100, 900, 1_000]) {
      at = next;
      watch.answered();
    }
    expect(watch.longestMs()).to.equal(800);
    at = 2_500;
    watch.stop();
    at = 9_000;
    watch.answered();
    expect(watch.longestMs()).to.equal(1_500);
  });
});

describe('what the crash table does not allow', () => {
  const good: Counts = {
    ...{ accepted: 9, answered: 9, lost: 0, answeredTwice: 3, forwardedAgain: 3, runTwice: 2 },
    ...{ redelivered: 5, late: 0, unmatched: 0, longestStallMs: 9_000, slowestAnswerMs: 9_000 },
  };
  const lax = { mayForwardAgain: true, mayRunTwice: true };

  it('is nothing where all of it may be', () => expect(problemsOf(lax, good)).to.deep.equal([]));

  const cases: [Partial<Counts>, Partial<typeof lax>, string][] = [
    [{ lost: 1 }, {}, '1 lost'],
    [{}, { mayForwardAgain: false }, '3 answered twice'],
    [{ forwardedAgain: 2 }, {}, '1 answered twice'],
    [{}, { mayRunTwice: false }, '2 run twice by a service that remembers'],
    [{ late: 4 }, {}, '4 late'],
    [{ unmatched: 5 }, {}, '5 unmatched'],
    [{ accepted: 0 }, {}, 'nothing was accepted'],
  ];
  for (const [counts, row, problem] of cases) {
    it(`is told: ${problem}`, () =>
      expect(problemsOf({ ...lax, ...row }, { ...good, ...counts })).to.deep.equal([problem]));
  }
});
