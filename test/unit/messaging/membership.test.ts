import { expect } from 'chai';
import type { Store } from '#adapters/store/store.js';
import type { Membership, MembershipOptions } from '#messaging/membership.js';
import { createMembership } from '#messaging/membership.js';
import { failureOf } from '../../support/errors.js';
import { passTime, settled } from '../../support/event-loop.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { openMemoryStore } from '../../support/memory-store.js';
import { createRecordingLogger } from '../../support/recording.js';
import { newRequest } from '../../support/requests.js';

const leaseMs = 30_000;

describe('the membership of a gateway', () => {
  let clock: ManualClock;
  let store: Store;
  let freed: number;
  let fatal: unknown[];
  let members: Membership[];
  const never = new AbortController().signal;

  beforeEach(() => {
    clock = createManualClock(1_700_000_000_000);
    store = openMemoryStore(clock);
    freed = 0;
    fatal = [];
    members = [];
  });
  afterEach(async () => {
    for (const member of members) await member.stop();
    await store.close();
    expect(clock.pending).to.equal(0);
  });

  function member(instance: string, more: Partial<MembershipOptions> = {}): Membership {
    const made = createMembership({
      ...{ instances: store.instances, instance, version: '1', agreed: { prefix: 'p' }, clock },
      roles: ['gateway'],
      logger: createRecordingLogger(),
      onFreed: () => void (freed += 1),
      onFatal: (error) => fatal.push(error),
      ...more,
    });
    members.push(made);
    return made;
  }

  const ids = async (): Promise<string[]> => (await store.instances.list()).map(({ id }) => id);
  /** One that was killed: it joined, and never renews. */
  const killed = (id: string, prefix = 'p'): Promise<void> =>
    store.instances.join({ id, version: '1', roles: ['gateway'], agreed: { prefix }, leaseMs });

  it('tells its roles, on which nobody has to agree, as long as it lives', async () => {
    await member('one', { roles: ['gateway', 'correlator'] }).start(never);
    const two = member('two', { roles: ['relay'] });
    await two.start(never);
    expect(await store.instances.list()).to.deep.include.members([
      { ...(await store.instances.list())[0]!, id: 'one', roles: ['gateway', 'correlator'] },
    ]);
    expect(await store.instances.liveRoles()).to.have.members(['gateway', 'correlator', 'relay']);
    await two.stop();
    expect(await store.instances.liveRoles()).to.deep.equal(['gateway', 'correlator']);
    await killed('three');
    clock.advance(leaseMs);
    expect(await store.instances.liveRoles()).to.not.include('relay');
  });

  it('joins, keeps its lease as long as it runs, and leaves', async () => {
    const one = member('one');
    await one.start(never);
    await passTime(clock, 10 * leaseMs, { stepMs: 5_000 });
    expect(await ids()).to.deep.equal(['one']);
    expect((await store.instances.list())[0]!.leaseUntil).to.be.greaterThan(clock.now());
    await one.stop();
    expect(await ids()).to.deep.equal([]);
  });

  it('takes over what a dead one was sending when its lease is over', async () => {
    await member('one').start(never);
    await passTime(clock, leaseMs, { stepMs: 5_000 });
    await killed('dead');
    await store.requests.accept(newRequest({ id: 'r' }), { owner: 'dead', leaseMs: 600_000 });
    const claim = { owner: 'one', leaseMs, limit: 10 };
    await passTime(clock, leaseMs - 5_000, { stepMs: 5_000 });
    expect(await store.requests.claimUnsent(claim)).to.deep.equal([]);
    await passTime(clock, 10_000, { stepMs: 5_000 });
    expect(await ids()).to.deep.equal(['one']);
    expect(freed).to.equal(1);
    const [request] = await store.requests.claimUnsent(claim);
    expect(request).to.include({ id: 'r', resend: 1 });
  });

  it('takes nobody for dead until all had the time of a lease to renew after an outage of the store', async () => {
    let isAway = false;
    const away: Store['instances'] = {
      ...store.instances,
      renew: (id, ms) => (isAway ? Promise.reject(new Error('away')) : store.instances.renew(id, ms)),
    };
    await member('one', { instances: away }).start(never);
    await killed('other');
    isAway = true;
    await passTime(clock, 2 * leaseMs, { stepMs: 5_000 });
    isAway = false;
    await passTime(clock, leaseMs - 5_000, { stepMs: 5_000 });
    expect(await ids()).to.have.members(['one', 'other']);
    await passTime(clock, 15_000, { stepMs: 5_000 });
    expect(await ids()).to.deep.equal(['one']);
  });

  it('joins again when it was taken for dead though it lives', async () => {
    await member('one').start(never);
    await store.instances.leave('one');
    await passTime(clock, 5_000, { stepMs: 5_000 });
    expect(await ids()).to.deep.equal(['one']);
    expect(fatal).to.deep.equal([]);
  });

  it('cannot go on when the others run with other settings by then', async () => {
    await member('one').start(never);
    await store.instances.leave('one');
    await killed('two', 'q');
    await passTime(clock, 5_000, { stepMs: 5_000 });
    expect(fatal).to.have.length(1);
    expect(fatal[0]).to.include({ code: 'INSTANCE_CONFLICT' });
  });

  it('is refused beside one that lives with other settings, which are named', async () => {
    await member('one').start(never);
    const failure = failureOf(member('two', { agreed: { prefix: 'q', routes: 'r' } }).start(never));
    await passTime(clock, 10_000, { stepMs: 1_000 });
    const { code, message } = await failure;
    expect(code).to.equal('INSTANCE_CONFLICT');
    expect(message).to.include('one').and.to.include('prefix, routes');
  });

  it('waits for the lease of one that was killed with other settings', async () => {
    await killed('dead', 'q');
    let hasStarted = false;
    const starting = member('one')
      .start(never)
      .then(() => (hasStarted = true));
    await passTime(clock, leaseMs - 1_000, { stepMs: 1_000 });
    await settled();
    expect(hasStarted).to.equal(false);
    await passTime(clock, 2_000, { stepMs: 1_000 });
    await starting;
    expect(await ids()).to.include('one');
  });
});
