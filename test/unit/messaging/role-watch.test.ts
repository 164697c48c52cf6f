import { expect } from 'chai';
import type { Role } from '#core/roles.js';
import type { RoleWatch } from '#messaging/role-watch.js';
import { createRoleWatch } from '#messaging/role-watch.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { rejectionOf } from '../../support/errors.js';
import { passTime } from '../../support/event-loop.js';
import type { RecordingLogger } from '../../support/recording.js';
import { createRecordingLogger } from '../../support/recording.js';

describe('the watch for roles that nobody has', () => {
  let clock: ManualClock;
  let logger: RecordingLogger;
  let live: readonly Role[] | Error;
  let watch: RoleWatch;

  beforeEach(() => {
    clock = createManualClock();
    logger = createRecordingLogger();
    live = ['gateway', 'relay', 'correlator'];
    watch = createRoleWatch({
      instances: { liveRoles: () => (live instanceof Error ? Promise.reject(live) : Promise.resolve(live)) },
      clock,
      logger,
    });
  });
  afterEach(() => {
    watch.stop();
    expect(clock.pending).to.equal(0);
  });

  const pass = (ms: number): Promise<void> => passTime(clock, ms, { stepMs: 1_000 });

  it('says nothing while each role is taken', async () => {
    await watch.start();
    await pass(120_000);
    expect([watch.missing(), logger.entries]).to.deep.equal([[], []]);
  });

  it('knows at once what is missing, and warns a quarter of a minute later and then every minute', async () => {
    live = ['gateway'];
    await watch.start();
    expect(watch.missing()).to.deep.equal(['correlator', 'relay']);
    await pass(14_000);
    expect(logger.sentences('warn')).to.deep.equal([]);
    await pass(1_000);
    expect(logger.sentences('warn')).to.deep.equal([
      'no running process has the role correlator: replies wait at the broker, and nobody is answered; ' +
        'no running process has the role relay: requests and replies wait in the store, and nothing is sent',
    ]);
    await pass(59_000);
    expect(logger.sentences('warn')).to.have.length(1);
    await pass(1_000);
    expect(logger.sentences('warn')).to.have.length(2);
  });

  it('says when all is well again, if it had warned', async () => {
    live = ['gateway', 'relay'];
    await watch.start();
    await pass(10_000);
    live = ['correlator', 'gateway', 'relay'];
    await pass(5_000);
    expect([watch.missing(), logger.entries]).to.deep.equal([[], []]);
    live = ['gateway'];
    await pass(25_000);
    live = ['correlator', 'gateway', 'relay'];
    await pass(5_000);
    expect(logger.sentences('warn')).to.have.length(1);
    expect(logger.sentences('info')).to.deep.equal(['every role is taken again']);
  });

  it('goes on with what it knows while the store cannot be asked, and does not start without it', async () => {
    live = new Error('away');
    expect(await rejectionOf(watch.start())).to.have.property('message', 'away');
    live = ['gateway', 'relay'];
    await watch.start();
    live = new Error('away');
    await pass(5_000);
    expect(watch.missing()).to.deep.equal(['correlator']);
    expect(logger.sentences('warn')).to.deep.equal(['cannot ask which processes there are']);
  });
});
