/**
 * The process of the clients: it holds all clients of a measurement and tells what they learned and when. The program
 * that started it says what to do, one call after the other, over the channel between the two.
 */
import { encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { createByteMeter } from '../tools/byte-meter.js';
import type { ByteMeter } from '../tools/byte-meter.js';
import { createClients } from './clients/create-clients.js';
import type { Client, Clients, Measurement } from './clients/client.js';
import { answerCalls } from '../tools/calls.js';
import { untilUs } from '../tools/clock.js';
import type { ClientOutcome, Calls } from './generator-calls.js';
import { createRecorder } from './recorder.js';
import type { Recorder } from './recorder.js';

interface Running {
  readonly measurement: Measurement;
  readonly recorder: Recorder;
  readonly meter: ByteMeter;
  readonly clients: Clients;
  isClosed: boolean;
}

const running = new Map<string, Running>();

const calls: Calls = {
  async open(measurement) {
    const recorder = createRecorder(measurement.schedule);
    const meter = createByteMeter();
    const clients = await createClients({ measurement, recorder, meter });
    const entry: Running = { measurement, recorder, meter, clients, isClosed: false };
    running.set(measurement.id, entry);
    await inTurns(clients.all, async (client) => {
      if (!entry.isClosed) await client.start();
      // Closed meanwhile, because it took too long.
      if (entry.isClosed) await client.stop();
    });
    return { addresses: clients.addresses };
  },

  async measure({ id, startsAt, giveUpMs }) {
    const { measurement, recorder, meter, clients } = find(id);
    const { windowMs, away } = measurement;
    recorder.begin(startsAt);
    await untilUs(startsAt);
    const before = { bytes: meter.total(), ...recorder.counts() };
    if (away !== null) {
      await untilUs(startsAt + away.leaveAtMs * 1_000);
      await Promise.all(clients.all.map((client) => client.stop()));
      await untilUs(startsAt + away.backAtMs * 1_000);
      await Promise.all(clients.all.map((client) => client.start()));
    }
    await untilUs(startsAt + windowMs * 1_000);
    const after = { bytes: meter.total(), ...recorder.counts() };
    if (clients.all.length > 0) {
      await Promise.race([recorder.completed, untilUs(startsAt + (windowMs + giveUpMs) * 1_000)]);
    }
    const { delays, ...outcome } = recorder.outcome();
    return {
      ...outcome,
      delays: encodeIntoCompressedBase64(delays),
      questions: after.questions - before.questions,
      wasted: after.wasted - before.wasted,
      bytesReceived: after.bytes.received - before.bytes.received,
      bytesSent: after.bytes.sent - before.bytes.sent,
    } satisfies ClientOutcome;
  },

  async close({ id }) {
    const entry = running.get(id);
    if (entry === undefined) return null;
    const { clients } = entry;
    entry.isClosed = true;
    running.delete(id);
    await inTurns(clients.all, (client) => client.stop());
    await clients.close();
    return null;
  },
};

function find(id: string): Running {
  const found = running.get(id);
  if (found === undefined) throw new Error(`no measurement ${id} is open`);
  return found;
}

/** So many at once, as more would measure how fast a crowd connects. */
const atOnce = 25;

async function inTurns(clients: readonly Client[], act: (client: Client) => Promise<void>): Promise<void> {
  for (let start = 0; start < clients.length; start += atOnce) {
    await Promise.all(clients.slice(start, start + atOnce).map(act));
  }
}

answerCalls(calls);
