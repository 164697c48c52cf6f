import { expect } from 'chai';
import stringWidth from 'string-width';
import { fitted, oneLine } from '#app/watch/fitted-text.js';
import type { Task } from '#app/watch/task-list.js';
import { elapsedText, taskLines } from '#app/watch/task-lines.js';

const now = 1_000_000;

function task(subject: string, more: Partial<Task> = {}): Task {
  return {
    subject,
    percent: undefined,
    text: undefined,
    kind: 'progress',
    status: undefined,
    startedAt: now - 7_000,
    time: now - 2_000,
    sequence: 0,
    isRequest: false,
    isOver: false,
    ...more,
  };
}

function lines(tasks: readonly Task[], more: Partial<Parameters<typeof taskLines>[1]> = {}): string[] {
  return taskLines(tasks, { columns: 81, rows: 10, now, isColourful: false, isCut: false, ...more });
}

describe('a task as a line of a terminal', () => {
  it('has name, bar, percent, text and the time since its start', () => {
    const [line] = lines([task('job-1', { percent: 50, text: 'rising' })], { columns: 61 });
    expect(line).to.equal('job-1 [######-------]   50 % rising                     0:07');
    expect(line).to.have.length(60);
  });

  it('says of an ended task how it ended, and for how long it went on', () => {
    const over = { isOver: true, percent: 40 } as const;
    const shown = lines([
      task('a', { ...over, kind: 'success' }),
      task('b', { ...over, kind: 'failure' }),
      task('c', { ...over, kind: 'log', status: 'replied' }),
      task('d', { ...over, kind: 'progress', status: 'expired' }),
      task('e', { ...over, kind: 'user-action', status: 'cancelled' }),
    ]);
    expect(shown.map((line) => /\] +(\w+)/u.exec(line)?.[1])).to.deep.equal([
      'done',
      'failed',
      'done',
      'failed',
      'ended',
    ]);
    expect(shown[0]).to.match(/^a \[#{18}\] +done +0:05$/u);
    expect(shown[1]).to.match(/^b \[#{7}-{11}\] +failed +0:05$/u);
  });

  it('has no bar while no percentage is known', () => {
    expect(lines([task('a', { text: 'sent' })])[0]).to.match(/^a +sent +0:07$/u);
  });

  it('stays within the terminal, whatever its width and the text', () => {
    const long = task('日本語'.repeat(30), { percent: 33.3, text: 'é👩‍👩‍👧‍👦 \u001b[2J\n'.repeat(40) });
    for (let columns = 1; columns <= 200; columns += 1) {
      for (const line of lines([long, task('b')], { columns })) {
        expect(stringWidth(line), `${columns} columns`).to.be.below(Math.max(2, columns));
        expect(line).not.to.match(/[\u0000-\u001f\u007f-\u009f]/u);
      }
    }
  });

  it('is coloured by its end alone, and only where colours are wanted', () => {
    const tasks = [task('a'), task('b', { isOver: true, kind: 'failure' })];
    const [open, failed] = lines(tasks, { isColourful: true });
    expect(open).not.to.contain('\u001b');
    expect(failed).to.match(/^\u001b\[31mb.*\u001b\[0m$/u);
    expect(lines(tasks).join()).not.to.contain('\u001b');
  });

  it('leaves a line to count those that do not fit', () => {
    const tasks = Array.from({ length: 12 }, (_, index) => task(`job-${index}`));
    expect(lines(tasks, { rows: 12 })).to.have.length(12);
    const shown = lines(tasks, { rows: 5 });
    expect(shown).to.have.length(5);
    expect(shown[3]).to.match(/^job-3 /u);
    expect(shown[4]).to.equal('… and 8 more');
    expect(lines(tasks, { rows: 5, isCut: true })[4]).to.equal('… and more than 8 more');
  });
});

describe('text in columns', () => {
  it('is cut between characters as they are seen, and filled up where one was too wide', () => {
    expect(fitted('rising', 6)).to.equal('rising');
    expect(fitted('rising', 8)).to.equal('rising  ');
    expect(fitted('rising', 4)).to.equal('ris…');
    expect(fitted('日本語', 4)).to.equal('日… ');
    expect(fitted('e\u0301e\u0301e\u0301', 2)).to.equal('e\u0301…');
    expect(fitted('x', 0)).to.equal('');
  });

  it('is one line, and shows what a terminal would obey', () => {
    expect(oneLine(' a\r\n\tb\u001b[2J\u009b1m ')).to.equal('a b\\u001b[2J\\u009b1m');
  });

  it('tells a time in at most eight columns', () => {
    const cases = {
      0: '0:00',
      59_999: '0:59',
      725_000: '12:05',
      10_921_000: '3:02:01',
      190_800_000: '2d 05h',
    };
    for (const [ms, text] of Object.entries(cases)) expect(elapsedText(Number(ms))).to.equal(text);
    expect(elapsedText(-5_000)).to.equal('0:00');
  });
});
