import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { silentLogger } from '#core/ports/logger.js';
import { connectBroker } from '#app/library/connect-broker.js';
import type { Broker } from '#app/library/connect-broker.js';
import { createReplier } from '#app/library/create-replier.js';
import type { CreateReplierOptions } from '#app/library/create-replier.js';
import type { Replier } from '#messaging/replier.js';
import { openEvents } from '../support/event-source.js';
import { uniqueName } from '../support/gateway.js';
import type { GatewayGroup } from '../support/gateway-group.js';
import { serveGatewayGroup } from '../support/gateway-group.js';
import { happens } from '../support/happens.js';
import { call, post } from '../support/http.js';
import { report } from '../support/report.js';
import { outcomeOf, startRequestLoad } from '../support/request-load.js';
import { skip } from '../support/skip.js';
import { until } from '../support/until.js';

const jsonBody = { 'content-type': 'application/json' };

/** Three gateways on one store and one broker. */
export function describeManyGateways(brokerUrl: () => string): void {
  let group: GatewayGroup | undefined;
  let broker: Broker | undefined;
  const repliers: Replier[] = [];

  before(async function () {
    this.timeout(120_000);
    const served = await serveGatewayGroup(3, brokerUrl());
    if ('unavailable' in served) skip(this, served.unavailable);
    group = served;
    broker = await connectBroker({ url: brokerUrl(), logger: silentLogger });
  });
  afterEach(async () => {
    await Promise.all(repliers.splice(0).map((replier) => replier.stop(2_000)));
  });
  after(async function () {
    this.timeout(60_000);
    await broker?.close();
    await group?.remove();
  });

  const url = (index: number): string => group!.gateways[index]!.url;

  async function serve(queue: string, options: Partial<CreateReplierOptions> = {}): Promise<void> {
    const replier = createReplier({
      broker: broker!,
      queue,
      handler: (request) => request.body,
      ...options,
    });
    repliers.push(replier);
    await replier.start();
  }

  it('answers who waits at one of them, whichever of them takes the reply', async function () {
    this.timeout(60_000);
    const queue = uniqueName('group');
    await serve(queue);
    const times: number[] = [];
    for (let turn = 0; turn < 30; turn += 1) {
      const askedAt = performance.now();
      const answer = await post(`${url(turn % 3)}/requests/${queue}`, `"${turn}"`, {
        ...jsonBody,
        prefer: 'wait=20',
      });
      times.push(performance.now() - askedAt);
      expect([answer.status, answer.text()]).to.deep.equal([200, `"${turn}"`]);
    }
    times.sort((one, other) => one - other);
    report(
      this,
      `median ${Math.round(times[15]!)} ms, slowest ${Math.round(times[29]!)} ms of 30 calls in turn at three gateways`,
    );
  });

  it('answers any call about any request', async function () {
    this.timeout(60_000);
    const queue = uniqueName('group');
    const id = randomUUID();
    const accepted = await post(`${url(0)}/requests/${queue}`, '1', {
      ...jsonBody,
      'message-id': id,
      prefer: 'respond-async',
    });
    expect(accepted.status).to.equal(202);
    expect((await call(`${url(1)}/requests/${id}`)).json()).to.include({ id });
    // Waits at an instance that neither accepted it nor, two times of three, takes its reply.
    const waiting = call(`${url(2)}/requests/${id}/reply`, { headers: { prefer: 'wait=30' } });
    await serve(queue);
    expect((await waiting).text()).to.equal('1');
    const events = await call(`${url(1)}/requests/${id}/events`, { headers: { accept: 'application/json' } });
    expect(events.json<{ events: { number: number }[] }>().events.map(({ number }) => number)).to.deep.equal([
      1, 2, 3,
    ]);
    const other = randomUUID();
    await post(`${url(0)}/requests/${uniqueName('nobody')}`, '1', {
      ...jsonBody,
      'message-id': other,
      prefer: 'respond-async',
    });
    expect((await call(`${url(1)}/requests/${other}`, { method: 'DELETE' })).status).to.be.within(200, 204);
    expect((await call(`${url(2)}/requests/${other}`)).json()).to.include({ status: 'cancelled' });
  });

  it('sends one message for a hundred equal posts at all of them', async function () {
    this.timeout(60_000);
    const queue = uniqueName('group');
    const seen: string[] = [];
    await serve(queue, {
      handler: (request) => {
        seen.push(request.messageId);
        return request.body;
      },
    });
    const id = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, turn) =>
        post(`${url(turn % 3)}/requests/${queue}`, '"once"', {
          ...jsonBody,
          'message-id': id,
          prefer: 'wait=20',
        }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([200]));
    expect(new Set(answers.map((answer) => answer.text()))).to.deep.equal(new Set(['"once"']));
    expect(seen).to.deep.equal([id]);
  });

  it('brings an event that came in at one of them to who follows its project at another', async function () {
    this.timeout(60_000);
    const project = uniqueName('project');
    const streams = await Promise.all(
      [0, 1, 2].map((index) =>
        openEvents(`${url(index)}/status/${project}`, { accept: 'text/event-stream' }),
      ),
    );
    for (let turn = 0; turn < 9; turn += 1) {
      const event = {
        id: randomUUID(),
        subject: 'nightly',
        kind: 'progress',
        percent: turn,
        time: Date.now(),
      };
      const posted = await post(`${url(turn % 3)}/status/${project}`, JSON.stringify(event), jsonBody);
      expect(posted.status, posted.text()).to.be.within(200, 204);
    }
    for (const stream of streams) {
      await until(() => stream.events.length >= 9, { what: 'nine events at each of them' });
      const sequences = stream.events.map(({ data }) => (data as { sequence: number }).sequence);
      expect(sequences).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9]);
      stream.close();
    }
  });

  happens(
    'Surroundings',
    'a gateway is started on the store of others with other settings',
    'it does not start, and names the settings that differ',
    async function () {
      this.timeout(60_000);
      const failure = await group!.add({ REPLYTO_PREFIX: `other-${randomUUID()}` }).then(
        () => 'it started',
        (error: unknown) => String(error),
      );
      expect(failure).to.include('runs with other settings: prefix.');
    },
  );

  happens(
    'Surroundings',
    'the clock of one of several gateways is five minutes ahead',
    'its requests have the deadlines that their callers wanted, and no other gateway ends them early',
    function () {
      this.timeout(60_000);
      return expectDeadlines(5 * 60_000);
    },
  );

  happens(
    'Surroundings',
    'the clock of one of several gateways is five minutes behind',
    'its requests have the deadlines that their callers wanted, it ends no request of others early or late, and it is taken for dead by nobody',
    async function () {
      this.timeout(60_000);
      await expectDeadlines(-5 * 60_000);
    },
  );

  /** Of requests of a gateway whose clock is off by so much. */
  async function expectDeadlines(offMs: number): Promise<void> {
    const program = new URL('../support/programs/clock-off.mjs', import.meta.url).href;
    const off = await group!.add({ NODE_OPTIONS: `--import=${program}`, CLOCK_OFF_MS: String(offMs) });
    const ask = async (
      at: string,
      queue: string,
      seconds: string,
    ): Promise<{ id: string; expiresAt: string }> => {
      const headers = { ...jsonBody, prefer: 'respond-async', 'request-timeout': seconds };
      const accepted = await post(`${at}/requests/${queue}`, '1', headers);
      expect(accepted.status, accepted.text()).to.equal(202);
      return accepted.json();
    };
    const deadlines: number[] = [];
    const queue = uniqueName('group');
    const asked = Date.now();
    const { id, expiresAt } = await ask(off.url, queue, '20');
    expect(Date.parse(expiresAt) - asked).to.be.within(19_000, 26_000);
    await serve(queue, {
      handler: (request, { deadlineMs }) => {
        deadlines.push(deadlineMs);
        return request.body;
      },
    });
    const answer = await call(`${url(1)}/requests/${id}/reply`, { headers: { prefer: 'wait=15' } });
    expect(answer.text()).to.equal('1');
    // What is left of the 20 s, and five minutes for clocks that differ.
    expect(deadlines[0]).to.be.within(305_000, 320_000);

    // Nobody answers these; whichever of them ends them, it is when they are due.
    for (const at of [off.url, url(0)]) {
      const due = await ask(at, uniqueName('nobody'), '3');
      const end = await call(`${off.url}/requests/${due.id}/reply`, { headers: { prefer: 'wait=15' } });
      expect([end.status, end.json()['code']]).to.deep.equal([504, 'REQUEST_EXPIRED']);
      expect(Date.now() - Date.parse(due.expiresAt)).to.be.within(-100, 5_000);
    }
    expect(off.output()).to.not.include('taken for dead');
    await off.stop();
  }

  happens(
    'Surroundings',
    'one of several gateways is killed under load',
    'the others go on, take over what it had accepted, and nothing is lost',
    async function () {
      this.timeout(180_000);
      const queue = uniqueName('group');
      await serve(queue, { concurrency: 200 });
      const loads = [0, 1, 2].map((index) =>
        startRequestLoad({
          ...{ url: url(index), queue, callers: 5, pauseMs: 10 },
          headers: { prefer: 'respond-async' },
        }),
      );
      await until(() => loads.every(({ accepted }) => accepted.length >= 150), {
        what: '150 accepted by each',
        withinMs: 60_000,
      });
      await group!.gateways[0]!.kill();
      const before = loads[1]!.accepted.length + loads[2]!.accepted.length;
      await until(() => loads[1]!.accepted.length + loads[2]!.accepted.length >= before + 300, {
        what: '300 more accepted by the others',
        withinMs: 60_000,
      });
      await Promise.all(loads.map((load) => load.stop()));
      const all = loads.flatMap(({ accepted }) => accepted);
      // What the dead one was sending is free half a minute after its last sign of life.
      const { lost, wrong } = await outcomeOf(url(1), all, 60);
      report(this, `${all.length} accepted, one of three gateways killed: ${lost} lost, ${wrong} wrong`);
      expect({ lost, wrong }).to.deep.equal({ lost: 0, wrong: 0 });
      await group!.gateways[0]!.restart();
    },
  );
}
