import { expect } from 'chai';
import { agreeOnHeartBeat, startHeartBeat } from '#adapters/stomp-server/heart-beat.js';
import { createManualClock } from '#testing/manual-clock.js';

const limits = { heartBeatLeastMs: 500, heartBeatMostMs: 60_000 };

describe('the heart-beat agreement', () => {
  it('gives the client what it asks for', () => {
    expect(agreeOnHeartBeat('4000,7000', limits)).to.deep.equal({
      header: '7000,4000',
      sendMs: 7000,
      expectMs: 4000,
    });
  });

  it('means none in either direction when the header is missing or 0', () => {
    const none = { header: '0,0', sendMs: 0, expectMs: 0 };
    expect(agreeOnHeartBeat(undefined, limits)).to.deep.equal(none);
    expect(agreeOnHeartBeat('0,0', limits)).to.deep.equal(none);
    expect(agreeOnHeartBeat('0,1000', limits)).to.deep.equal({ header: '1000,0', sendMs: 1000, expectMs: 0 });
  });

  it('holds its bounds, and counts with the larger of both sides', () => {
    expect(agreeOnHeartBeat('10,10', limits)).to.deep.equal({
      header: '500,500',
      sendMs: 500,
      expectMs: 500,
    });
    expect(agreeOnHeartBeat('900000,900000', limits)).to.deep.equal({
      header: '60000,60000',
      sendMs: 900_000,
      expectMs: 900_000,
    });
  });

  it('refuses what is not two numbers', () => {
    for (const header of ['1000', 'a,b', '1000,-1', '1,2,3', '']) {
      expect(() => agreeOnHeartBeat(header, limits)).to.throw('heart-beat');
    }
  });
});

describe('heart-beats of the server', () => {
  function start(sendMs: number, expectMs: number) {
    const clock = createManualClock();
    const seen = { beats: 0, silences: 0, deaf: false };
    const beats = startHeartBeat({
      agreement: { header: '', sendMs, expectMs },
      clock,
      beat: () => {
        seen.beats += 1;
        beats.sent();
      },
      isDeaf: () => seen.deaf,
      onSilence: () => (seen.silences += 1),
    });
    return { clock, seen, beats };
  }

  it('never leave a gap as long as the interval', () => {
    const { clock, seen, beats } = start(1000, 0);
    clock.advance(10_000);
    expect(seen.beats).to.be.within(9, 20);
    beats.stop();
    expect(clock.pending).to.equal(0);
  });

  it('are not sent while something else is written', () => {
    const { clock, seen, beats } = start(1000, 0);
    for (let times = 0; times < 20; times += 1) {
      beats.sent();
      clock.advance(400);
    }
    expect(seen.beats).to.equal(0);
    beats.stop();
  });

  it('call a client silent after two intervals, and not before', () => {
    const { clock, seen, beats } = start(0, 1000);
    clock.advance(1_999);
    expect(seen.silences).to.equal(0);
    beats.received();
    clock.advance(2_000);
    expect(seen.silences).to.equal(0);
    clock.advance(100);
    expect(seen.silences).to.equal(1);
    expect(clock.pending).to.equal(0);
  });

  it('look again before they call it silent: what came may still be unread', () => {
    const { clock, seen, beats } = start(0, 1000);
    clock.advance(2_010);
    beats.received();
    clock.advance(1_900);
    expect(seen.silences).to.equal(0);
    beats.stop();
  });

  it('say nothing about a client that is not read from', () => {
    const { clock, seen, beats } = start(0, 1000);
    seen.deaf = true;
    clock.advance(60_000);
    expect(seen.silences).to.equal(0);
    beats.stop();
    expect(clock.pending).to.equal(0);
  });
});
