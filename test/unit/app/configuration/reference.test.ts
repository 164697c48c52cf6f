import { expect } from 'chai';
import { environmentNames } from '#app/configuration/environment.js';
import { serveFlags } from '#app/configuration/flags.js';
import { referencePage } from '#app/configuration/reference.js';
import { routeSchema } from '#schema/route.js';
import { membersOf } from '#schema/schema-tree.js';
import { settings } from '#schema/settings.js';

describe('the reference page', () => {
  const rows = new Map(
    referencePage()
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => [line.split('`')[1], line]),
  );

  it('has a row for every key, with its names, its meaning and what is allowed', () => {
    for (const setting of settings) {
      const row = rows.get(setting.key);
      expect(row, setting.key).to.not.equal(undefined);
      for (const name of environmentNames(setting)) expect(row).to.contain(`\`${name}\``);
      expect(setting.description, setting.key).to.not.equal('');
      expect(row).to.contain(setting.description).and.to.contain(setting.allowed);
    }
    for (const { flag, key } of serveFlags) expect(rows.get(key)).to.contain(`\`${flag}\``);
  });

  it('has a row for every key of a route', () => {
    for (const name of membersOf(routeSchema)?.keys() ?? []) expect([...rows.keys()]).to.include(name);
  });

  it('tells defaults as a file would hold them, durations also in words', () => {
    expect(rows.get('requests.timeoutMs')).to.contain('| `86400000` (1d) |');
    expect(rows.get('http.host')).to.contain('| `127.0.0.1` |');
    expect(rows.get('broker.passcode')).to.contain('| none |').and.to.contain('never shown');
  });
});
