import { expect } from 'chai';
import { EventEmitter } from 'node:events';
import type { Deferred } from '#core/deferred.js';
import { createDeferred } from '#core/deferred.js';
import { ReplytoError } from '#core/errors.js';
import { createProcessLife } from '#app/process-life.js';
import type { ProcessLife, ProcessLifeOptions } from '#app/process-life.js';
import { rejectionOf } from '../../support/errors.js';
import { settled } from '../../support/event-loop.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import type { RecordingLogger } from '../../support/recording.js';
import { createRecordingLogger } from '../../support/recording.js';

/** A process that a test signals, and that notes its exits. */
class FakeProcess extends EventEmitter {
  readonly ppid = 1;
  readonly exits: unknown[] = [];
  exit(code?: unknown): void {
    this.exits.push(code);
  }
  /** Listeners of all events. */
  get listening(): number {
    return this.eventNames().reduce((sum, name) => sum + this.listenerCount(name), 0);
  }
}

describe('the life of a process', () => {
  let clock: ManualClock;
  let logger: RecordingLogger;
  let ownProcess: FakeProcess;
  /** Deadlines of the stops that were asked for. */
  let stops: number[];
  /** Settles what `start` and `stop` gave back. */
  let starting: Deferred<undefined>;
  let stopping: Deferred<undefined>;
  let exitCode: number | undefined;

  beforeEach(() => {
    clock = createManualClock();
    logger = createRecordingLogger();
    ownProcess = new FakeProcess();
    stops = [];
    starting = createDeferred();
    stopping = createDeferred();
    exitCode = undefined;
  });
  afterEach(() => {
    // Whatever ended it took its listeners and timers along.
    expect([ownProcess.listening, clock.pending]).to.deep.equal([0, 0]);
  });

  function create(options: Partial<ProcessLifeOptions> = {}): ProcessLife {
    return createProcessLife({
      ...{ environment: {}, logger, clock },
      ownProcess: ownProcess as unknown as NodeJS.Process,
      start: () => starting.promise,
      stop: (deadlineMs) => {
        stops.push(deadlineMs);
        return stopping.promise;
      },
      ...options,
    });
  }

  /** It serves; `exitCode` is there when it has ended. */
  async function served(options: Partial<ProcessLifeOptions> = {}): Promise<ProcessLife> {
    const life = create(options);
    void life.run().then((code) => (exitCode = code));
    starting.resolve(undefined);
    await settled();
    expect([stops, exitCode]).to.deep.equal([[], undefined]);
    return life;
  }

  async function hasStopped(): Promise<void> {
    await settled();
    expect(stops).to.deep.equal([25_000]);
    expect(exitCode).to.equal(undefined);
    stopping.resolve(undefined);
    await settled();
  }

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    it(`is stopped in order by ${signal} and ends with 0`, async () => {
      await served();
      ownProcess.emit(signal, signal);
      clock.advance(700);
      await hasStopped();
      expect(exitCode).to.equal(0);
      expect(logger.sentences('info')).to.deep.equal(['stopping', 'stopped']);
    });
  }

  it('says how long the stop took when it came to its end in order', async () => {
    await served();
    ownProcess.emit('SIGTERM', 'SIGTERM');
    await settled();
    clock.advance(1_234);
    stopping.resolve(undefined);
    await settled();
    expect(logger.entries.at(-1)).to.deep.include({ sentence: 'stopped', facts: { afterMs: 1_234 } });
  });

  it('is stopped when it cannot go on, and then throws why: it is told as every other start that fails', async () => {
    const failure = new ReplytoError('PREFIX_TAKEN', { detail: 'another deployment is here' });
    const life = create();
    const running = rejectionOf(life.run());
    starting.resolve(undefined);
    await settled();
    life.fail(failure);
    await hasStopped();
    expect(await running).to.equal(failure);
    expect(logger.sentences('error')).to.deep.equal([]);
    expect(logger.entries[0]).to.deep.include({ sentence: 'stopping', facts: { code: 'PREFIX_TAKEN' } });
  });

  it('logs what it failed by when that is no error of the product, and ends with 1', async () => {
    const life = await served();
    const failure = new Error('odd');
    life.fail(failure);
    await hasStopped();
    expect(exitCode).to.equal(1);
    expect(logger.entries[0]).to.deep.include({
      ...{ level: 'error', sentence: 'this process cannot go on', facts: { err: failure } },
    });
  });

  it('is stopped by a fault that nobody caught, tells it, and ends with 1', async () => {
    await served();
    ownProcess.emit('uncaughtException', new Error('planted'));
    await hasStopped();
    expect(exitCode).to.equal(1);
    expect(logger.text()).to.contain('planted');
  });

  it('keeps the exit code of what ended it first', async () => {
    const life = await served();
    ownProcess.emit('SIGTERM', 'SIGTERM');
    life.fail(new ReplytoError('PREFIX_TAKEN'));
    ownProcess.emit('uncaughtException', new Error('on the way out'));
    await hasStopped();
    expect(exitCode).to.equal(0);
  });

  describe('with a second signal', () => {
    it('ends at once, as a process killed by that one', async () => {
      await served();
      ownProcess.emit('SIGTERM', 'SIGTERM');
      clock.advance(201);
      ownProcess.emit('SIGINT', 'SIGINT');
      expect(ownProcess.exits).to.deep.equal([130]);
      await hasStopped();
    });

    it('goes on stopping when that is the echo of the first', async () => {
      await served();
      ownProcess.emit('SIGINT', 'SIGINT');
      clock.advance(200);
      ownProcess.emit('SIGINT', 'SIGINT');
      expect(ownProcess.exits).to.deep.equal([]);
      await hasStopped();
      expect(exitCode).to.equal(0);
    });
  });

  describe('whose stop', () => {
    it('does not end within its deadline and a second is left behind: 1', async () => {
      await served({ stopWithinMs: 5_000 });
      ownProcess.emit('SIGTERM', 'SIGTERM');
      await settled();
      expect(stops).to.deep.equal([5_000]);
      clock.advance(5_999);
      await settled();
      expect(exitCode).to.equal(undefined);
      clock.advance(1);
      await settled();
      expect(exitCode).to.equal(1);
      expect(logger.sentences('info')).to.deep.equal(['stopping']);
      expect(logger.sentences('error')).to.deep.equal(['the stop did not end within its deadline']);
    });

    it('fails ends with 1, and tells why', async () => {
      await served();
      ownProcess.emit('SIGTERM', 'SIGTERM');
      stopping.reject(new Error('the disk is gone'));
      await settled();
      expect(exitCode).to.equal(1);
      expect(logger.text()).to.contain('the disk is gone');
    });
  });

  describe('that is still starting', () => {
    it('throws what its start throws, and is not stopped: nothing is left of it', async () => {
      const failure = new ReplytoError('PORT_TAKEN');
      const running = rejectionOf(create().run());
      starting.reject(failure);
      expect(await running).to.equal(failure);
      expect(stops).to.deep.equal([]);
    });

    it('is stopped as soon as the start has come to its end, also by a failure', async () => {
      void create()
        .run()
        .then((code) => (exitCode = code));
      ownProcess.emit('SIGTERM', 'SIGTERM');
      await settled();
      expect(stops).to.deep.equal([]);
      starting.reject(new ReplytoError('PORT_TAKEN'));
      await hasStopped();
      expect(exitCode).to.equal(0);
    });

    it('is stopped after half a second of a start that does not end; that start ends by the stop', async () => {
      void create()
        .run()
        .then((code) => (exitCode = code));
      ownProcess.emit('SIGTERM', 'SIGTERM');
      await settled();
      clock.advance(499);
      await settled();
      expect(stops).to.deep.equal([]);
      clock.advance(1);
      await settled();
      starting.reject(new ReplytoError('SHUTTING_DOWN'));
      await hasStopped();
      expect(exitCode).to.equal(0);
    });
  });
});
