import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadConfiguration } from '#app/configuration/load.js';
import { printConfiguration } from '#app/configuration/print.js';
import { settings } from '#schema/settings.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

describe('the print of the configuration', () => {
  const folder = temporaryFolder();

  function print(environment: Readonly<Record<string, string>>): string[] {
    const { configuration, origins } = loadConfiguration({ environment, workingFolder: folder() });
    return printConfiguration(configuration, origins).trimEnd().split('\n');
  }

  it('shows every key once with its origin and value', () => {
    writeFileSync(join(folder(), 'replyto.yaml'), 'requests: { timeoutMs: never }\n');
    const rows = print({ PORT: '9000' }).map((line) => line.split(/\s{2,}/u));
    expect(rows.map(([key]) => key)).to.deep.equal(settings.map(({ key }) => key));
    const found = new Map(rows.map(([key, ...rest]) => [key, rest]));
    expect(found.get('http.port')).to.deep.equal(['PORT', '9000']);
    expect(found.get('requests.timeoutMs')).to.deep.equal(['replyto.yaml', 'never']);
    expect(found.get('broker.login')).to.deep.equal(['default', '(none)']);
    expect(found.get('allow.queues')).to.deep.equal(['default', '["*"]']);
  });

  it('hides the password, also that of a file and that of an address', () => {
    writeFileSync(join(folder(), 'passcode'), 's3cret-in-file\n');
    const fromFile = print({ BROKER_URL: 'stomp://app@broker:61613', BROKER_PASSCODE_FILE: 'passcode' }).join(
      '\n',
    );
    expect(fromFile).to.not.contain('s3cret');
    expect(fromFile).to.match(/^broker\.passcode +BROKER_PASSCODE_FILE +\*\*\*$/mu);
    const inUrl = print({ BROKER_URL: 'stomp://app:s3cret@broker:61613' }).join('\n');
    expect(inUrl).to.match(/^broker\.url +BROKER_URL +stomp:\/\/\*\*\*@broker:61613$/mu);
  });
});
