import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { silentLogger } from '#core/ports/logger.js';
import { connectBroker } from '#app/library/connect-broker.js';
import type { Broker } from '#app/library/connect-broker.js';
import { createReplier } from '#app/library/create-replier.js';
import type { CreateReplierOptions } from '#app/library/create-replier.js';
import { openStore } from '#app/library/open-store.js';
import type { Replier } from '#messaging/replier.js';
import type { HttpAnswer } from '../support/http.js';
import { call, post } from '../support/http.js';
import { uniqueName } from '../support/gateway.js';
import { startSource } from '../support/process.js';
import { openStranger } from '../support/stranger.js';
import type { ServedGateway } from '../support/served-gateway.js';
import { serveGateway } from '../support/served-gateway.js';
import type { FaultyNetwork } from '#testing/network/faulty-network.js';
import { startFaultyNetwork } from '#testing/network/faulty-network.js';
import { until } from '../support/until.js';
import { happens } from '../support/happens.js';

/**
 * The crash table: a real process is killed between two given steps, and started again. A proxy between gateway
 * and broker holds what one of them says, so that the moment is exact.
 */
export function describeCrashes(brokerUrl: () => string): void {
  let proxy: FaultyNetwork;
  let gateway: ServedGateway;
  let broker: Broker;
  const repliers: Replier[] = [];

  beforeEach(async function () {
    this.timeout(60_000);
    proxy = await startFaultyNetwork({ broker: brokerUrl() });
    gateway = await serveGateway({
      brokerUrl: proxy.url,
      settings: { REPLYTO_PREFIX: `crash-${randomUUID()}` },
    });
    broker = await connectBroker({ url: brokerUrl(), logger: silentLogger });
  });
  afterEach(async function () {
    this.timeout(60_000);
    await Promise.all(repliers.splice(0).map((replier) => replier.stop(1_000)));
    await broker.close();
    await gateway.remove();
    await proxy.stop();
  });

  async function serve(queue: string, options: Partial<CreateReplierOptions> = {}): Promise<void> {
    const replier = createReplier({ broker, queue, handler: (request) => request.body, ...options });
    repliers.push(replier);
    await replier.start();
  }

  async function ask(queue: string, headers: Record<string, string> = {}): Promise<string> {
    const id = randomUUID();
    const answer = await post(`${gateway.url}/requests/${queue}`, 'hello', {
      'content-type': 'text/plain',
      'message-id': id,
      prefer: 'respond-async',
      ...headers,
    });
    expect(answer.status, answer.text()).to.equal(202);
    return id;
  }

  function reply(id: string): Promise<HttpAnswer> {
    return call(`${gateway.url}/requests/${id}/reply`, { headers: { prefer: 'wait=20' } });
  }

  async function status(id: string): Promise<Record<string, unknown>> {
    return (await call(`${gateway.url}/requests/${id}`)).json();
  }

  /** Killed, and started again with a network that holds nothing back. */
  async function crash(): Promise<void> {
    await gateway.kill();
    // A proxy that holds back what a client said does not see that the client is gone.
    proxy.cut();
    await gateway.restart({ brokerUrl: brokerUrl() });
  }

  happens(
    'Surroundings',
    'the gateway is killed between accepting a request and sending it',
    'it is sent after the restart',
    async function () {
      this.timeout(60_000);
      const queue = uniqueName('unsent');
      await serve(queue);
      proxy.holdCalls();
      const id = await ask(queue);
      await crash();
      expect((await reply(id)).text()).to.equal('hello');
    },
  );

  happens(
    'Surroundings',
    'the gateway is killed before the receipt of a request comes',
    'it is sent again as a resend with the same id; an idempotent service runs it once',
    async function () {
      this.timeout(60_000);
      const queue = uniqueName('unconfirmed');
      const seen: (number | undefined)[] = [];
      const store = openStore('sqlite::memory:');
      const runs: string[] = [];
      const raw = await openStranger(brokerUrl());
      await serve(queue, {
        idempotency: store,
        handler: (request) => {
          runs.push(request.messageId);
          return 'done';
        },
      });
      proxy.holdAnswers();
      const id = await ask(queue);
      await until(() => runs.length === 1, { what: 'the request at the service' });
      await gateway.kill();
      // Takes the place of the service for a moment, to see the resend as it is on the wire.
      await repliers.splice(0)[0]!.stop(1_000);
      await raw.subscribe(queue, { ack: 'client-individual' });
      await gateway.restart({ brokerUrl: brokerUrl() });
      const resent = await raw.take('MESSAGE');
      seen.push(Number(resent.headers['Resend']));
      expect(resent.headers['Message-ID']).to.equal(id);
      raw.destroy();
      await serve(queue, {
        idempotency: store,
        handler: (request) => {
          runs.push(request.messageId);
          return 'done';
        },
      });
      expect((await reply(id)).text()).to.equal('done');
      await until(async () => (await gateway.metric('replyto_replies_repeated_total')) >= 1, {
        what: 'the same reply again',
      });
      expect({ runs, seen, replies: (await status(id))['replies'] }).to.deep.equal({
        runs: [id],
        seen: [1],
        replies: 1,
      });
    },
  );

  happens(
    'Surroundings',
    'the gateway is killed before it has stored a reply',
    'the broker delivers it again',
    async function () {
      this.timeout(60_000);
      const queue = uniqueName('unstored');
      let answer: () => void = () => undefined;
      const mayAnswer = new Promise<void>((resolve) => (answer = resolve));
      await serve(queue, { handler: () => mayAnswer.then(() => 'late but whole') });
      const id = await ask(queue);
      await until(() => repliers[0]!.running === 1, { what: 'the request at the service' });
      // Otherwise the restart sends it again, which is another row of the table.
      await until(async () => (await status(id))['status'] === 'sent', { what: 'the receipt' });
      // Stopped, not killed: the reply reaches its socket and nothing more.
      process.kill(gateway.pid, 'SIGSTOP');
      answer();
      await until(() => repliers[0]!.running === 0, { what: 'the confirmed reply' });
      await crash();
      expect((await reply(id)).text()).to.equal('late but whole');
      expect((await status(id))['replies']).to.equal(1);
    },
  );

  happens(
    'Surroundings',
    'the gateway is killed before it has acknowledged a reply',
    'the reply is recognised and recorded once',
    async function () {
      this.timeout(60_000);
      const queue = uniqueName('unacknowledged');
      let answer: () => void = () => undefined;
      const mayAnswer = new Promise<void>((resolve) => (answer = resolve));
      await serve(queue, { handler: () => mayAnswer.then(() => 'once') });
      const id = await ask(queue);
      await until(async () => (await status(id))['status'] === 'sent', { what: 'the receipt' });
      proxy.holdCalls();
      answer();
      expect((await reply(id)).text()).to.equal('once');
      await crash();
      await until(async () => (await gateway.metric('replyto_replies_repeated_total')) === 1, {
        what: 'the redelivery',
      });
      expect(await status(id)).to.include({ status: 'replied', replies: 1 });
    },
  );

  happens(
    'Surroundings',
    'the gateway is killed before it has forwarded a reply',
    'it is forwarded after the restart',
    async function () {
      this.timeout(60_000);
      const queue = uniqueName('unforwarded');
      const replyTo = uniqueName('answers');
      let answer: () => void = () => undefined;
      const mayAnswer = new Promise<void>((resolve) => (answer = resolve));
      await serve(queue, { handler: () => mayAnswer.then(() => 'forwarded') });
      const id = await ask(queue, { 'reply-to': replyTo });
      await until(async () => (await status(id))['status'] === 'sent', { what: 'the receipt' });
      proxy.holdCalls();
      answer();
      await until(async () => (await status(id))['status'] === 'replied', { what: 'the stored reply' });
      await crash();
      const raw = await openStranger(brokerUrl());
      await raw.subscribe(replyTo, { ack: 'client-individual' });
      const forwarded = await raw.take('MESSAGE');
      raw.destroy();
      expect(forwarded.body.toString()).to.equal('forwarded');
      expect(forwarded.headers['correlation-id']).to.equal(id);
    },
  );

  happens(
    'Surroundings',
    'a service dies before its reply',
    'the broker delivers the request to another one',
    async function () {
      this.timeout(60_000);
      const queue = uniqueName('orphaned');
      const dying = startSource('test/support/programs/service.ts', [brokerUrl(), queue]);
      await dying.line(/serving/u);
      const id = await ask(queue);
      await dying.line(new RegExp(`handling ${id}`, 'u'));
      dying.kill('SIGKILL');
      await dying.exited;
      await serve(queue, { handler: () => 'from the heir' });
      expect((await reply(id)).text()).to.equal('from the heir');
    },
  );
}
