import { expect } from 'chai';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createByteMeter } from '../../../bench/tools/byte-meter.js';
import { createClients } from '../../../bench/status/clients/create-clients.js';
import type { Clients, Measurement } from '../../../bench/status/clients/client.js';
import { createRegularClient } from '../../../bench/status/clients/regularly.js';
import { createRecorder } from '../../../bench/status/recorder.js';
import type { Recorder } from '../../../bench/status/recorder.js';
import { freePort } from '../../support/free-port.js';
import { until } from '../../support/until.js';

const schedule = [[0]];

function measurementOf(reading: Measurement['reading'], gatewayUrl: string): Measurement {
  return {
    ...{
      id: 'test',
      reading,
      project: 'test',
      subjects: ['task'],
      schedule,
      windowMs: 100,
      away: null,
      seed: 1,
    },
    surroundings: { gatewayUrl, brokerUrl: '', selectors: false, database: null, folder: '' },
  };
}

async function clientsOf(
  reading: Measurement['reading'],
  url: string,
): Promise<{ clients: Clients; recorder: Recorder }> {
  const recorder = createRecorder(schedule);
  const measurement = measurementOf(reading, url);
  const clients = await createClients({ measurement, recorder, meter: createByteMeter() });
  return { clients, recorder };
}

describe('clients of the status benchmark', () => {
  it('count a gateway that takes no connection as failures, and go on asking', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    for (const reading of [
      { by: 'polling', everyMs: 20, conditional: true },
      { by: 'page-polling', everyMs: 20 },
    ] as const) {
      const { clients, recorder } = await clientsOf(reading, url);
      for (const client of clients.all) await client.start();
      await until(() => Object.values(recorder.outcome().failures).some((count) => count >= 2), {
        what: `two failures of ${reading.by}`,
      });
      for (const client of clients.all) await client.stop();
      await clients.close();
      expect(recorder.counts().questions).to.equal(0);
    }
  });

  it('that wait for an answer say at once that there is none to be had', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    for (const reading of [
      { by: 'long-poll' },
      { by: 'project-events' },
      { by: 'request-events' },
    ] as const) {
      const { clients } = await clientsOf(reading, url);
      const outcome = await clients.all[0]!.start().catch(String);
      expect(outcome, reading.by).to.match(/ECONNREFUSED/u);
      await clients.close();
    }
  });
});

describe('a client that looks from time to time', () => {
  it('leaves out the looks that a slow one covered, and keeps its instants', async () => {
    const everyMs = 40;
    const at: number[] = [];
    let answer: () => void = () => undefined;
    const client = createRegularClient({
      ...{ everyMs, seed: 1, index: 0, failed: (reason) => expect.fail(reason) },
      look: () => {
        at.push(performance.now());
        // The first is answered by the test, three intervals later.
        return at.length > 1 ? Promise.resolve() : new Promise((resolve) => (answer = resolve));
      },
    });
    await client.start();
    await until(() => at.length === 1, { what: 'the first look' });
    await until(() => performance.now() - at[0]! > 3.5 * everyMs, { what: 'three intervals and a half' });
    expect(at, 'one look at a time').to.have.length(1);
    answer();
    await until(() => at.length === 3, { what: 'the looks after it' });
    await client.stop();
    expect(at[1]! - at[0]!).to.be.greaterThan(3.5 * everyMs);
  });
});

describe('the meter of bytes', () => {
  it('counts what went over sockets, those that are closed included', async () => {
    const server = createServer((socket) => socket.end('four')).listen(0, '127.0.0.1');
    await until(() => server.listening, { what: 'the server' });
    const meter = createByteMeter();
    const socket = meter.watch(connect((server.address() as AddressInfo).port, '127.0.0.1'));
    socket.write('to');
    socket.resume();
    await until(() => socket.destroyed, { what: 'the end of the connection' });
    meter.add({ received: 10, sent: 1 });
    expect(meter.total()).to.deep.equal({ received: 14, sent: 3 });
    server.close();
  });
});
