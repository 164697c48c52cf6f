import { expect } from 'chai';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
// Loaded by some commands only; its globals would else count as leaks of their tests.
import '#schema/settings.js';
import { runCommandLine } from '#cli/program.js';
import { errorKinds } from '#core/error-kinds.js';
import type { TestContextOptions } from '../../support/command-context.js';
import { testContext } from '../../support/command-context.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(line: string, options: TestContextOptions = {}): Promise<Outcome> {
  const context = testContext(options);
  const code = await runCommandLine(line === '' ? [] : line.split(' '), context);
  return { code, ...context.said() };
}

const commands =
  'dev serve request reply consume send status trace why cancel list deliveries dead-letters unmatched token doctor config completion'.split(
    ' ',
  );
const subcommands = [
  ...['check', 'print', 'reference'].map((name) => `config ${name}`),
  ...['list', 'show', 'retry', 'edit', 'drop'].map((name) => `dead-letters ${name}`),
  ...['list', 'show', 'match', 'drop'].map((name) => `unmatched ${name}`),
];

describe('the command line', () => {
  for (const command of [...commands, ...subcommands]) {
    it(`has help with examples for ${command}`, async () => {
      const { code, stdout, stderr } = await run(`${command} --help`);
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      expect(stdout).to.match(new RegExp(`^Usage: replyto ${command}`, 'u'));
      expect(stdout).to.match(/Examples:\n {2}\S.*replyto|Examples:\n {2}replyto/u);
    });
  }

  it('gives the same help by `help COMMAND`', async () => {
    expect((await run('help send')).stdout).to.equal((await run('send --help')).stdout);
  });

  it('lists every command and the exit codes in its overview', async () => {
    const { code, stdout } = await run('--help');
    expect(code).to.equal(0);
    for (const command of commands) expect(stdout).to.match(new RegExp(`^ {2}${command} `, 'mu'));
    const line = /^Exit codes: .*$/mu.exec(stdout)?.[0] ?? '';
    const told = new Set(Array.from(line.matchAll(/\d/gu), ([digit]) => Number(digit)));
    for (const { exitCode } of Object.values(errorKinds)) expect(told).to.include(exitCode);
  });

  it('prints the version', async () => {
    const { code, stdout } = await run('--version');
    expect(code).to.equal(0);
    expect(stdout).to.match(/^replyto \d+\.\d+\.\d+\n$/u);
  });

  for (const { line, says } of [
    { line: '', says: /^Usage: replyto/u },
    { line: 'requets demo.echo', says: /^error: unknown command 'requets'\n\(Did you mean request\?\)/u },
    { line: 'request demo.echo --dat x', says: /^error: unknown option '--dat'\n\(Did you mean --data\?\)/u },
    { line: 'request', says: /^error: missing required argument 'queues'/u },
    { line: 'request a b --expect none', says: /Give a whole number from 1/u },
    { line: 'status a b', says: /^error: too many arguments/u },
    { line: 'request q --wait soon', says: /'soon' is invalid. Give whole seconds/u },
    { line: 'request q --wait 1 --async', says: /cannot be used with/u },
    { line: 'request q --priority 10', says: /Give a whole number from 0 to 9/u },
    { line: 'request q -o xml', says: /Allowed choices are body, json/u },
    { line: 'consume q --count 0', says: /Give a whole number from 1/u },
    { line: 'consume q --follow --count 1', says: /cannot be used with/u },
    { line: 'list -n 0', says: /Give a whole number from 1 to 500\./u },
    { line: 'list -n 501', says: /Give a whole number from 1 to 500\./u },
    { line: 'list --status done', says: /Allowed choices are accepted, sent/u },
    { line: 'watch', says: /^error: missing required argument 'name'/u },
    { line: 'watch p --after -1', says: /Give a whole number from 0 to/u },
    { line: 'watch p --kind news,log', says: /Allowed choices are progress, success, failure/u },
    { line: 'watch p --project --request', says: /cannot be used with/u },
    { line: 'publish-status p -s a -k log -p 100.1', says: /Give a number from 0 to 100\./u },
    { line: 'publish-status p -s a -k log -p 1e1', says: /Give a number from 0 to 100\./u },
    { line: 'serve --prot 80', says: /Did you mean --port\?/u },
    { line: 'config', says: /^Usage: replyto config/u },
  ]) {
    it(`ends with 2 and says why for 'replyto ${line}'`, async () => {
      const { code, stdout, stderr } = await run(line);
      expect(stderr).to.match(says);
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
    });
  }
});

describe('the commands that work at the broker', () => {
  for (const command of ['consume q', 'send q --data x', 'reply q --exec cat']) {
    it(`name in ${command} the option or variable of what is wrong`, async () => {
      const flagged = await run(`${command} --broker-url tcp://h:61616 --prefix a.b`);
      expect(flagged.code).to.equal(2);
      expect(flagged.stderr).to.match(
        /^error: What .*\n {2}--broker-url 'tcp:\/\/h:61616': .*stomp:\/\/h:61613\n {2}--prefix 'a\.b': /u,
      );
      const environment = { BROKER_URL: 'http://h', REPLYTO_PREFIX: 'a.b' };
      const { stderr } = await run(command, { environment });
      expect(stderr).to.match(/\n {2}BROKER_URL 'http:[^]*\n {2}REPLYTO_PREFIX 'a\.b'/u);
      const port = await run(command, { environment: { BROKER_PORT: '70000' } });
      expect(port.stderr).to.match(/\n {2}BROKER_PORT 'stomp:.*: a port from 1 to 65535\n$/u);
    });
  }
});

describe('replyto config', () => {
  const folder = temporaryFolder();

  it('prints every key with its origin, and hides secrets', async () => {
    writeFileSync(join(folder(), 'replyto.yaml'), 'requests: { waitMs: 2s }\n');
    const { code, stdout } = await run('config print --port 9000', {
      workingFolder: folder(),
      environment: { BROKER_URL: 'stomp://broker:61613', BROKER_LOGIN: 'ada', BROKER_PASSCODE: 'secret' },
    });
    expect(code).to.equal(0);
    expect(stdout).to.match(/^requests\.waitMs +replyto\.yaml +2000$/mu);
    expect(stdout).to.match(/^http\.port +--port +9000$/mu);
    expect(stdout).to.match(/^broker\.url +BROKER_URL +stomp:\/\/broker:61613$/mu);
    expect(stdout).to.match(/^broker\.passcode +BROKER_PASSCODE +\*\*\*$/mu);
    expect(stdout).to.match(/^prefix +default +replyto$/mu);
    expect(stdout).not.to.contain('secret');
  });

  it('checks a file: 0 when it is complete, 2 with every fault when not', async () => {
    mkdirSync(join(folder(), 'etc'));
    const file = join(folder(), 'etc', 'gateway.yaml');
    writeFileSync(file, 'http: { port: 9000 }\n');
    const good = await run(`config check --config ${file}`, { workingFolder: folder() });
    expect(good).to.deep.equal({ code: 0, stdout: `The configuration is complete (${file}).\n`, stderr: '' });
    writeFileSync(file, 'http: { port: x }\nprefixx: a\n');
    const bad = await run(`config check --config ${file}`, { workingFolder: folder() });
    expect(bad.code).to.equal(2);
    expect(bad.stderr.split('\n')).to.have.length(4);
    expect(bad.stderr).to.match(
      /^error: The configuration has faults\.\n {2}http\.port.*'x': whole.*\n {2}prefixx.*mean 'prefix'\?\n$/u,
    );
  });

  it('notes variables that were probably meant for it, beside what is right or wrong', async () => {
    const environment = { BROKER_ULR: 'stomp://u:secret@b', DATADIR: 'x' };
    const note =
      'note: BROKER_ULR is set and unknown here; did you mean BROKER_URL?\nnote: DATADIR is set and unknown here; did you mean DATA_DIR?\n';
    const good = await run('config check', { workingFolder: folder(), environment });
    expect(good).to.deep.equal({
      code: 0,
      stdout: 'The configuration is complete (no replyto.yaml).\n',
      stderr: note,
    });
    const wrong = { ...environment, BROKER_PASSCODE: 'secret' };
    const bad = await run('config check', { workingFolder: folder(), environment: wrong });
    expect(bad.code).to.equal(2);
    expect(bad.stderr).to.match(/^note: BROKER_ULR [^]*\nerror: The configuration has faults\./u);
    expect(bad.stderr).not.to.contain('secret');
  });

  it('says of an address of OpenWire which one STOMP has', async () => {
    const environment = { BROKER_URL: 'tcp://u:secret@activemq:61616' };
    const { code, stderr } = await run('config check', { workingFolder: folder(), environment });
    expect(code).to.equal(2);
    expect(stderr).to.equal(
      "error: The configuration has faults.\n  BROKER_URL 'tcp://***@activemq:61616': tcp:// is OpenWire and this speaks STOMP: use stomp://host:61613\n",
    );
  });

  it('prints the reference page', async () => {
    const { code, stdout } = await run('config reference');
    expect(code).to.equal(0);
    expect(stdout).to.match(/^# Configuration\n/u);
  });

  it('does not take the variables of a program that answers requests for settings', async () => {
    const environment = {
      REPLYTO_QUEUE: 'q',
      REPLYTO_MESSAGE_ID: 'm',
      REPLYTO_HEADER_X_A: '1',
      REPLYTO_ATTEMPT: '1',
    };
    expect((await run('config check', { workingFolder: folder(), environment })).code).to.equal(0);
    const misspelled = { ...environment, REPLYTO_PREFIXX: 'p' };
    expect((await run('config check', { workingFolder: folder(), environment: misspelled })).code).to.equal(
      2,
    );
  });
});
