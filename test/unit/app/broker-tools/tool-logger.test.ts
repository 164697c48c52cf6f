import { expect } from 'chai';
import { createToolLogger } from '#app/broker-tools/tool-logger.js';
import { testContext } from '../../../support/command-context.js';

describe('the log of a command', () => {
  it('tells warnings on stderr after it was opened', () => {
    const context = testContext();
    const logger = createToolLogger(context);
    logger.warn({ reason: 'refused' }, 'the broker cannot be reached');
    logger.open();
    logger.info({}, 'connected to the broker');
    logger.warn({ reason: 'it fell silent' }, 'the broker connection ended');
    expect(context.said()).to.deep.equal({
      stdout: '',
      stderr: 'warning: the broker connection ended: it fell silent\n',
    });
  });

  it('tells as much as LOG_LEVEL says, and warnings when that is no level', () => {
    for (const [level, told] of [
      ['info', 'info: a\nwarning: b\nerror: c\n'],
      ['error', 'error: c\n'],
      ['silent', ''],
      ['loud', 'warning: b\nerror: c\n'],
      ['', 'warning: b\nerror: c\n'],
    ] as const) {
      const context = testContext({ environment: { LOG_LEVEL: level } });
      const logger = createToolLogger(context);
      logger.open();
      logger.info({}, 'a');
      logger.warn({}, 'b');
      logger.error({}, 'c');
      expect(context.said().stderr, level).to.equal(told);
    }
  });
});
