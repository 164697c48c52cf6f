import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
// Loaded by some commands only; its globals would else count as leaks of their tests.
import '#schema/settings.js';
import { runCommandLine } from '#cli/program.js';
import { testContext } from '../../support/command-context.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

async function scriptOf(shell: string): Promise<string> {
  const context = testContext();
  expect(await runCommandLine(['completion', shell], context)).to.equal(0);
  return context.said().stdout;
}

describe('replyto completion', () => {
  const folder = temporaryFolder();

  /** What bash offers for a line; its last word is the one that is being typed. */
  async function offered(...line: readonly string[]): Promise<string[]> {
    const file = join(folder(), 'replyto.bash');
    writeFileSync(file, await scriptOf('bash'));
    const words = line.map((word) => `'${word}'`).join(' ');
    const ask = `source '${file}'; COMP_WORDS=(replyto ${words}); COMP_CWORD=${line.length}; _replyto; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const text = execFileSync('bash', ['--norc', '-c', ask], { encoding: 'utf8' });
    return text.split('\n').filter((word) => word !== '');
  }

  it('gives bash the commands, and those that begin like what is typed', async () => {
    expect(await offered('')).to.include.members(['serve', 'request', 'completion', 'config', '--help']);
    expect(await offered('re')).to.have.members(['request', 'reply']);
  });

  it('gives bash the options of a command, and the commands below it', async () => {
    expect(await offered('status', '--')).to.include.members(['--reply', '--wait', '--output', '--url']);
    expect(await offered('config', '')).to.include.members(['check', 'print', 'reference']);
    expect(await offered('config', 'check', '--con')).to.deep.equal(['--config']);
    expect(await offered('completion', '')).to.include.members(['bash', 'zsh', 'fish']);
  });

  it('gives bash the values of an option that has some, and nothing of ours where it has none', async () => {
    expect(await offered('status', 'my-id', '-o', '')).to.have.members(['table', 'json']);
    expect(await offered('status', 'my-id', '--output', 'j')).to.deep.equal(['json']);
    expect(await offered('watch', 'citrine', '--kind', '')).to.include.members(['failure', 'user-action']);
    expect(await offered('serve', '--config', '')).to.deep.equal([]);
  });

  it('gives zsh the same by its layer for bash, and fish a line for each command and option', async () => {
    expect(await scriptOf('zsh')).to.match(/^#compdef replyto\nautoload .*bashcompinit\n_replyto\(\)/u);
    const lines = (await scriptOf('fish')).trimEnd().split('\n');
    expect(lines.every((line) => line.startsWith('complete -c replyto '))).to.equal(true);
    expect(lines).to.include(
      "complete -c replyto -f -n '__fish_use_subcommand' -a serve -d 'Run a gateway.'",
    );
    expect(lines.find((line) => line.includes('-s o -l output') && line.includes('from status'))).to.contain(
      "-f -a 'table json'",
    );
  });

  it('refuses a shell that it does not know, with those that it does', async () => {
    const context = testContext();
    expect(await runCommandLine(['completion', 'tcsh'], context)).to.equal(2);
    expect(context.said().stderr).to.contain('bash, zsh, fish');
  });
});
