import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { Broker } from '#app/library/connect-broker.js';
import { connectBroker } from '#app/library/connect-broker.js';
import { createRequestor } from '#app/library/create-requestor.js';
import type { LibraryRequestor } from '#app/library/create-requestor.js';
import { silentLogger } from '#core/ports/logger.js';
import { rejectionOf } from '../support/errors.js';
import { freePort } from '../support/free-port.js';
import { uniqueName } from '../support/gateway.js';
import type { RunningProcess } from '../support/process.js';
import { processes } from '../support/process.js';
import type { StartedBroker } from '../support/started-broker.js';
import { startBroker } from '../support/started-broker.js';

const program = 'test/support/programs/failing-service.ts';

describe('the log of a program that uses the library', () => {
  const { startSource } = processes();
  let embedded: StartedBroker;
  let broker: Broker;
  let requestor: LibraryRequestor;

  before(async () => {
    embedded = await startBroker();
    broker = await connectBroker({ url: embedded.url, logger: silentLogger });
    requestor = createRequestor({ broker, replyQueue: uniqueName('replies') });
    await requestor.start();
  });
  after(async () => {
    await requestor.stop();
    await broker.close();
    await embedded.stop();
  });

  /** A service whose handler has failed twice, and which was then stopped. */
  async function failedService(queue: string, parameters: readonly string[] = []): Promise<RunningProcess> {
    const service = startSource(program, [embedded.url, queue, ...parameters]);
    await service.line(/^serving$/mu);
    const fault = await rejectionOf(requestor.request(queue, 'disk\nis full', { messageId: queue }));
    expect(fault).to.include({ code: 'SERVICE_FAILED' });
    expect(await service.stop()).to.deep.equal({ code: 0, signal: null });
    return service;
  }

  it('tells warnings on stderr, one plain line for each failure of a handler', async () => {
    const queue = uniqueName('failing');
    const service = await failedService(queue);
    const source = await readFile(program, 'utf8');
    const thrownAt = source.split('\n').findIndex((text) => text.includes('throw new Error')) + 1;
    const about = `at ${program}:${thrownAt}, queue ${queue}, message ${queue}`;
    const line = (attempt: number): string =>
      `replyto warning: the handler failed: disk is full (${about}, attempt ${attempt})\n`;
    const givenUp = `replyto error: the request was given up: it is a dead letter now (queue ${queue}, message ${queue})\n`;
    expect(service.stderr()).to.equal(line(1) + line(2) + givenUp);
    expect(service.stdout()).to.equal('serving\n');
  });

  it('says nothing with the silent logger', async () => {
    const service = await failedService(uniqueName('silent'), ['silent']);
    expect(service.stderr()).to.equal('');
  });

  it('leaves a broker that cannot be reached to the error of connectBroker', async () => {
    const service = startSource(program, [`stomp://127.0.0.1:${await freePort()}`, 'orders']);
    expect(await service.exited).to.include({ code: 1 });
    expect(service.stderr()).to.contain('BROKER_UNAVAILABLE');
    expect(service.stderr()).not.to.contain('replyto warning');
  });
});
