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

describe('the log in plain text', () => {
  it('tells warnings and errors, one line each, with the reason and what it is about', () => {
    const { logger, lines } = opened();
    logger.debug({}, 'unheard');
    logger.info({}, 'unheard');
    logger.warn({ reason: 'it fell silent' }, 'the broker connection ended');
    const log = logger.child({ queue: 'orders' }).child({ messageId: 'm-1' });
    log.error({ err: new Error('no disk'), attempt: 2 }, 'the handler failed');
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
    logger.warn({ err: new Error('disk\r\n  is\n\nfull\u001b[2J') }, 'the handler\nfailed');
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
    for (const err of ['oops', 7, new TypeError(''), undefined, null, nothing])
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
    const cause = new Error('x is undefined');
    logger.error({ err: new ReplytoError('INTERNAL', { cause }) }, 'left');
    logger.error(
      { err: new ReplytoError('STORE_UNAVAILABLE', { detail: 'no: x is undefined', cause }) },
      'away',
    );
    expect(lines[0]).to.match(/^error: left: Something failed [^]*: x is undefined$/u);
    expect(lines[1]).to.equal('error: away: no: x is undefined');
  });

  it('takes what pino takes: a sentence alone, an error alone, an error as facts', () => {
    const { logger, lines } = opened();
    const warn = (...given: unknown[]): void => logger.warn(given[0] as object, given[1] as string);
    warn('just text');
    warn(new Error('just an error'));
    warn(new Error('why'), 'with a sentence');
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
});
