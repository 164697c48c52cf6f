import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { createStompBroker } from '#adapters/stomp/broker.js';
import type { StompBroker } from '#adapters/stomp/broker.js';
import { systemClock as clock } from '#app/system-clock.js';
import { topic } from '#core/destination.js';
import { silentLogger as logger } from '#core/ports/logger.js';
import type { SequencedEvent } from '#core/status-event.js';
import { call, post } from '../support/http.js';
import type { ReceivedEvents } from '../support/event-source.js';
import { openEvents } from '../support/event-source.js';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { report } from '../support/report.js';
import type { ServedGateway } from '../support/served-gateway.js';
import { serveGateway } from '../support/served-gateway.js';
import { until } from '../support/until.js';

const kills = 3;
const publishers = 8;
/** Events that are accepted between two kills. */
const perRound = 400;

/**
 * kill -9 of the gateway, and so of the sequencer, while eight publishers tell of one project: whoever follows it hears of
 * everything, in order. `brokerUrl` undefined = the embedded broker, which dies with the gateway.
 */
export function describeStatusKill(brokerUrl: () => string | undefined): void {
  let served: ServedGateway | undefined;
  let subscriber: StompBroker | undefined;

  before(async function () {
    this.timeout(60_000);
    const url = brokerUrl();
    served = await serveGateway({
      ...(url === undefined ? {} : { brokerUrl: url }),
      settings: { REPLYTO_PREFIX: `status-${Date.now()}` },
    });
  });
  after(async function () {
    this.timeout(30_000);
    await subscriber?.stop(1_000);
    await served?.remove();
  });

  happens(
    'Surroundings',
    'the gateway is killed three times while eight publishers tell of one project',
    'every event it accepted has its number, 1, 2, 3 and so on, and who follows hears each of them once and in order',
    async function () {
      this.timeout(180_000);
      const gateway = served ?? expect.fail('no gateway');
      const project = uniqueName('project');
      const accepted = new Set<string>();
      const running = new AbortController();
      const isRunning = (): boolean => !running.signal.aborted;

      async function publisher(subject: string): Promise<void> {
        while (isRunning()) {
          const id = randomUUID();
          const event = JSON.stringify({ id, subject, kind: 'progress', percent: accepted.size % 100 });
          // Again until it is taken: it may have been before the gateway died.
          const isTaken = await until(
            async () => {
              if (!isRunning()) return 'over';
              return (await post(`${gateway.url}/status/${project}`, event)).status === 202 && 'taken';
            },
            { what: `event ${id} to be taken`, withinMs: 60_000 },
          );
          if (isTaken === 'taken') accepted.add(id);
        }
      }

      /** What a browser does: comes back after the last event that it has. */
      const heard: SequencedEvent[] = [];
      let stream: ReceivedEvents | undefined;
      async function follow(): Promise<void> {
        while (isRunning()) {
          const current = await until(
            async () => {
              if (!isRunning()) return 'over';
              const headers = { 'last-event-id': String(heard.at(-1)?.sequence ?? 0) };
              return await openEvents(`${gateway.url}/status/${project}?after=0`, headers);
            },
            { what: 'a stream', withinMs: 60_000 },
          );
          if (current === 'over') return;
          stream = current;
          await until(() => !isRunning() || current.isOver, { what: 'its end', withinMs: 120_000 });
          for (const { data } of current.events) heard.push(data as SequencedEvent);
        }
      }

      const published: number[] = [];
      const external = brokerUrl();
      if (external !== undefined) {
        subscriber = createStompBroker({ url: external, clock, logger });
        await subscriber.start();
        await subscriber.source.subscribe(topic(`status.${project}`), {
          prefetch: 1_000,
          onDelivery: (delivery) => {
            published.push(delivery.message.properties.sequence ?? 0);
            delivery.acknowledge();
          },
        });
      }
      const work = [
        follow(),
        ...Array.from({ length: publishers }, (_, index) => publisher(`task-${index}`)),
      ];
      for (let round = 1; round <= kills; round += 1) {
        const goal = accepted.size + perRound;
        await until(() => accepted.size >= goal, { what: `${goal} accepted events`, withinMs: 40_000 });
        await gateway.kill();
        await gateway.restart();
      }
      const goal = accepted.size + perRound;
      await until(() => accepted.size >= goal, { what: `${goal} accepted events`, withinMs: 40_000 });
      running.abort();
      stream?.close();
      await Promise.all(work);

      const logged = await readAll(gateway.url, project, accepted.size);
      const numbers = logged.map(({ sequence }) => sequence);
      expect(numbers, 'numbers in the log').to.deep.equal(numbers.map((_, index) => index + 1));
      const ids = logged.map(({ id }) => id);
      expect(new Set(ids).size, 'different events in the log').to.equal(ids.length);
      expect(
        [...accepted].filter((id) => !ids.includes(id)),
        'accepted, but not in the log',
      ).to.deep.equal([]);
      expect(
        heard.map(({ id }) => id),
        'heard by the follower',
      ).to.deep.equal(ids.slice(0, heard.length));
      expect(heard.length).to.be.greaterThan(kills * perRound);
      let repeated = 0;
      if (subscriber !== undefined) {
        await until(() => published.includes(logged.length), {
          what: 'the last event at the topic',
          withinMs: 30_000,
        });
        const firsts = [...new Set(published)];
        repeated = published.length - firsts.length;
        expect(firsts, 'first heard at the topic').to.deep.equal(numbers);
      }
      report(
        this,
        `${accepted.size} events of ${publishers} publishers accepted, ${kills} kills: 0 lost, numbered without gaps; ` +
          (external === undefined ? 'no topic' : `at the topic ${repeated} repeated`),
      );
    },
  );
}

async function readAll(url: string, project: string, atLeast: number): Promise<SequencedEvent[]> {
  const read = async (): Promise<SequencedEvent[]> => {
    const all: SequencedEvent[] = [];
    for (;;) {
      const after = all.at(-1)?.sequence ?? 0;
      const answer = await call(`${url}/status/${project}?after=${after}&limit=1000`, {
        headers: { accept: 'application/json' },
      });
      const { events } = answer.json<{ events: SequencedEvent[] }>();
      if (events.length === 0) return all;
      all.push(...events);
    }
  };
  return until<SequencedEvent[] | undefined>(
    async () => {
      const all = await read();
      return all.length >= atLeast ? all : undefined;
    },
    { what: `${atLeast} numbered events`, withinMs: 20_000 },
  );
}
