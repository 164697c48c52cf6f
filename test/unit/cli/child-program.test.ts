import { expect } from 'chai';
import type { ProgramEnd, ProgramOptions } from '#app/broker-tools/child-program.js';
import { runProgram } from '#app/broker-tools/child-program.js';
import { within } from '../../support/until.js';

const input = Buffer.from('in');

function run(command: string, options: Partial<ProgramOptions> = {}): ReturnType<typeof runProgram> {
  return runProgram({
    command,
    input,
    environment: { PATH: process.env['PATH'] },
    workingFolder: process.cwd(),
    maxOutputBytes: 1_000,
    onStderr: () => undefined,
    ...options,
  });
}

function endOf(command: string, options: Partial<ProgramOptions> = {}): Promise<ProgramEnd> {
  return within(run(command, options).ended, { what: `the end of ${command}` });
}

describe('a run of a program', () => {
  it('ends with its exit code, its output and what it complained of', async () => {
    const heard: string[] = [];
    const end = await endOf('cat; echo oops >&2; exit 5', {
      onStderr: (chunk) => heard.push(chunk.toString()),
    });
    expect(end).to.deep.equal({ kind: 'exit', code: 5, output: input, errorText: 'oops' });
    expect(heard.join('')).to.equal('oops\n');
  });

  it('need not read its input, however long that is', async () => {
    const end = await endOf('echo done', { input: Buffer.alloc(5_000_000) });
    expect(end).to.include({ kind: 'exit', code: 0 });
  });

  it('is ended when it writes more than it may', async () => {
    expect(await endOf('while :; do echo more; done')).to.deep.equal({ kind: 'overflow' });
  });

  it('keeps only the beginning of endless complaints', async () => {
    const end = await endOf('head -c 100000 /dev/zero | tr "\\0" x >&2');
    expect(end.kind === 'exit' && end.errorText.length).to.equal(8_192);
  });

  it('ends although something that it started holds its pipes', async () => {
    const end = await endOf('sleep 300 & echo early');
    expect(end).to.deep.include({ kind: 'exit', code: 0, output: Buffer.from('early\n') });
  });

  it('is killed when it does not end by being asked to', async () => {
    const program = run("trap '' TERM; echo ready >&2; while :; do sleep 1; done", {
      onStderr: () => program.kill(),
    });
    const end = await within(program.ended, { what: 'its end' });
    expect(end).to.include({ kind: 'signal', signal: 'SIGKILL' });
  });

  it('cannot start in a folder that is not there, which is no crash', async () => {
    expect((await endOf('true', { workingFolder: '/nowhere/at/all' })).kind).to.equal('unstartable');
  });
});
