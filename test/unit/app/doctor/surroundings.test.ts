import { expect } from 'chai';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkClock } from '#app/doctor/clock-check.js';
import { roomObstacle, writeObstacle } from '#app/doctor/folder-access.js';
import { missingGateway } from '#app/doctor/gateway-check.js';
import { checkOpenFiles } from '#app/doctor/open-files-check.js';
import { loadConfiguration } from '#app/configuration/load.js';
import type { Finding } from '#app/doctor/finding.js';
import { happens } from '../../../support/happens.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

describe('the doctor, of a data folder', () => {
  const folder = temporaryFolder();

  /** As a write to such a disk fails. */
  const failing = (code: string) => (): never => {
    throw Object.assign(new Error(`${code}: as the system says it`), { code });
  };

  for (const [code, remedy] of [
    ['EROFS', /mount it so that it can be written/u],
    ['ENOSPC', /make room on its disk/u],
    ['EDQUOT', /raise the quota/u],
    ['EACCES', /give this user the right/u],
    ['EMFILE', /ulimit -n/u],
    ['EIO', /have the disk examined/u],
  ] as const) {
    it(`names what to do about ${code}, and leaves nothing behind`, () => {
      const obstacle = writeObstacle(folder(), failing(code));
      expect(obstacle?.says).to.contain(code);
      expect(obstacle?.remedy).to.match(remedy);
      expect(readdirSync(folder())).to.deep.equal([]);
    });
  }

  it('names a file that has its place', () => {
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    expect(writeObstacle(file)).to.deep.include({ says: `${file} is no folder` });
  });

  it('finds nothing in the way where files can be made', () => {
    expect(writeObstacle(folder())).to.equal(undefined);
    expect(readdirSync(folder())).to.deep.equal([]);
  });

  happens(
    'Surroundings',
    'doctor, with a disk that is nearly full or has no inodes left',
    'says how much is left, what happens when it is full, and to make room',
    () => {
      const mebibyte = 1024 * 1024;
      const room = { freeBytes: 1_000 * mebibyte, freeFiles: 10_000 };
      expect(roomObstacle(room, '/data')).to.equal(undefined);
      expect(roomObstacle({ ...room, freeFiles: undefined }, '/data')).to.equal(undefined);
      const full = roomObstacle({ ...room, freeBytes: 99.9 * mebibyte }, '/data');
      expect(full?.says).to.equal('only 99 MiB are free where /data is');
      expect(full?.remedy).to.match(/make room before it is full: then calls get 503/u);
      expect(roomObstacle({ ...room, freeFiles: 3 }, '/data')?.says)
        .to.contain('3 more files')
        .and.contain('inodes');
    },
  );
});

describe('the doctor, of the limit of open files', () => {
  const { configuration } = loadConfiguration({ environment: {}, workingFolder: '/' });

  happens(
    'Surroundings',
    'doctor, with fewer open files than the configured limits need',
    'names both numbers, how to raise the one and what to lower the other to',
    () => {
      const finding = checkOpenFiles(configuration, 4_096);
      expect(finding).to.include({ check: 'open files', state: 'note' });
      expect(finding?.says)
        .to.contain('only 4096 files')
        .and.contain('requests.maxWaiting of 10000 needs 10122');
      expect(finding?.remedy).to.match(/ulimit -n.*or lower requests\.maxWaiting to 3974$/u);
    },
  );

  it('is wrong when a gateway could not work at all, and never suggests less than one caller', () => {
    const finding = checkOpenFiles(configuration, 100);
    expect(finding).to.include({ state: 'wrong' });
    expect(finding?.remedy).to.match(/to 1$/u);
  });

  it('is fine when there are enough, when there is none, and when the system does not tell', () => {
    expect(checkOpenFiles(configuration, 10_122)).to.include({ state: 'ok' });
    expect(checkOpenFiles(configuration, Infinity)).to.deep.include({
      state: 'ok',
      says: 'any number of files and connections may be open at the same time',
    });
    const { state } = checkOpenFiles({
      ...configuration,
      requests: { ...configuration.requests, maxWaiting: 1 },
    })!;
    expect(state).to.equal('ok');
  });
});

describe('the doctor, of clocks', () => {
  let server: Server;
  let base: URL;

  beforeEach(async () => {
    server = createServer((_request, response) => response.setHeader('Connection', 'close').end('alive\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterEach(() => server.close());

  /** With this machine's clock set by so much. */
  const found = (byMs: number): Promise<Finding | undefined> =>
    checkClock(base, {}, { now: () => Date.now() + byMs });

  it('is content with clocks that tell the same time', async () => {
    expect(await found(0)).to.include({ check: 'clock', state: 'ok' });
  });

  happens(
    'Surroundings',
    'doctor, with a gateway whose clock is far off',
    'says by how much, ahead or behind, and to set both by NTP; beyond five minutes it is wrong',
    async () => {
      expect(await found(-120_000)).to.include({ state: 'note' });
      const ahead = await found(-3 * 3_600_000);
      expect(ahead).to.include({ state: 'wrong' });
      expect(ahead?.says).to.match(/is 3 hours ahead of this machine's$/u);
      expect(ahead?.remedy).to.match(/NTP/u);
      expect((await found(365 * 86_400_000))?.says).to.match(/is 365 days behind/u);
    },
  );

  it('says nothing of one that does not tell the time', async () => {
    server.removeAllListeners('request');
    server.on('request', (_request, response) => {
      response.sendDate = false;
      response.setHeader('Connection', 'close').end();
    });
    expect(await found(0)).to.equal(undefined);
    const nobody = new URL('http://127.0.0.1:1');
    expect(await checkClock(nobody)).to.equal(undefined);
  });
});

describe('the doctor, of a gateway that does not answer', () => {
  const found = (isHeld: boolean, openRequests: number): Finding | undefined =>
    missingGateway('http://127.0.0.1:8080', { folder: '/data', isHeld, openRequests });

  happens(
    'Surroundings',
    'doctor, with no gateway and open requests in the data folder',
    'says how many wait for one, and to start it',
    () => {
      expect(found(false, 0)).to.equal(undefined);
      const finding = found(false, 12);
      expect(finding?.says).to.contain('12 open requests in /data wait for one');
      expect(finding?.remedy).to.contain('replyto serve');
    },
  );

  happens(
    'Surroundings',
    'doctor, with a gateway that holds the data folder and does not answer',
    'says so, and how to name another or what to do about this one',
    () => {
      const finding = found(true, 0);
      expect(finding).to.include({ check: 'gateway', state: 'wrong' });
      expect(finding?.says).to.contain('a process holds /data');
      expect(finding?.remedy).to.contain('REPLYTO_URL').and.contain('start it again');
    },
  );
});
