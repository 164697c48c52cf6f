import { expect } from 'chai';
import { readFlags, serveFlags } from '#app/configuration/flags.js';
import { settings } from '#schema/settings.js';

describe('settings from flags', () => {
  it('are those the commands offer, each for a key that exists', () => {
    expect(serveFlags.map(({ flag }) => flag)).to.deep.equal([
      '--host',
      '--port',
      '--broker-url',
      '--broker-port',
      '--data-dir',
      '--store-url',
      '--prefix',
      '--roles',
      '--workers',
      '--log-level',
      '--log-format',
      '--insecure',
    ]);
    for (const { flag, key, description } of serveFlags) {
      expect(
        settings.map((setting) => setting.key),
        flag,
      ).to.include(key);
      expect(description, flag).to.not.equal('');
    }
    expect(serveFlags.filter(({ takesValue }) => !takesValue).map(({ flag }) => flag)).to.deep.equal([
      '--insecure',
    ]);
  });

  it('are read by kind, and empty text is not nothing', () => {
    const { values, file } = readFlags({ port: '0', insecure: true, host: '', config: 'a.yaml' });
    expect(values.map(({ path, value }) => [path.join('.'), value])).to.deep.equal([
      ['http.host', ''],
      ['http.port', 0],
      ['http.insecure', true],
    ]);
    expect(file).to.deep.equal({ path: 'a.yaml', namedBy: '--config' });
  });
});
