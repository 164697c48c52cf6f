import { expect } from 'chai';
import type { Deferred } from '#core/deferred.js';
import { createDeferred } from '#core/deferred.js';
import { createParts } from '#app/parts.js';
import type { Part, Parts } from '#app/parts.js';
import { failureOf, rejectionOf } from '../../support/errors.js';
import { settled } from '../../support/event-loop.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import type { RecordingLogger } from '../../support/recording.js';
import { createRecordingLogger } from '../../support/recording.js';

describe('the parts of a process', () => {
  let clock: ManualClock;
  let logger: RecordingLogger;
  /** What was called, in order. */
  let calls: string[];

  beforeEach(() => {
    clock = createManualClock();
    logger = createRecordingLogger();
    calls = [];
  });

  /** A part that notes its calls; `how` replaces what they do. */
  function part(name: string, how: Partial<Pick<Part, 'start' | 'stop'>> = {}): Part {
    return {
      name,
      async start(signal) {
        calls.push(`start ${name}`);
        await how.start?.(signal);
      },
      async stop(deadlineMs) {
        calls.push(`stop ${name} ${deadlineMs}`);
        await how.stop?.(deadlineMs);
      },
    };
  }

  const partsOf = (...parts: readonly Part[]): Parts =>
    createParts(
      parts,
      logger,
      () => clock.monotonic(),
      (ms, callback) => clock.after(ms, callback),
    );

  /** A part whose start lasts until the test ends it. */
  function slow(name: string): Part & { readonly begun: Deferred<undefined> } {
    const begun = createDeferred<undefined>();
    return {
      ...part(name, { start: () => begun.promise.then(() => void calls.push(`began ${name}`)) }),
      begun,
    };
  }

  it('start in order, each after the one before, and stop in reverse', async () => {
    const first = slow('store');
    const parts = partsOf(first, part('relay'), part('gateway'));
    const starting = parts.start();
    await settled();
    expect(calls).to.deep.equal(['start store']);
    first.begun.resolve(undefined);
    await starting;
    await parts.stop(1_000);
    expect(calls.slice(2)).to.deep.equal([
      ...['start relay', 'start gateway'],
      ...['stop gateway 1000', 'stop relay 1000', 'stop store 1000'],
    ]);
    expect(clock.pending).to.equal(0);
  });

  it('are stopped in reverse when one of them does not start, that one first, and the error is thrown', async () => {
    const failure = new Error('the port is taken');
    const parts = partsOf(
      part('store'),
      part('relay'),
      part('gateway', { start: () => Promise.reject(failure) }),
      part('waits'),
    );
    expect(await rejectionOf(parts.start())).to.equal(failure);
    expect(calls.slice(3)).to.deep.equal(['stop gateway 5000', 'stop relay 5000', 'stop store 5000']);
    await parts.stop(1_000);
    expect(calls).to.have.length(6);
  });

  it('are stopped all, also after one whose stop fails, and that is told', async () => {
    const parts = partsOf(
      part('store'),
      part('relay', { stop: () => Promise.reject(new Error('no')) }),
      part('gateway'),
    );
    await parts.start();
    await parts.stop(1_000);
    expect(calls.slice(3)).to.deep.equal(['stop gateway 1000', 'stop relay 1000', 'stop store 1000']);
    expect(logger.entries.map(({ level, facts }) => [level, facts['part']])).to.deep.equal([
      ['error', 'relay'],
    ]);
  });

  it('share one deadline, and each has at least 100 ms however late it is', async () => {
    const takes = (ms: number): Pick<Part, 'stop'> => ({ stop: () => clock.advance(ms) });
    const parts = partsOf(
      part('store'),
      part('relay', takes(5_000)),
      part('receivers', takes(600)),
      part('gateway', takes(300)),
    );
    await parts.start();
    await parts.stop(1_000);
    expect(calls.slice(4)).to.deep.equal([
      ...['stop gateway 1000', 'stop receivers 700', 'stop relay 100', 'stop store 100'],
    ]);
  });

  it('are stopped once, whoever asks for it again meanwhile', async () => {
    const ended = createDeferred<undefined>();
    const parts = partsOf(part('store'), part('gateway', { stop: () => ended.promise }));
    await parts.start();
    const stopping = [parts.stop(1_000), parts.stop(1_000)];
    await settled();
    expect(calls.slice(2)).to.deep.equal(['stop gateway 1000']);
    ended.resolve(undefined);
    await Promise.all(stopping);
    expect(calls.slice(2)).to.deep.equal(['stop gateway 1000', 'stop store 1000']);
  });

  describe('that are stopped while they start', () => {
    it('start nothing more; the one under way is stopped as soon as it has started', async () => {
      const relay = slow('relay');
      const parts = partsOf(part('store'), relay, part('gateway'));
      const starting = failureOf(parts.start());
      await settled();
      const stopping = parts.stop(1_000);
      await settled();
      expect(calls).to.deep.equal(['start store', 'start relay']);
      relay.begun.resolve(undefined);
      expect((await starting).code).to.equal('SHUTTING_DOWN');
      await stopping;
      expect(calls.slice(2)).to.deep.equal(['began relay', 'stop relay 1000', 'stop store 1000']);
      await settled();
      expect([calls.length, clock.pending]).to.deep.equal([5, 0]);
    });

    it('wait for the one under way until the deadline, not longer', async () => {
      const relay = slow('relay');
      const parts = partsOf(part('store'), relay, part('gateway'));
      const starting = failureOf(parts.start());
      await settled();
      const stopping = parts.stop(1_000);
      await settled();
      clock.advance(999);
      await settled();
      expect(calls).to.have.length(2);
      clock.advance(1);
      await stopping;
      expect(calls.slice(2)).to.deep.equal(['stop relay 100', 'stop store 100']);
      // What comes up all the same is stopped too.
      relay.begun.resolve(undefined);
      expect((await starting).code).to.equal('SHUTTING_DOWN');
      expect(calls.slice(4)).to.deep.equal(['began relay', 'stop relay 100']);
    });

    it('tell the one under way, so that it need not wait for what is away', async () => {
      const signals: AbortSignal[] = [];
      const awayBroker = (signal: AbortSignal): Promise<void> =>
        new Promise((resolve) => {
          signals.push(signal);
          signal.addEventListener('abort', () => resolve());
        });
      const parts = partsOf(part('broker', { start: awayBroker }), part('gateway'));
      const starting = failureOf(parts.start());
      await settled();
      expect(signals.map(({ aborted }) => aborted)).to.deep.equal([false]);
      await parts.stop(1_000);
      expect((await starting).code).to.equal('SHUTTING_DOWN');
      expect(calls).to.deep.equal(['start broker', 'stop broker 1000']);
    });

    it('tell why the one under way failed, and stop those before it once', async () => {
      const failure = new Error('the port is taken');
      const begun = createDeferred<undefined>();
      const parts = partsOf(part('store'), part('gateway', { start: () => begun.promise }));
      const starting = rejectionOf(parts.start());
      await settled();
      const stopping = parts.stop(1_000);
      begun.reject(failure);
      expect(await starting).to.equal(failure);
      await stopping;
      expect(calls.slice(2)).to.deep.equal(['stop gateway 1000', 'stop store 1000']);
    });

    it('before they have begun to never start', async () => {
      const parts = partsOf(part('store'));
      await parts.stop(1_000);
      expect((await failureOf(parts.start())).code).to.equal('SHUTTING_DOWN');
      expect(calls).to.deep.equal([]);
    });
  });
});
