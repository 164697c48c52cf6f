/** What is under test, as a process of its own. */
import type { ServedGateway } from '../../test/support/served-gateway.js';
import { makeTemporaryFolder } from '../../test/support/temporary-folder.js';
import type { TestDatabase } from '../../test/support/test-database.js';
import { within } from '../../test/support/until.js';
import type { CalledProcess } from '../tools/called-process.js';
import { startCalledProcess } from '../tools/called-process.js';
import type { CallTable } from '../tools/calls.js';
import { cpuSeconds } from '../tools/cpu.js';
import { unlessAborted } from '../tools/interruption.js';
import type { Load, LoadOutcome } from './load/load.js';
import type { BridgeCalls } from './programs/bridge-calls.js';
import type { RequestorCalls } from './programs/requestor-calls.js';
import type { End, StartOptions } from './starting.js';
import { NotMeasurable, inOneLine } from './starting.js';
import type { System } from './system.js';
import type { StoreName, Way } from './ways.js';

/** Beyond the window of a load; callers wait for 30 s at most. */
const outcomeWithinMs = 60_000;

export interface Subject {
  readonly pid: number;
  readonly gatewayUrl: string | null;
  load(load: Load): Promise<LoadOutcome>;
  ended(): boolean;
}

interface Place {
  readonly brokerUrl: string;
  readonly name: string;
  readonly queue: string;
  readonly replyQueue: string;
  readonly database: TestDatabase | null;
  /** The one in which the broker is, where it is embedded. */
  readonly gateway: ServedGateway | null;
}

interface SubjectStart extends StartOptions {
  readonly place: Place;
  readonly ends: End[];
}

/** @throws NotMeasurable */
export async function startSubject(system: System, way: Way, start: SubjectStart): Promise<Subject> {
  const { subject } = way;
  switch (subject.is) {
    case 'gateway': {
      const { gateway } = start.place;
      if (gateway === null) throw new Error('no gateway was started');
      const { pid, url } = gateway;
      const target = { port: Number(new URL(url).port), path: `/requests/${start.place.queue}` };
      return {
        ...{ pid, gatewayUrl: url },
        load: (load) => inTime(system.generator.call('load')({ target, load }), load),
        ended: () => cpuSeconds(pid) === null,
      };
    }
    case 'echo':
      return startBridge(system, 'express-echo.ts', start);
    case 'naive-bridge':
      return startBridge(system, 'naive-bridge.ts', start);
    case 'bare-stomp':
      return startRequestor(system, way, { file: 'bare-stomp.ts', storeUrl: null, ...start });
    case 'library': {
      const storeUrl = await storeUrlOf(subject.store, start);
      return startRequestor(system, way, { file: 'library.ts', storeUrl, ...start });
    }
  }
}

async function storeUrlOf(store: StoreName | null, { place, ends }: SubjectStart): Promise<string | null> {
  if (store === null) return null;
  if (store === 'postgres') return place.database?.url ?? null;
  const folder = await makeTemporaryFolder();
  ends.push(() => folder.remove());
  return `sqlite:${folder.path}/library.db`;
}

async function startBridge(
  system: System,
  file: string,
  { place, ends, signal, subjectFlags = [] }: SubjectStart,
): Promise<Subject> {
  const bridge = await startProgram<BridgeCalls>(system, file, { ends, signal, subjectFlags });
  const { brokerUrl, replyQueue } = place;
  const { port } = await unlessAborted(bridge.call('start')({ brokerUrl, replyQueue }), signal);
  const target = { port, path: `/requests/${place.queue}` };
  return {
    ...{ pid: bridge.pid, gatewayUrl: null },
    load: (load) => inTime(system.generator.call('load')({ target, load }), load),
    ended: () => bridge.hasEnded(),
  };
}

async function startRequestor(
  system: System,
  { title }: Way,
  {
    file,
    storeUrl,
    place,
    ends,
    signal,
    subjectFlags = [],
  }: SubjectStart & { readonly file: string; readonly storeUrl: string | null },
): Promise<Subject> {
  const program = await startProgram<RequestorCalls>(system, file, { ends, signal, subjectFlags });
  const { brokerUrl, queue, replyQueue, name } = place;
  const { library } = system;
  const asked = program.call('start')({ brokerUrl, queue, replyQueue, prefix: name, storeUrl, library });
  const { unsupported } = await unlessAborted(asked, signal);
  if (unsupported !== null) throw new NotMeasurable(`Not measured: ${title}. ${inOneLine(unsupported)}`);
  return {
    ...{ pid: program.pid, gatewayUrl: null },
    load: (load) => inTime(program.call('load')(load), load),
    ended: () => program.hasEnded(),
  };
}

async function startProgram<Calls extends CallTable<Calls>>(
  { nodeFlags }: System,
  file: string,
  {
    ends,
    signal,
    subjectFlags,
  }: {
    readonly ends: End[];
    readonly signal: AbortSignal;
    readonly subjectFlags: readonly string[];
  },
): Promise<CalledProcess<Calls>> {
  const starting = startCalledProcess<Calls>(new URL(`programs/${file}`, import.meta.url), {
    ...{ what: file, nodeFlags: [...nodeFlags, ...subjectFlags] },
  });
  const program = await unlessAborted(starting, signal);
  ends.push(() => program.stop());
  return program;
}

function inTime(outcome: Promise<LoadOutcome>, { warmUpMs, windowMs }: Load): Promise<LoadOutcome> {
  return within(outcome, {
    what: 'the outcome of a load',
    withinMs: warmUpMs + windowMs + outcomeWithinMs,
  });
}
