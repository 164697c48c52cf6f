import { expect } from 'chai';
import type { Broker, ConnectBrokerOptions } from '#app/library/connect-broker.js';
import { connectBroker } from '#app/library/connect-broker.js';
import type { CreateReplierOptions } from '#app/library/create-replier.js';
import { createReplier, sendReply } from '#app/library/create-replier.js';
import type { CreateRequestorOptions } from '#app/library/create-requestor.js';
import { createRequestor } from '#app/library/create-requestor.js';
import type { RequestOptions } from '#app/library/new-request.js';
import type { OpenStoreOptions } from '#app/library/open-store.js';
import { openStore } from '#app/library/open-store.js';
import { queue } from '#core/destination.js';
import type { ReplytoError } from '#core/errors.js';
import { silentLogger } from '#core/ports/logger.js';
import type { ReturnAddress } from '#core/return-address.js';
import { failureOf, thrownBy } from '../../../support/errors.js';
import { fakeStompServer } from '../../../support/fake-stomp-server.js';

/** The fields that an error names, each of them also in its message. */
function fieldsOf(error: ReplytoError): string[] {
  expect(error.code).to.equal('INVALID_ARGUMENT');
  for (const { field } of error.problems) expect(error.message).to.contain(field);
  return error.problems.map(({ field }) => field);
}

/** As programs without types call them. */
const connect = (options: unknown): Promise<ReplytoError> =>
  failureOf(connectBroker(options as ConnectBrokerOptions));
const replier = (options?: unknown): ReplytoError =>
  thrownBy(() => createReplier(options as CreateReplierOptions));
const requestor = (options?: unknown): ReplytoError =>
  thrownBy(() => createRequestor(options as CreateRequestorOptions));

const handler = (): string => 'done';

describe('what the library cannot work with', () => {
  const server = fakeStompServer();
  let broker: Broker;

  beforeEach(async () => {
    broker = await connectBroker({ url: server().url, logger: silentLogger });
  });
  afterEach(() => broker.close(100));

  describe('is a misspelt option', () => {
    it('of connectBroker, named with what was meant and without its value', async () => {
      const error = await connect({ url: server().url, passcod: 'hunter2', urll: 'x' });
      expect(error.problems).to.deep.equal([
        { field: 'passcod', allowed: "no such option; did you mean 'passcode'?" },
        { field: 'urll', allowed: "no such option; did you mean 'url'?" },
      ]);
      expect(error.message).not.to.contain('hunter2');
    });

    it('of createReplier and its retry, beside all else that is wrong', () => {
      const given = { broker, queue: 'a/b', handler, concurency: 2, retry: { attemps: 1 } };
      const error = replier(given);
      expect(fieldsOf(error)).to.deep.equal(['concurency', 'queue', 'retry.attemps']);
      expect(error.message).to.contain("'concurrency'").and.to.contain("'attempts'");
    });

    it('of createRequestor, of a request, of sendReply and of openStore', async () => {
      expect(fieldsOf(requestor({ broker, replyQueue: 'back', maxpendin: 1 }))).to.deep.equal(['maxpendin']);
      const made = createRequestor({ broker, replyQueue: 'back' });
      const options = { timeout: 5 } as RequestOptions;
      expect(fieldsOf(await failureOf(made.request('orders', 'x', options)))).to.deep.equal(['timeout']);
      await made.stop();
      const address = { replyTo: queue('back'), correlationId: 'm', properties: {} };
      const deadline = { deadlinMs: 5 } as object;
      expect(fieldsOf(await failureOf(sendReply(broker, address, 'x', deadline)))).to.deep.equal([
        'deadlinMs',
      ]);
      const retention = { retention: 5 } as OpenStoreOptions;
      expect(fieldsOf(thrownBy(() => openStore('sqlite::memory:', retention)))).to.deep.equal(['retention']);
    });

    it('that is like none, told with those that there are', async () => {
      const error = await connect({ url: server().url, zebra: 1 });
      expect(error.message).to.match(/^zebra: no such option; known are url, prefix, login, /u);
    });
  });

  it('is anything but an object where options belong', async () => {
    for (const options of [null, 5, [], () => 1]) {
      expect(fieldsOf(await connect(options)), String(options)).to.deep.equal(['options']);
      expect(fieldsOf(replier(options)), String(options)).to.deep.equal(['options']);
      expect(fieldsOf(requestor(options)), String(options)).to.deep.equal(['options']);
      expect(fieldsOf(thrownBy(() => openStore('file.db', options as object)))).to.deep.equal(['options']);
    }
    expect(fieldsOf(replier('orders'))).to.deep.equal(['options']);
  });

  it('is no options at all, where some are needed', () => {
    expect(fieldsOf(replier())).to.deep.equal(['broker', 'queue', 'handler']);
    expect(fieldsOf(requestor())).to.deep.equal(['broker', 'replyQueue']);
  });

  it('is a logger without the methods of one', async () => {
    for (const logger of [3, null, {}, console, { ...silentLogger, child: 'x' }]) {
      expect(fieldsOf(await connect({ url: server().url, logger }))).to.deep.equal(['logger']);
    }
  });

  it('is an address that cannot be read, named beside all else and without its password', async () => {
    const error = await connect({
      url: 'http://ada:hunter2@x',
      prefix: 'a b',
      login: 5,
      passcode: {},
      tls: 5,
    });
    expect(fieldsOf(error)).to.deep.equal(['broker.url', 'prefix', 'login', 'passcode', 'tls']);
    expect(error.message).not.to.contain('hunter2');
    const tls = { ca: 'no certificate' };
    expect(fieldsOf(await connect({ url: '', tls }))).to.deep.equal(['broker.url', 'tls.ca']);
  });

  it('is anything but a broker where one belongs', async () => {
    const wrong = [undefined, null, {}, 'stomp://ada:hunter2@x', Promise.resolve(broker), { parts: {} }];
    for (const given of wrong) {
      const error = replier({ broker: given, queue: 'a/b', handler });
      expect(fieldsOf(error)).to.deep.equal(['broker', 'queue']);
      expect(error.message).not.to.contain('hunter2');
      expect(fieldsOf(requestor({ broker: given, replyQueue: 'a/b' }))).to.deep.equal([
        'broker',
        'replyQueue',
      ]);
      const sending = sendReply(given as Broker, {} as ReturnAddress, 'x');
      expect(fieldsOf(await failureOf(sending))).to.deep.equal(['broker', 'address']);
    }
  });

  it('is a memory or a store that is none', () => {
    for (const given of [{}, null, 5, { handledMessages: {} }]) {
      const error = replier({ broker, queue: 'orders', handler, idempotency: given });
      expect(fieldsOf(error)).to.deep.equal(['idempotency']);
      expect(fieldsOf(requestor({ broker, replyQueue: 'back', store: given }))).to.deep.equal(['store']);
    }
  });

  it('is an address that nobody can be answered at', async () => {
    const replyTo = queue('back');
    const wrong = [
      null,
      'back',
      { foo: 1 },
      { replyTo, correlationId: 'm' },
      { replyTo, correlationId: '', properties: {} },
      { replyTo, correlationId: 'm', properties: null },
      { replyTo: 'back', correlationId: 'm', properties: {} },
      { replyTo: { kind: 'queue', name: '' }, correlationId: 'm', properties: {} },
      { replyTo: { kind: 'box', name: 'back' }, correlationId: 'm', properties: {} },
    ];
    for (const address of wrong) {
      const error = await failureOf(sendReply(broker, address as ReturnAddress, 'x'));
      expect(fieldsOf(error), JSON.stringify(address)).to.deep.equal(['address']);
    }
    expect((await server().connection(1)).framesOf('SEND')).to.deep.equal([]);
  });

  it('is a queue of the product or of the broker, to serve and to ask', async () => {
    const asking = createRequestor({ broker, replyQueue: 'back' });
    for (const name of ['replyto.replies', 'REPLYTO.dead-letters', 'ActiveMQ.DLQ']) {
      expect(fieldsOf(replier({ broker, queue: name, handler })), name).to.deep.equal(['queue']);
      expect(fieldsOf(await failureOf(asking.request(name, 'x'))), name).to.deep.equal(['queue']);
    }
    await asking.stop();
  });
});
