import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { pythonWithStomp } from '../support/python.js';
import { processes } from '../support/process.js';
import type { RunningProcess } from '../support/process.js';
import type { RawStomp, ReceivedFrame } from '../support/raw-stomp.js';
import { openRawStomp } from '../support/raw-stomp.js';
import { skip } from '../support/skip.js';
import type { FaultyNetwork } from '#testing/network/faulty-network.js';
import { startFaultyNetwork } from '#testing/network/faulty-network.js';
import { until } from '../support/until.js';

const script = fileURLToPath(new URL('../../examples/04-service-in-python/service.py', import.meta.url));
const replyWithinMs = 30_000;

/** The service of the example, asked over STOMP: on brokers that no gateway is needed for. */
export function describePythonService(
  brokerUrl: () => string,
  addressOf = (name: string): string => `/queue/${name}`,
): void {
  describe('asked over STOMP', function () {
    this.timeout(60_000);
    const { start } = processes();
    let python = '';
    let proxy: FaultyNetwork | undefined;
    let caller: RawStomp | undefined;
    let service: RunningProcess | undefined;
    let queue = '';
    const replies = addressOf(`replies-${randomUUID()}`);

    before(async function () {
      const found = await pythonWithStomp();
      if ('unavailable' in found) return skip(this, found.unavailable);
      python = found.command;
    });

    beforeEach(async () => {
      queue = `python-${randomUUID()}`;
      const { hostname, port, username, password } = new URL(brokerUrl());
      proxy = await startFaultyNetwork({ broker: brokerUrl() });
      caller = await openRawStomp(Number(port), hostname);
      await caller.connect(username === '' ? {} : { login: username, passcode: password });
      const headers = { id: 'r', destination: replies, ack: 'auto' };
      caller.frame('SUBSCRIBE', { ...headers, 'subscription-type': 'ANYCAST' });
      service = start(python, [script], {
        env: { BROKER_URL: proxy.url, QUEUE: queue, REPLYTO_PREFIX: `t-${randomUUID()}` },
      });
      await service.line(/answering requests/u);
    });

    afterEach(async () => {
      caller?.destroy();
      await service?.stop();
      await proxy?.stop();
    });

    async function ask(id: string, body: string): Promise<void> {
      await caller!.confirmed(
        'SEND',
        {
          destination: addressOf(queue),
          'content-type': 'application/json',
          'correlation-id': id,
          'Message-ID': id,
          'reply-to': replies,
          persistent: 'true',
          // Artemis takes it for a topic otherwise.
          'destination-type': 'ANYCAST',
        },
        body,
      );
    }

    /** The first reply to a request; others with it are duplicates of the service's. */
    const replyTo = (id: string): Promise<ReceivedFrame> =>
      until(
        () =>
          caller!.pending.find(
            ({ command, headers }) => command === 'MESSAGE' && headers['correlation-id'] === id,
          ),
        { what: `the reply to ${id}`, withinMs: replyWithinMs },
      );

    it('answers, one after the other, and with faults', async () => {
      const ids = Array.from({ length: 3 }, () => randomUUID());
      for (const id of ids) await ask(id, '{"items":["tea","Brötchen"]}');
      for (const id of ids) {
        const reply = await replyTo(id);
        expect(JSON.parse(reply.text)).to.deep.equal({ ordered: 2 });
        expect(reply.headers).to.include({ 'content-type': 'application/json' });
      }
      for (const [body, code] of [
        ['{}', 'NO_ITEMS'],
        ['no JSON', 'SERVICE_FAILED'],
      ] as const) {
        const id = randomUUID();
        await ask(id, body);
        const reply = await replyTo(id);
        expect(reply.headers['Fault']).to.equal('true');
        expect(JSON.parse(reply.text)).to.include({ code });
      }
    });

    it('connects again when its connections break, and answers what came meanwhile', async () => {
      proxy!.cut();
      const id = randomUUID();
      await ask(id, '{"items":["tea"]}');
      await service!.line(/connecting again/u);
      expect(JSON.parse((await replyTo(id)).text)).to.deep.equal({ ordered: 1 });
    });

    it('ends in order, and leaves to others what it has not begun', async () => {
      const ended = await service!.stop();
      expect(ended, service!.output()).to.deep.equal({ code: 0, signal: null });
      const id = randomUUID();
      await ask(id, '{"items":["tea"]}');
      const other = start(python, [script], {
        env: { BROKER_URL: brokerUrl(), QUEUE: queue, REPLYTO_PREFIX: `t-${randomUUID()}` },
      });
      await replyTo(id);
      await other.stop();
    });
  });
}
