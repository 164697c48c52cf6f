import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { createReplier, sendReply } from '#app/library/create-replier.js';
import { queue as queueNamed } from '#core/destination.js';
import type { Message } from '#core/message.js';
import type { Subscription } from '#core/ports/message-source.js';
import { returnAddressOf } from '#core/return-address.js';
import type { Handler } from '#messaging/handler-run.js';
import type { Replier } from '#messaging/replier.js';
import type { ProblemDocument } from '#schema/problem.js';
import type { RequestStatus } from '#schema/request-status.js';
import type { TestGateway, TestGatewayOptions } from './gateway.js';
import { startGateway } from './gateway.js';
import type { HttpAnswer } from './http.js';
import { call, post } from './http.js';
import { until } from './until.js';

/** A gateway for the tests of one suite, with services and listeners that end with their test. */
export interface HttpBench {
  readonly gateway: TestGateway;
  readonly url: string;
  readonly port: number;
  /** `POST /requests/{queue}`; the body is `{}` unless given. */
  ask(queue: string, headers?: Readonly<Record<string, string>>, body?: string | Buffer): Promise<HttpAnswer>;
  /** Runs a service on the queue until the test ends. */
  serve(queue: string, handler: Handler): Promise<Replier>;
  /** Answers a message by hand, as often as called; each time it is another reply. */
  reply(request: Message, value: unknown): Promise<void>;
  /** Sends a reply to a request that expects none; resolves when it is kept, as late. */
  replyUnasked(id: string, text: string): Promise<void>;
  /** Takes every message of the queue until the test ends, without answering. */
  listen(queue: string): Promise<Message[]>;
  status(id: string): Promise<RequestStatus>;
  /** Resolves when the request has this status. */
  reaches(id: string, status: RequestStatus['status']): Promise<RequestStatus>;
  metric(name: string): Promise<number>;
  /**
   * Fails when a call since the start has left anything: another request in the store than those of this method,
   * or another message on the queue, which must have a listener. Shows also that the process serves the next call,
   * whose body is `{}` unless given.
   */
  expectNothingHappened(queue: string, received: readonly Message[], body?: string): Promise<void>;
  /** Says that a request with this id is meant to be there. */
  expected(id: string): void;
}

/** To be called inside `describe`. */
export function httpBench(
  options: () => TestGatewayOptions | Promise<TestGatewayOptions> = () => ({}),
): HttpBench {
  let gateway: TestGateway | undefined;
  const repliers: Replier[] = [];
  const subscriptions: Subscription[] = [];
  const sentinels = new Set<string>();

  before(async () => {
    sentinels.clear();
    gateway = await startGateway(await options());
    const { url } = gateway;
    // A reply that comes before the gateway takes replies would only come late.
    await until(async () => (await call(`${url}/readyz?verbose`)).text().includes('[+] replies'), {
      what: 'the gateway to receive replies',
    });
  });
  after(async () => {
    await gateway?.stop();
    gateway = undefined;
  });
  afterEach(async () => {
    await Promise.all(repliers.splice(0).map((replier) => replier.stop(2_000)));
    await Promise.all(subscriptions.splice(0).map((subscription) => subscription.unsubscribe()));
    expect(bench.gateway.fatal).to.deep.equal([]);
  });

  const bench: HttpBench = {
    get gateway() {
      if (gateway === undefined) throw new Error('the bench is for tests and their hooks');
      return gateway;
    },
    get url() {
      return bench.gateway.url;
    },
    get port() {
      return Number(new URL(bench.url).port);
    },
    ask: (queue, headers = {}, body = '{}') =>
      post(`${bench.url}/requests/${encodeURIComponent(queue)}`, body, headers),
    async serve(queue, handler) {
      const replier = createReplier({ broker: bench.gateway.broker, queue, handler });
      repliers.push(replier);
      await replier.start();
      return replier;
    },
    async reply(request, value) {
      const address = returnAddressOf(request);
      if (address === null) throw new Error('the request expects no reply');
      await sendReply(bench.gateway.broker, address, value);
    },
    async replyUnasked(id, text) {
      const { broker, own } = bench.gateway.broker.parts;
      await broker.channel.send(own.replies, {
        messageId: `${id}-reply`,
        correlationId: id,
        replyTo: null,
        time: 1,
        contentType: 'text/plain',
        body: Buffer.from(text),
        properties: {},
        applicationHeaders: {},
      });
      await until(async () => (await bench.status(id)).late, { what: 'the reply' });
    },
    async listen(queue) {
      const received: Message[] = [];
      const { source } = bench.gateway.broker.parts.broker;
      const subscription = await source.subscribe(queueNamed(queue), {
        prefetch: 1_000,
        onDelivery: (delivery) => {
          received.push(delivery.message);
          delivery.acknowledge();
        },
      });
      subscriptions.push(subscription);
      return received;
    },
    async status(id) {
      const answer = await call(`${bench.url}/requests/${encodeURIComponent(id)}`);
      expect(answer.status, answer.text()).to.equal(200);
      return answer.json<RequestStatus>();
    },
    reaches: (id, status) =>
      until(
        async () => {
          const document = await bench.status(id);
          return document.status === status && document;
        },
        { what: `request ${id} to be ${status}` },
      ),
    async metric(name) {
      const text = (await call(`${bench.url}/metrics`)).text();
      return Number(new RegExp(`^replyto_${name} (\\S+)$`, 'mu').exec(text)?.[1]);
    },
    expected: (id) => void sentinels.add(id),
    async expectNothingHappened(queue, received, body = '{}') {
      const id = `sentinel-${randomUUID()}`;
      sentinels.add(id);
      const answer = await bench.ask(queue, { 'message-id': id, prefer: 'respond-async' }, body);
      expect(answer.status, answer.text()).to.equal(202);
      await until(() => received.length > 0, { what: 'the message of the next call' });
      expect(received.map(({ messageId }) => messageId)).to.deep.equal([id]);
      const list = await call(`${bench.url}/requests?limit=500`);
      const stored = list.json<{ requests: RequestStatus[] }>().requests.map((request) => request.id);
      expect(stored).to.have.members([...sentinels]);
      await until(async () => (await bench.metric('requests_sent_total')) === sentinels.size, {
        what: `no other message to be sent than ${sentinels.size}`,
      });
    },
  };
  return bench;
}

/** The problem of an answer, which must be one and carry its own status. */
export function problemOf(answer: HttpAnswer, status: number, code: string): ProblemDocument {
  expect(answer.status, answer.text()).to.equal(status);
  expect(answer.headers['content-type']).to.equal('application/problem+json');
  const problem = answer.json<ProblemDocument>();
  expect(problem).to.include({ status, code, type: `/problems/${code}` });
  return problem;
}

/** The one thing that an answer of this code names as wrong. */
export function faultOf(
  answer: HttpAnswer,
  status: number,
  code: string,
): NonNullable<ProblemDocument['problems']>[number] {
  const { problems = [] } = problemOf(answer, status, code);
  expect(problems).to.have.lengthOf(1);
  return problems[0]!;
}
