import type { Message } from '#core/message.js';
import type { NumberedEvent } from '#core/status-event.js';
import { uniqueName } from './gateway.js';
import type { HttpBench } from './http-bench.js';
import { until } from './until.js';

export interface SentRequest {
  readonly id: string;
  /** As its service has it. */
  readonly message: Message;
}

/** Requests of which something is told. */
export interface RequestEventsBench {
  /** Asks, and waits until a service has the message and the request is `sent`. */
  sentRequest(headers?: Readonly<Record<string, string>>): Promise<SentRequest>;
  /** Sends an event as any service may; it is progress unless it says otherwise. */
  report(subject: string, event?: Partial<NumberedEvent>): Promise<void>;
}

export function requestEventsOf(bench: HttpBench): RequestEventsBench {
  return {
    async sentRequest(headers = {}) {
      const queue = uniqueName('events');
      const received = await bench.listen(queue);
      await bench.ask(queue, { 'message-id': queue, prefer: 'respond-async', ...headers });
      await until(() => received.length === 1, { what: 'the message' });
      await bench.reaches(queue, 'sent');
      return { id: queue, message: received[0]! };
    },
    async report(subject, event = {}) {
      const { broker, own } = bench.gateway.broker.parts;
      const body = { id: uniqueName('event'), project: null, subject, kind: 'progress', time: 1, ...event };
      await broker.channel.send(own.status, {
        messageId: body.id,
        correlationId: null,
        replyTo: null,
        time: 1,
        contentType: 'application/json',
        body: Buffer.from(JSON.stringify(body)),
        properties: {},
        applicationHeaders: {},
      });
    },
  };
}
