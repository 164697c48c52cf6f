import { expect } from 'chai';
import { agreedIntervalMs, startHeartBeats, watchSilence } from '#adapters/stomp/heart-beats.js';
import type { FakeStompConnection } from '../../../support/fake-stomp-server.js';
import { happens } from '../../../support/happens.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { until } from '../../../support/until.js';
import { stompBench } from './stomp-bench.js';

/** What came after the last frame. */
const beatsTo = (server: FakeStompConnection): string =>
  Buffer.concat(server.pieces).toString().split('\0').at(-1)!;

describe('the interval of heart-beats that go out', () => {
  it('is the longer one of what is offered and what the broker asks for', () => {
    expect(agreedIntervalMs(10_000, '0,15000')).to.equal(15_000);
    expect(agreedIntervalMs(10_000, '500,500')).to.equal(10_000);
  });

  it('is 0, for none, where either side wants none or the broker says nothing that can be read', () => {
    expect(agreedIntervalMs(0, '10000,10000')).to.equal(0);
    for (const header of ['10000,0', '10000', '', 'often', '1,-5', undefined]) {
      expect(agreedIntervalMs(10_000, header), header).to.equal(0);
    }
  });
});

describe('heart-beats that go out', () => {
  it('come twice in each interval until they are ended, and leave no timer', () => {
    const clock = createManualClock();
    let beats = 0;
    const stop = startHeartBeats({ intervalMs: 10_000, clock, beat: () => (beats += 1) });
    clock.advance(4_999);
    expect(beats).to.equal(0);
    clock.advance(1);
    expect(beats).to.equal(1);
    clock.advance(15_000);
    expect([beats, clock.pending]).to.deep.equal([4, 1]);
    stop();
    clock.advance(60_000);
    expect([beats, clock.pending]).to.deep.equal([4, 0]);
  });

  it('do not come at all with an interval of 0', () => {
    const clock = createManualClock();
    const stop = startHeartBeats({ intervalMs: 0, clock, beat: () => expect.fail('a beat') });
    clock.advance(60_000);
    expect(clock.pending).to.equal(0);
    stop();
  });
});

describe('the watch on the silence of a broker', () => {
  function watched(intervalMs = 10_000): {
    clock: ManualClock;
    heard: () => void;
    silences: () => number;
    end: () => void;
  } {
    const clock = createManualClock(5_000);
    let [heardAt, silences] = [clock.monotonic(), 0];
    const end = watchSilence({ intervalMs, clock, heardAt: () => heardAt, onSilent: () => (silences += 1) });
    return { clock, heard: () => (heardAt = clock.monotonic()), silences: () => silences, end };
  }

  it('tells once when three intervals passed and nothing that waited was read then', () => {
    const { clock, silences } = watched();
    clock.advance(30_099);
    expect(silences()).to.equal(0);
    clock.advance(1);
    expect([silences(), clock.pending]).to.deep.equal([1, 0]);
  });

  it('tells nothing while something comes, at the last moment too', () => {
    const { clock, heard, silences, end } = watched();
    for (let time = 0; time < 10; time += 1) {
      clock.advance(30_050);
      heard();
    }
    clock.advance(29_000);
    expect([silences(), clock.pending]).to.deep.equal([0, 1]);
    end();
    expect(clock.pending).to.equal(0);
  });

  it('is none where the broker said that it would not beat', () => {
    expect(watched(0).clock.pending).to.equal(0);
  });
});

describe('a connection whose broker is to beat', () => {
  const bench = stompBench({ heartBeat: '10000,0' });

  happens(
    'Surroundings',
    'the time of day is set while connections to the broker are up',
    'no connection ends because of it, and a broker that falls silent is noticed as ever',
    async () => {
      const clock = createManualClock();
      const [connection, server] = await bench.connect({ clock, heartbeatMs: 10_000 });
      const timeOfDay = Date.now;
      try {
        Date.now = () => timeOfDay() + 3_600_000;
        clock.advance(29_000);
        server.write('\n');
        await until(() => connection.heardAt === 29_000, { what: 'the beat' });
        clock.advance(29_000);
        expect(connection.isOpen()).to.equal(true);
        Date.now = () => timeOfDay() - 3_600_000;
        clock.advance(1_100);
        expect((await connection.ended).message).to.contain('fell silent');
        expect(clock.pending).to.equal(0);
      } finally {
        Date.now = timeOfDay;
      }
    },
  );
});

describe('a connection that agreed on heart-beats', () => {
  const bench = stompBench({ heartBeat: '0,20000' });

  it('writes each well before the interval is over, and leaves no timer when it ends', async () => {
    const clock = createManualClock();
    const [connection, server] = await bench.connect({ clock, heartbeatMs: 10_000 });
    clock.advance(9_999);
    expect(clock.pending).to.equal(1);
    clock.advance(1);
    await until(() => beatsTo(server) === '\n', { what: 'a heart-beat' });
    clock.advance(10_000);
    await until(() => beatsTo(server) === '\n\n', { what: 'the next heart-beat' });
    server.destroy();
    await connection.ended;
    expect(clock.pending).to.equal(0);
  });

  it('goes on with them while it waits for the answer to its goodbye', async () => {
    bench.server.holdReceipts(true);
    const clock = createManualClock();
    const [connection, server] = await bench.connect({ clock, heartbeatMs: 10_000 });
    const closing = connection.close(60_000);
    const goodbye = await server.frame('DISCONNECT');
    clock.advance(10_000);
    await until(() => beatsTo(server) === '\n', { what: 'a heart-beat' });
    server.confirm(goodbye);
    await closing;
    expect(clock.pending).to.equal(0);
  });

  it('has none when it offered none', async () => {
    const clock = createManualClock();
    await bench.connect({ clock, heartbeatMs: 0 });
    expect(clock.pending).to.equal(0);
  });
});
