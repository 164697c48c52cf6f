/**
 * The asking side of a test: sends requests as often and as broken as a test wants them, and keeps every reply, also what
 * a requestor for production would recognise, drop or put aside.
 */
import { v7 as newId } from 'uuid';
import { bodyForm } from '#adapters/stomp/body.js';
import { toHeaders } from '#adapters/stomp/headers.js';
import { connectBroker } from '#app/library/connect-broker.js';
import { systemClock } from '#app/system-clock.js';
import { queue as queueNamed } from '#core/destination.js';
import type { Message } from '#core/message.js';
import { silentLogger } from '#core/ports/logger.js';
import type { Delivery } from '#core/ports/message-source.js';
import { readableBody, toContents } from '#messaging/contents.js';
import { contentDigest } from '#messaging/digest.js';
import { readReply } from '#messaging/reply-message.js';
import type { FrameChange } from '../network/frame-bytes.js';
import { changed } from '../network/frame-bytes.js';
import type { Asked, OnlyReplyOptions, OpenAsked, TestReply } from './asked.js';
import { createAsked } from './asked.js';
import { openRawSender } from './raw-sender.js';
import type { AskOptions, TestRequestorOptions } from './requestor-options.js';
import { refuseBadAsking, refuseBadRequestorOptions } from './requestor-options.js';

export interface TestRequestor {
  /** Where replies are sent to. */
  readonly replyQueue: string;
  /**
   * Sends a request; resolves when the broker has it. `contents` as a handler of the library returns them: bytes, text or
   * JSON.
   *
   * @throws INVALID_ARGUMENT; Error when the broker does not take it
   */
  ask(queue: string, contents: unknown, options?: AskOptions): Promise<Asked>;
  /**
   * Sends a request that is changed, with `{}` as its contents where the change has no body: `poisons.brokenJson`. Nothing
   * of the change is checked.
   */
  poison(queue: string, change: FrameChange, options?: AskOptions): Promise<Asked>;
  /** Replies to no request of this requestor. */
  readonly strangers: readonly TestReply[];
  /** Forgets what was asked, and ends its connections. */
  stop(): Promise<void>;
}

/** How much of replies, requests and letters is taken at the same time. */
const prefetch = 500;

/**
 * Connects to the broker, directly or through a network, and receives replies and dead letters from then on.
 *
 * @throws INVALID_ARGUMENT, BROKER_UNAVAILABLE, BROKER_LOGIN_REFUSED
 * @example const requestor = await startTestRequestor({ broker });
 */
export async function startTestRequestor(options: TestRequestorOptions): Promise<TestRequestor> {
  refuseBadRequestorOptions(options);
  const { broker: given, replyQueue = `test.replies.${newId()}`, prefix = 'replyto' } = options;
  const url = typeof given === 'string' ? given : given.url;
  const testBroker = typeof given === 'string' ? undefined : given;
  const broker = await connectBroker({ url, prefix, logger: silentLogger, heartbeatMs: 0 });
  const { source } = broker.parts.broker;
  const { deadLetters, invalid } = broker.parts.own;
  const letterQueues = options.deadLetterQueues ?? [deadLetters.name, invalid.name];
  const all = new Map<string, OpenAsked>();
  const strangers: TestReply[] = [];
  /** Queues of letters that are read, by name. */
  const reading = new Map<string, Promise<unknown>>();

  function onReply(delivery: Delivery): void {
    delivery.acknowledge();
    const read = toTestReply(delivery);
    const { correlationId, properties } = delivery.message;
    const asked = all.get(correlationId ?? '') ?? all.get(properties.otherCorrelationId ?? '');
    if (asked === undefined) strangers.push(read);
    else asked.replied(read);
  }

  function onLetter(delivery: Delivery): void {
    delivery.acknowledge();
    const { messageId, correlationId, applicationHeaders } = delivery.message;
    const ids = [applicationHeaders['x-original-message-id'], messageId, correlationId];
    const asked = ids.map((id) => all.get(id ?? '')).find((one) => one !== undefined);
    // The embedded broker writes its own reason, for what consumers rejected.
    const reason = applicationHeaders['x-reason'] ?? delivery.headers['dlq-reason'] ?? null;
    asked?.deadLettered(delivery.destination.name, reason);
  }

  function readLetters(name: string): Promise<unknown> {
    const begun = reading.get(name) ?? source.subscribe(queueNamed(name), { prefetch, onDelivery: onLetter });
    reading.set(name, begun);
    return begun;
  }

  async function untilDone(queue: string, { quietMs = 500, withinMs }: OnlyReplyOptions): Promise<void> {
    if (testBroker === undefined) await new Promise((resolve) => setTimeout(resolve, quietMs));
    else await testBroker.drained([queue, replyQueue], withinMs === undefined ? {} : { withinMs });
  }

  function toRequest(contents: unknown, { messageId = newId(), timeoutMs }: AskOptions): Message {
    const { body, contentType, headers } = toContents(contents);
    const time = systemClock.now();
    const deadline = timeoutMs === undefined ? {} : { deadlineMs: timeoutMs, expiresAt: time + timeoutMs };
    return {
      ...{ messageId, correlationId: null, replyTo: queueNamed(replyQueue), time, contentType, body },
      properties: { contentDigest: contentDigest(body), ...deadline },
      applicationHeaders: headers,
    };
  }

  async function send(queue: string, message: Message, change: FrameChange, copies: number): Promise<Asked> {
    const dialect = broker.parts.broker.broker()?.dialect;
    if (dialect === undefined) throw new Error('the connection to the broker is lost');
    // The embedded broker's own, where it puts what was rejected six times.
    if (dialect.name === 'embedded') await readLetters(`DLQ.${queue}`);
    const destination = queueNamed(queue);
    const frame = changed(
      {
        headers: new Map(
          Object.entries({
            ...toHeaders(message, dialect),
            ...dialect.sendHeaders(destination),
            ...{ destination: dialect.toAddress(destination), persistent: 'true' },
          }),
        ),
        body: Buffer.from(message.body),
      },
      change,
    );
    const headers = Object.fromEntries(frame.headers);
    const contentType = headers['content-type'] ?? null;
    const isText = bodyForm(dialect, { ...message, contentType, body: frame.body }) === 'text';
    if (!isText) headers['content-length'] ??= String(frame.body.length);
    const open =
      all.get(message.messageId) ?? createAsked(message.messageId, queue, (how) => untilDone(queue, how));
    all.set(message.messageId, open);
    for (let copy = 0; copy < copies; copy += 1) await sender.send(headers, frame.body);
    return open.asked;
  }

  async function end(reason: string): Promise<void> {
    for (const open of all.values()) open.end(reason);
    all.clear();
    await broker.close();
  }

  let sender: Awaited<ReturnType<typeof openRawSender>>;
  try {
    sender = await openRawSender(url);
    await source.subscribe(queueNamed(replyQueue), { prefetch, onDelivery: onReply });
    await Promise.all(letterQueues.map(readLetters));
  } catch (error) {
    await end('the requestor did not start');
    throw error;
  }
  return {
    replyQueue,
    async ask(queue, contents, how = {}) {
      refuseBadAsking(queue, how);
      return await send(queue, toRequest(contents, how), { headers: how.headers ?? {} }, how.copies ?? 1);
    },
    async poison(queue, change, how = {}) {
      refuseBadAsking(queue, how);
      const { headers, body } = change;
      const made: FrameChange = {
        headers: { ...how.headers, ...headers },
        ...(body === undefined ? {} : { body }),
      };
      return await send(queue, toRequest({}, how), made, how.copies ?? 1);
    },
    get strangers() {
      return [...strangers];
    },
    async stop() {
      sender.close();
      await end('the requestor was stopped');
    },
  };
}

function toTestReply(delivery: Delivery): TestReply {
  const { message, headers } = delivery;
  const { storeId = '' } = message.properties;
  const read = readReply(delivery, { storeId, maxBodyBytes: Number.MAX_SAFE_INTEGER });
  const { contentType, body } = message;
  const shown = { contentType, body, headers, ...readableBody(body) };
  if ('invalid' in read) return { ...shown, id: message.messageId, fault: null, invalid: read.invalid };
  return { ...shown, id: read.reply.replyId, fault: read.reply.fault, invalid: null };
}
