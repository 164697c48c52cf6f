import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { LoadedConfiguration } from '#app/configuration/load.js';
import { loadConfiguration } from '#app/configuration/load.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

describe('the password of the broker', () => {
  const folder = temporaryFolder();

  function load(yaml: string, environment: Readonly<Record<string, string>> = {}): LoadedConfiguration {
    writeFileSync(join(folder(), 'replyto.yaml'), `broker:\n  url: stomp://user@broker\n${yaml}`);
    return loadConfiguration({ environment, workingFolder: folder() });
  }

  function passcode(yaml: string, environment: Readonly<Record<string, string>> = {}): string | undefined {
    return load(yaml, environment).configuration.broker.passcode;
  }

  beforeEach(() => {
    mkdirSync(join(folder(), 'secrets'));
    writeFileSync(join(folder(), 'secrets', 'one'), 'from file\n');
  });

  it('comes from the named file, without the line end', () => {
    expect(passcode('  passcodeFile: secrets/one\n')).to.equal('from file');
    writeFileSync(join(folder(), 'secrets', 'one'), 'from file\r\n');
    expect(passcode('', { BROKER_PASSCODE_FILE: 'secrets/one' })).to.equal('from file');
    writeFileSync(join(folder(), 'secrets', 'one'), ' kept as it is ');
    expect(passcode('', { BROKER_PASSCODE_FILE: 'secrets/one' })).to.equal(' kept as it is ');
  });

  it('is that of the stronger source, in whichever form', () => {
    expect(passcode('  passcodeFile: secrets/one\n', { BROKER_PASSCODE: 'direct' })).to.equal('direct');
    expect(passcode('  passcode: direct\n', { BROKER_PASSCODE_FILE: 'secrets/one' })).to.equal('from file');
    // The weaker file is not even looked for.
    expect(passcode('  passcodeFile: nowhere\n', { BROKER_PASSCODE: 'direct' })).to.equal('direct');
  });

  it('is refused in both forms from one source', () => {
    expect(() => load('  passcode: x\n  passcodeFile: secrets/one\n')).to.throw(
      /broker\.passcodeFile \(replyto\.yaml\) 'secrets\/one': nothing, because broker\.passcode is given too/u,
    );
  });

  it('is refused when its file is missing, empty, a folder or more than a line', () => {
    writeFileSync(join(folder(), 'secrets', 'empty'), '');
    writeFileSync(join(folder(), 'secrets', 'long'), 'a\nb\n');
    const words = {
      nowhere: 'there is no such file',
      'secrets/empty': 'exactly one line',
      'secrets/long': 'exactly one line',
      secrets: 'not a regular file',
    };
    for (const [name, expected] of Object.entries(words)) {
      expect(() => load(`  passcodeFile: ${name}\n`), name).to.throw(expected);
    }
  });
});
