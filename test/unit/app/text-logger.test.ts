import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { TextLogger, TextLoggerOptions } from '#app/text-logger.js';
import { createTextLogger } from '#app/text-logger.js';
import { ReplytoError } from '#core/errors.js';

function opened(options: Partial<TextLoggerOptions> = {}): { logger: TextLogger; lines: string[] } {
  const lines: string[] = [];
  const logger = createTextLogger({ writeLine: (line) => void lines.push(line), ...options });
  logger.open();
  return { logger, lines };
}

/** An error that does not say where it was thrown. */
function placeless(message: string, Kind: ErrorConstructor = Error): Error {
  const error = new Kind(message);
  delete error.stack;
  return error;
}

describe('the log in plain text', () => {
  it('tells warnings and errors, one line each, with the reason and what it is about', () => {
    const { logger, lines } = opened();
    logger.debug({}, 'unheard');
    logger.info({}, 'unheard');
    logger.warn({ reason: 'it fell silent' }, 'the broker connection ended');
    const log = logger.child({ queue: 'orders' }).child({ messageId: 'm-1' });
    log.error({ err: placeless('no disk'), attempt: 2 }, 'the handler failed');
    logger.warn({ requestId: 'r-1' }, 'it was cancelled');
    expect(lines).to.deep.equal([
      'warning: the broker connection ended: it fell silent',
      'error: the handler failed: no disk (queue orders, message m-1, attempt 2)',
      'warning: it was cancelled (request r-1)',
    ]);
  });

  it('puts its prefix before the label', () => {
    const { logger, lines } = opened({ prefix: 'replyto ' });
    logger.warn({}, 'so');
    expect(lines).to.deep.equal(['replyto warning: so']);
  });

  it('tells as much as it is asked for', () => {
    const { logger, lines } = opened({ least: 'info' });
    logger.debug({}, 'unheard');
    logger.info({}, 'heard');
    expect(lines).to.deep.equal(['info: heard']);
    const silent = opened({ least: 'silent' });
    silent.logger.error({}, 'unheard');
    expect(silent.lines).to.deep.equal([]);
  });

  it('says nothing before it is opened, unless everything is asked for', () => {
    const lines: string[] = [];
    const writeLine = (line: string): void => void lines.push(line);
    const logger = createTextLogger({ writeLine });
    logger.child({ queue: 'orders' }).error({}, 'unheard');
    expect(lines).to.deep.equal([]);
    createTextLogger({ writeLine, least: 'debug' }).debug({}, 'heard');
    expect(lines).to.deep.equal(['debug: heard']);
  });

  it('keeps one thing on one line, and shows what a terminal would obey', () => {
    const { logger, lines } = opened();
    logger.warn({ err: placeless('disk\r\n  is\n\nfull\u001b[2J') }, 'the handler\nfailed');
    expect(lines).to.deep.equal(['warning: the handler failed: disk is full\\u001b[2J']);
  });

  it('tells the same thing once within half a minute', () => {
    const { logger, lines } = opened();
    for (const attempt of [1, 1, 2]) logger.warn({ attempt }, 'again');
    expect(lines).to.deep.equal(['warning: again (attempt 1)', 'warning: again (attempt 2)']);
  });

  it('tells what was thrown, whatever it is', () => {
    const { logger, lines } = opened();
    const nothing: unknown = Object.create(null);
    for (const err of ['oops', 7, placeless('', TypeError), undefined, null, nothing])
      logger.warn({ err }, `${lines.length}`);
    expect(lines).to.deep.equal([
      'warning: 0: oops',
      'warning: 1: 7',
      'warning: 2: TypeError',
      'warning: 3',
      'warning: 4',
      'warning: 5: {}',
    ]);
  });

  it('tells the cause of an error that does not tell it itself', () => {
    const { logger, lines } = opened();
    const cause = placeless('x is undefined');
    const errors = [
      new ReplytoError('INTERNAL', { cause }),
      new ReplytoError('STORE_UNAVAILABLE', { detail: 'no: x is undefined', cause }),
    ];
    for (const err of errors) delete err.stack;
    logger.error({ err: errors[0] }, 'left');
    logger.error({ err: errors[1] }, 'away');
    expect(lines[0]).to.match(/^error: left: Something failed [^]*: x is undefined$/u);
    expect(lines[1]).to.equal('error: away: no: x is undefined');
  });

  it('takes what pino takes: a sentence alone, an error alone, an error as facts', () => {
    const { logger, lines } = opened();
    const warn = (...given: unknown[]): void => logger.warn(given[0] as object, given[1] as string);
    warn('just text');
    warn(placeless('just an error'));
    warn(placeless('why'), 'with a sentence');
    warn({ attempt: 3 });
    warn(undefined, 'no facts');
    expect(lines).to.deep.equal([
      'warning: just text',
      'warning: just an error',
      'warning: with a sentence: why',
      'warning: (attempt 3)',
      'warning: no facts',
    ]);
  });

  describe('tells where an error was thrown', () => {
    const here = relative(process.cwd(), fileURLToPath(import.meta.url));

    function lineOf(err: unknown): string | undefined {
      const { logger, lines } = opened();
      logger.warn({ err, queue: 'orders' }, 'the handler failed');
      return lines[0];
    }

    function withStack(message: string, frames: readonly string[]): Error {
      const error = new Error(message);
      error.stack = [`Error: ${message}`, ...frames.map((frame) => `    at ${frame}`)].join('\n');
      return error;
    }

    it('by file and line, before what it is about', () => {
      const error = new Error('no disk');
      expect(lineOf(error)).to.match(
        new RegExp(`^warning: the handler failed: no disk \\(at ${here}:\\d+, queue orders\\)$`, 'u'),
      );
    });

    it('as the first place in the code of the user, not of Node, of packages or of this product', () => {
      const frames = [
        'JSON.parse (<anonymous>)',
        'node:internal/process/task_queues:105:5',
        `Object.parse (${join(process.cwd(), 'node_modules', 'zod', 'index.js')}:7:1)`,
        `handler (file:///srv/my%20shop/orders.js:14:9)`,
        'async main (/srv/my shop/main.js:3:1)',
      ];
      const outside = `warning: the handler failed: bad (at ${join('/srv/my shop/orders.js')}:14, queue orders)`;
      expect(lineOf(withStack('bad', frames))).to.equal(outside);
      const own = new URL('../../../src/messaging/replier.ts:3:1', import.meta.url).href;
      expect(lineOf(withStack('bad', [`take (${own})`, ...frames]))).to.equal(outside);
    });

    it('of the cause, when the error itself is one of this product', () => {
      const error = withStack('away', ['node:net:1:1']);
      error.cause = withStack('away', ['handler (/srv/orders.js:14:9)']);
      expect(lineOf(error)).to.contain('(at /srv/orders.js:14, queue orders)');
    });

    it('never by what only looks like a place in its message', () => {
      const message = 'bad\n    at handler (/srv/fake.js:1:1)';
      expect(lineOf(withStack(message, ['node:net:1:1']))).to.match(/\(queue orders\)$/u);
    });

    it('not when nothing of the user is in its stack, or nobody threw an error', () => {
      expect(lineOf(withStack('bad', ['node:net:1:1', 'new Promise (<anonymous>)']))).to.equal(
        'warning: the handler failed: bad (queue orders)',
      );
      const broken = new Error('bad');
      broken.stack = 5 as unknown as string;
      expect(lineOf(broken)).to.equal('warning: the handler failed: bad (queue orders)');
      expect(lineOf('oops')).to.equal('warning: the handler failed: oops (queue orders)');
    });
  });
});
