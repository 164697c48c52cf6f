import { expect } from 'chai';
import { reportError } from '#cli/report-error.js';
import { errorKinds } from '#core/error-kinds.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { ErrorCode } from '#core/error-kinds.js';
import { testContext } from '../../support/command-context.js';

async function reported(
  error: unknown,
  options: Parameters<typeof testContext>[0] = {},
): Promise<{ code: number; text: string }> {
  const context = testContext(options);
  const code = await reportError(error, context);
  expect(context.said().stdout).to.equal('');
  return { code, text: context.said().stderr };
}

describe('the report of an error', () => {
  it('is one sentence, and the exit code is that of the table', async () => {
    for (const code of Object.keys(errorKinds) as ErrorCode[]) {
      const outcome = await reported(new ReplytoError(code, { detail: 'what happened' }));
      expect(outcome).to.deep.equal({
        code: errorKinds[code].exitCode,
        text: 'error: what happened\n',
      });
    }
  });

  it('shows what would take its line from it', async () => {
    const { text } = await reported(new ReplytoError('REPLY_FAULT', { detail: 'x\rerror: none\r\ny' }));
    expect(text).to.equal('error: x\\u000derror: none\r\ny\n');
  });

  it('names each problem on a line of its own', async () => {
    const problems = [toProblem('http.port', 'x', 'a number'), toProblem('prefix', undefined, 'letters')];
    const { text } = await reported(new ReplytoError('INVALID_CONFIGURATION', { problems }));
    expect(text).to.equal(
      "error: The configuration has faults.\n  http.port 'x': a number\n  prefix: letters\n",
    );
  });

  it('speaks of the command where the library speaks of a program that calls it', async () => {
    const problems = [toProblem('-H', 'Foo', "'Name: value'")];
    const { code, text } = await reported(new ReplytoError('INVALID_ARGUMENT', { problems }));
    expect(text).to.equal(
      "error: What this command was given is not acceptable.\n  -H 'Foo': 'Name: value'\n",
    );
    expect(code).to.equal(2);
  });

  it('tells what a fault of the program is, but shows its stack only with LOG_LEVEL=debug', async () => {
    const fault = new TypeError('x is undefined');
    const plain = await reported(fault);
    expect(plain).to.deep.equal({ code: 1, text: 'error: x is undefined (LOG_LEVEL=debug shows where)\n' });
    const { text } = await reported(fault, { environment: { LOG_LEVEL: 'debug' } });
    expect(text).to.match(/TypeError: x is undefined\n +at /u);
  });

  it('shows what a terminal would obey, instead of passing it on', async () => {
    const { text } = await reported(new ReplytoError('REPLY_FAULT', { detail: 'a\u001b[2Jb\u0007' }));
    expect(text).to.equal('error: a\\u001b[2Jb\\u0007\n');
  });

  it('is coloured for people only, and not for those who do not want it', async () => {
    const error = new ReplytoError('SHUTTING_DOWN');
    expect((await reported(error, { isTerminal: true })).text).to.contain('\u001b[31merror:');
    expect((await reported(error, { isTerminal: true, environment: { NO_COLOR: '1' } })).text).to.match(
      /^error:/u,
    );
    expect((await reported(error)).text).to.match(/^error:/u);
  });
});
