import { expect } from 'chai';
import { replyBody } from '../../../bench/requests/load/bodies.js';
import { decodeDelays } from '../../../bench/requests/load/decode.js';
import type { Load } from '../../../bench/requests/load/load.js';
import { runLoad } from '../../../bench/requests/load/run-load.js';
import { nowUs, pause } from '../../../bench/tools/clock.js';

function loadOf(changes: Partial<Load>): Load {
  return { width: 2, rate: null, startsAt: nowUs() + 20_000, warmUpMs: 20, windowMs: 300, ...changes };
}

const reply = (body: string): Promise<string> => Promise.resolve(replyBody(body));

describe('a load', () => {
  it('has one request of each place under way, and counts those of the window', async () => {
    const places = new Set<number>();
    let most = 0;
    let underWay = 0;
    const outcome = await runLoad(
      async (place, body) => {
        places.add(place);
        most = Math.max(most, (underWay += 1));
        await pause(5);
        underWay -= 1;
        return reply(body);
      },
      loadOf({ width: 3 }),
    );
    expect([...places].sort()).to.deep.equal([0, 1, 2]);
    expect(most).to.equal(3);
    expect(outcome.replied).to.be.within(3, 180);
    expect(outcome).to.deep.include({ asked: outcome.replied, failures: {}, late: null });
    const { count, p50 } = decodeDelays(outcome.delays);
    expect(count).to.equal(outcome.replied);
    expect(p50).to.be.at.least(4);
  });

  it('without a rate leaves out what a stall does to those who would have asked', async () => {
    let asked = 0;
    const outcome = await runLoad(
      async (_, body) => {
        if ((asked += 1) === 5) await pause(150);
        else await pause(1);
        return reply(body);
      },
      loadOf({ width: 1 }),
    );
    const { max, p50 } = decodeDelays(outcome.delays);
    expect(max).to.be.at.least(145);
    expect(p50).to.be.below(max / 2);
  });

  it('with a rate counts from the instant at which a request fell due, whoever was in the way', async () => {
    let asked = 0;
    const outcome = await runLoad(
      async (_, body) => {
        if ((asked += 1) === 20) await pause(150);
        return reply(body);
      },
      loadOf({ width: 1, rate: 200 }),
    );
    expect(outcome).to.include({ asked: 60, replied: 60 });
    const { count, p50, max } = decodeDelays(outcome.delays);
    expect(count).to.equal(60);
    expect(max).to.be.at.least(145);
    // Thirty of sixty fall due within the stall.
    expect(p50, 'half of them waited in line').to.be.above(2);
    expect(outcome.late!.p50).to.be.at.least(1);
  });

  it('asks with no more than its width at a fixed rate, and misses none', async () => {
    let most = 0;
    let underWay = 0;
    const outcome = await runLoad(
      async (_, body) => {
        most = Math.max(most, (underWay += 1));
        await pause(20);
        underWay -= 1;
        return reply(body);
      },
      loadOf({ width: 2, rate: 200 }),
    );
    expect(most).to.equal(2);
    expect(outcome).to.include({ asked: 60, replied: 60 });
    expect(decodeDelays(outcome.delays).max, 'a hundred per second are done').to.be.above(150);
  });

  it('knows the reply of another request, an error and what is no JSON', async () => {
    const answers = [
      (): Promise<string> => reply('{"number":-1}'),
      (): Promise<string> => Promise.reject(new Error('status 503')),
      (): Promise<string> => Promise.resolve('<html>'),
      (): Promise<string> => Promise.resolve('null'),
    ];
    let asked = 0;
    const { failures, replied, delays } = await runLoad(
      () => answers[(asked += 1) % answers.length]!(),
      loadOf({ rate: 100, warmUpMs: 0 }),
    );
    expect(replied).to.equal(0);
    expect(Object.keys(failures).sort()).to.deep.equal([
      'a reply that is not JSON',
      'status 503',
      'the reply of another request',
    ]);
    expect(decodeDelays(delays).count, 'with a rate a failure takes its time too').to.equal(30);
  });

  it('tells how long the way to the service took, and the way back', async () => {
    const outcome = await runLoad(async (_, body) => {
      await pause(10);
      const text = replyBody(body);
      await pause(40);
      return text;
    }, loadOf({}));
    const [there, back] = [outcome.stages!.toService, outcome.stages!.back].map(decodeDelays);
    expect(there!.p50).to.be.at.least(9);
    expect(back!.p50).to.be.at.least(39);
    expect(there!.p50).to.be.below(back!.p50);
    const echoed = await runLoad((_, body) => Promise.resolve(body), loadOf({ windowMs: 100 }));
    expect([echoed.stages, echoed.replied > 0]).to.deep.equal([null, true]);
  });
});
