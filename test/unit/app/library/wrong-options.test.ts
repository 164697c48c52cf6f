import { expect } from 'chai';
import type { Broker, ConnectBrokerOptions } from '#app/library/connect-broker.js';
import { connectBroker } from '#app/library/connect-broker.js';
import type { CreateReplierOptions } from '#app/library/create-replier.js';
import { createReplier, sendReply } from '#app/library/create-replier.js';
import type { CreateRequestorOptions } from '#app/library/create-requestor.js';
import { createRequestor } from '#app/library/create-requestor.js';
import { openStore } from '#app/library/open-store.js';
import { queue } from '#core/destination.js';
import type { ReplytoError } from '#core/errors.js';
import { silentLogger } from '#core/ports/logger.js';
import { failureOf, thrownBy } from '../../../support/errors.js';
import { fakeStompServer } from '../../../support/fake-stomp-server.js';

function fieldsOf(error: ReplytoError): string[] {
  expect(error.code).to.equal('INVALID_ARGUMENT');
  for (const { field } of error.problems) expect(error.message).to.contain(field);
  return error.problems.map(({ field }) => field);
}

/** No whole numbers, or out of any range. */
const noNumbers: readonly unknown[] = [
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1e300,
  '10',
  null,
  {},
  1n,
];

describe('wrong options of the library', () => {
  const server = fakeStompServer();
  let broker: Broker;

  beforeEach(async () => {
    broker = await connectBroker({ url: server().url, logger: silentLogger });
  });
  afterEach(() => broker.close(100));

  describe('of connectBroker', () => {
    async function refused(options: object): Promise<ReplytoError> {
      return failureOf(connectBroker(options));
    }

    it('are named all at once, before anything is opened', async () => {
      const before = server().connections.length;
      const error = await refused({
        url: server().url,
        prefix: 'no prefix',
        connectTimeoutMs: 0,
        receiptTimeoutMs: Number.NaN,
        heartbeatMs: -1,
      });
      expect(fieldsOf(error)).to.deep.equal([
        'prefix',
        'connectTimeoutMs',
        'receiptTimeoutMs',
        'heartbeatMs',
      ]);
      expect(server().connections).to.have.lengthOf(before);
    });

    for (const name of [
      'connectTimeoutMs',
      'receiptTimeoutMs',
      'heartbeatMs',
    ] satisfies (keyof ConnectBrokerOptions)[]) {
      it(`are a ${name} that is no number of milliseconds`, async () => {
        for (const value of noNumbers) {
          expect(fieldsOf(await refused({ url: server().url, [name]: value })), String(value)).to.deep.equal([
            name,
          ]);
        }
      });
    }

    it('are a url or prefix that is no text', async () => {
      expect(fieldsOf(await refused({ url: 61_613, prefix: 5 }))).to.deep.equal(['url', 'prefix']);
    });

    it('are telemetry for nobody, and wrong parts of it', async () => {
      for (const [telemetry, fields] of [
        [true, ['telemetry']],
        [{}, ['telemetry']],
        [{ serviceName: 'orders' }, ['telemetry']],
        [{ otlpEndpoint: 'collector:4318' }, ['telemetry.otlpEndpoint']],
        [
          { otlpEndpoint: 7, serviceName: 7, traces: 'otlp', metrics: 1, sampler: 'x' },
          [
            'telemetry.sampler',
            'telemetry.otlpEndpoint',
            'telemetry.serviceName',
            'telemetry.traces',
            'telemetry.metrics',
          ],
        ],
        [
          { tracerProvider: {}, meterProvider: 'm', otlpEndpoint: 'http://c' },
          ['telemetry.otlpEndpoint', 'telemetry.tracerProvider', 'telemetry.meterProvider'],
        ],
      ] as const) {
        expect(fieldsOf(await refused({ url: server().url, telemetry }))).to.deep.equal(fields);
      }
    });

    it('are not what is left out, nor the extremes', async () => {
      const made = await connectBroker({
        url: server().url,
        connectTimeoutMs: 600_000,
        receiptTimeoutMs: 600_000,
        heartbeatMs: 0,
        telemetry: { otlpEndpoint: undefined },
      });
      await made.close(100);
    });
  });

  describe('of createReplier', () => {
    function refused(options: object): ReplytoError {
      const given = { broker, queue: 'orders', handler: () => 'done', ...options };
      return thrownBy(() => createReplier(given));
    }

    it('are named all at once', () => {
      const error = refused({
        queue: 'a/b',
        handler: undefined,
        concurrency: 0,
        prefetch: -1,
        timeoutMs: Number.NaN,
        retry: { attempts: 1.5, backoffMs: -1, maxBackoffMs: 60_001 },
      });
      expect(fieldsOf(error)).to.deep.equal([
        'queue',
        'handler',
        'concurrency',
        'prefetch',
        'timeoutMs',
        'retry.attempts',
        'retry.backoffMs',
        'retry.maxBackoffMs',
      ]);
      expect(error.problems).to.deep.include({
        field: 'concurrency',
        value: '0',
        allowed: 'a whole number from 1 to 65535',
      });
      expect(error.problems).to.deep.include({
        field: 'timeoutMs',
        value: 'NaN',
        allowed: 'a whole number from 1 to 315360000000',
      });
    });

    for (const name of ['concurrency', 'prefetch', 'timeoutMs'] satisfies (keyof CreateReplierOptions)[]) {
      it(`are a ${name} that is no number of its kind`, () => {
        for (const value of [0, ...noNumbers]) {
          expect(fieldsOf(refused({ [name]: value })), String(value)).to.deep.equal([name]);
        }
      });
    }

    for (const name of ['attempts', 'backoffMs', 'maxBackoffMs']) {
      it(`are a retry.${name} that is no number of its kind`, () => {
        for (const value of noNumbers) {
          expect(fieldsOf(refused({ retry: { [name]: value } })), String(value)).to.deep.equal([
            `retry.${name}`,
          ]);
        }
      });
    }

    it('are a queue that is no text, and a retry that is no object', () => {
      expect(fieldsOf(refused({ queue: 5, retry: 3 }))).to.deep.equal(['queue', 'retry']);
      expect(fieldsOf(refused({ retry: null }))).to.deep.equal(['retry']);
      expect(fieldsOf(refused({ retry: { attempts: 0 } }))).to.deep.equal(['retry.attempts']);
    });

    it('are not what is left out, nor the extremes', () => {
      const handler = (): string => 'done';
      const retry = { attempts: 1, backoffMs: 0, maxBackoffMs: 60_000 };
      const given = { concurrency: 1, prefetch: 65_535, timeoutMs: 1, retry };
      expect(createReplier({ broker, queue: 'orders', handler, ...given }).running).to.equal(0);
      const absent = { concurrency: undefined, retry: undefined } as unknown as CreateReplierOptions;
      expect(createReplier({ ...absent, broker, queue: 'orders', handler }).running).to.equal(0);
    });
  });

  it('of sendReply are a deadline that is no number of milliseconds', async () => {
    const address = { replyTo: queue('back'), correlationId: 'm', properties: {} };
    for (const deadlineMs of noNumbers) {
      const error = await failureOf(sendReply(broker, address, 'x', { deadlineMs: deadlineMs as number }));
      expect(fieldsOf(error), String(deadlineMs)).to.deep.equal(['deadlineMs']);
    }
    expect((await server().connection(1)).framesOf('SEND')).to.deep.equal([]);
  });

  it('of openStore are its url and how long it keeps', () => {
    for (const retentionMs of [0, ...noNumbers]) {
      const error = thrownBy(() => openStore('file.db', { retentionMs: retentionMs as number }));
      expect(fieldsOf(error), String(retentionMs)).to.deep.equal(['url', 'retentionMs']);
    }
  });

  describe('of createRequestor', () => {
    it('are named all at once', () => {
      for (const maxPending of [0, ...noNumbers]) {
        const options = { broker, replyQueue: 'a/b', maxPending } as CreateRequestorOptions;
        expect(fieldsOf(thrownBy(() => createRequestor(options)))).to.deep.equal([
          'replyQueue',
          'maxPending',
        ]);
      }
    });

    it('are a reply queue of the gateways or of the broker', () => {
      for (const replyQueue of ['replyto.replies', 'ActiveMQ.DLQ']) {
        expect(fieldsOf(thrownBy(() => createRequestor({ broker, replyQueue })))).to.deep.equal([
          'replyQueue',
        ]);
      }
    });
  });

  describe('of a request', () => {
    async function refused(queueName: unknown, options: object): Promise<string[]> {
      const store = openStore('sqlite::memory:');
      const requestor = createRequestor({ broker, replyQueue: 'back', store });
      try {
        const asking = requestor.request(queueName as string, 'x', options);
        const fields = fieldsOf(await failureOf(asking));
        expect(await requestor.pending()).to.equal(0);
        return fields;
      } finally {
        await requestor.stop();
        await store.close();
      }
    }

    it('are named all at once, and nothing is stored', async () => {
      const options = {
        messageId: 'a b',
        timeoutMs: 0,
        signal: 'now',
        conversationId: 'talk\n',
        project: 'a/b',
        priority: 10,
      };
      expect(await refused('a/b', options)).to.deep.equal(['queue', ...Object.keys(options)]);
    });

    for (const [name, ...values] of [
      ['messageId', '', 'a\nb', 5, null],
      ['timeoutMs', 0, 0.5, 315_360_000_001, ...noNumbers],
      ['signal', null, {}, { aborted: false }],
      ['conversationId', ' talk', 'a\nb', 'a\0', String.raw`a\n`, 'a'.repeat(9_000), 5, null],
      ['project', '', 'a\nb', 'a*', ' a', 'a'.repeat(300), 5, null],
      ['priority', 10, ...noNumbers],
    ] as const) {
      it(`are a ${name} that cannot be sent`, async () => {
        for (const value of values) {
          expect(await refused('orders', { [name]: value }), String(value)).to.deep.equal([name]);
        }
      });
    }
  });
});
