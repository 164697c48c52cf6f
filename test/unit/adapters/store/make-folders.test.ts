import { expect } from 'chai';
import { existsSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolders } from '#adapters/store/make-folders.js';
import { skip } from '../../../support/skip.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

describe('making folders', () => {
  const folder = temporaryFolder();

  it('makes all that are missing, and leaves those that are there', () => {
    const path = join(folder(), 'a', 'b', 'c');
    makeFolders(path);
    makeFolders(path);
    makeFolders('/');
    expect(statSync(path).isDirectory()).to.equal(true);
  });

  it('takes a link to a folder for one, and no file and no link to nothing', () => {
    symlinkSync(folder(), join(folder(), 'link'));
    makeFolders(join(folder(), 'link', 'data'));
    expect(statSync(join(folder(), 'data')).isDirectory()).to.equal(true);
    writeFileSync(join(folder(), 'file'), '');
    symlinkSync(join(folder(), 'nothing'), join(folder(), 'broken'));
    for (const [name, code] of [
      ['file', 'EEXIST'],
      ['broken', 'EEXIST'],
      [join('file', 'data'), 'ENOTDIR'],
    ] as const) {
      expect(() => makeFolders(join(folder(), name)), name).to.throw(code);
    }
  });

  it('ends where the system says that what is there is not', function () {
    if (!existsSync('/proc/self')) return skip(this, 'this system has no /proc');
    expect(() => makeFolders('/proc/no/data')).to.throw('ENOENT');
  });
});
