import { expect } from 'chai';
import type { CalmLogger } from '#app/calm-logger.js';
import { createCalmLogger } from '#app/calm-logger.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import type { RecordingLogger } from '../../support/recording.js';
import { createRecordingLogger } from '../../support/recording.js';

describe('a calm logger', () => {
  let clock: ManualClock;
  let logger: RecordingLogger;
  let calm: CalmLogger;

  beforeEach(() => {
    clock = createManualClock();
    logger = createRecordingLogger();
    calm = createCalmLogger(logger, clock);
  });

  const told = (): [string, unknown][] =>
    logger.entries.map(({ sentence, facts }) => [sentence, facts['n'] ?? facts['more']]);

  it('tells the first twenty of a sentence, and how many there were more when half a minute is over', () => {
    for (let n = 0; n < 5_000; n += 1) calm.warn({ n }, 'a stranger came');
    expect(told()).to.deep.equal(Array.from({ length: 20 }, (_, n) => ['a stranger came', n]));
    clock.advance(29_999);
    expect(logger.entries).to.have.length(20);
    clock.advance(1);
    expect(told().at(-1)).to.deep.equal(['a stranger came: and more of them', 4_980]);
    calm.warn({ n: 'again' }, 'a stranger came');
    expect(told().at(-1)).to.deep.equal(['a stranger came', 'again']);
    expect(logger.entries).to.have.length(22);
    calm.stop();
    expect(clock.pending).to.equal(0);
  });

  it('counts sentences, levels and nothing else; children count together', () => {
    const child = calm.child({ queue: 'q' });
    for (let n = 0; n < 15; n += 1) {
      calm.info({ n }, 'one');
      child.info({ n }, 'one');
      child.error({ n }, 'one');
      calm.debug({ n }, 'quiet');
    }
    const count = (level: string): number => logger.entries.filter((entry) => entry.level === level).length;
    expect([count('info'), count('error'), count('debug')]).to.deep.equal([20, 15, 15]);
    expect(logger.entries.find(({ level }) => level === 'error')!.facts).to.include({ queue: 'q' });
    calm.stop();
    expect(logger.entries.at(-1)!.facts).to.include({ more: 10 });
  });

  it('tells of the rest under the facts of nobody who spoke', () => {
    const [first, second] = [calm.child({ queue: 'first' }), calm.child({ queue: 'second' })];
    for (let n = 0; n < 20; n += 1) first.warn({}, 'refused');
    for (let n = 0; n < 30; n += 1) second.warn({}, 'refused');
    calm.stop();
    expect(logger.entries.at(-1)!.facts).to.deep.equal({ more: 30, withinMs: 30_000 });
  });

  it('keeps few sentences, whatever comes, and leaves no timer', () => {
    for (let n = 0; n < 1_000; n += 1) calm.warn({}, `sentence ${n}`);
    expect(logger.entries).to.have.length(1_000);
    expect(clock.pending).to.equal(100);
    calm.stop();
    expect(clock.pending).to.equal(0);
    calm.warn({}, 'after the end');
    expect(logger.sentences('warn').at(-1)).to.equal('after the end');
    expect(clock.pending).to.equal(0);
  });
});
