import { parseBrokerUrl } from '#adapters/stomp/broker-url.js';
import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import { refuseProblems } from '#core/refuse-problems.js';
import {
  durationRange,
  hasMethods,
  isObject,
  nameProblems,
  numberProblem,
  problemsOf,
  textProblem,
  toOptions,
} from '#app/library/option-checks.js';
import { valueInWords } from '#schema/problems.js';
import type { Fault } from './fault.js';
import { choiceProblems } from './frame-match.js';

export interface FaultyNetworkOptions {
  /**
   * Address of the broker: `stomp://host:port`. With `stomps://`, `ws://` and `wss://` bytes are passed on, and can be cut
   * and held back; frames cannot be told apart there.
   */
  readonly broker: string;
  /** Where it listens; default 127.0.0.1. */
  readonly host?: string;
  /** Default 0, any free port. */
  readonly port?: number;
  /** Of everything that is left to chance, a whole number from 0 to 4294967295; default drawn, see {@link FaultyNetwork.seed}. */
  readonly seed?: number;
  /** For delays; default the machine's. */
  readonly clock?: Clock;
}

const optionNames = Object.keys({
  broker: true,
  host: true,
  port: true,
  seed: true,
  clock: true,
} satisfies Record<keyof FaultyNetworkOptions, true>);

/** @throws INVALID_ARGUMENT naming every option that is wrong */
export function refuseBadNetworkOptions(options: FaultyNetworkOptions): void {
  const { broker, host, port, seed, clock } = toOptions(options);
  refuseProblems([
    ...nameProblems(options, optionNames),
    textProblem('broker', broker, addressProblem),
    host === undefined ? undefined : textProblem('host', host, () => undefined),
    numberProblem('port', port, { min: 0, max: 65_535 }),
    seedProblem(seed),
    clockProblem(clock),
  ]);
}

export function seedProblem(seed: unknown): Problem | undefined {
  return numberProblem('seed', seed, { min: 0, max: 2 ** 32 - 1 });
}

function clockProblem(clock: unknown): Problem | undefined {
  if (clock === undefined || hasMethods(clock, ['now', 'monotonic', 'after'])) return undefined;
  return toProblem('clock', undefined, 'what `createManualClock()` gives');
}

function addressProblem(field: string, url: string): Problem | undefined {
  const [problem] = problemsOf(() => parseBrokerUrl(url));
  if (problem !== undefined) return { ...problem, field };
  const { endpoints } = parseBrokerUrl(url);
  return endpoints.length === 1 ? undefined : toProblem(field, undefined, 'the address of one broker');
}

/** Where a network leads to. */
export interface NetworkTarget {
  readonly host: string;
  readonly port: number;
  /** Whether frames of STOMP can be read there. */
  readonly isStomp: boolean;
  /** The same address at another place. */
  readonly urlAt: (host: string, port: number) => string;
}

export function toTarget(broker: string): NetworkTarget {
  const [endpoint] = parseBrokerUrl(broker).endpoints;
  if (endpoint === undefined) throw new Error('an address without an endpoint');
  return {
    host: endpoint.host,
    port: endpoint.port,
    isStomp: endpoint.transport === 'tcp' && !endpoint.tls,
    urlAt(host, port) {
      const single = /^failover:\(?([^()?]*)\)?/u.exec(broker.trim())?.[1] ?? broker;
      const url = new URL(single.trim());
      // Who listens everywhere is reached here.
      const reached = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
      url.hostname = reached.includes(':') ? `[${reached}]` : reached;
      url.port = String(port);
      return url.href;
    },
  };
}

/** @throws INVALID_ARGUMENT */
export function refuseRulesOnBytes({ isStomp }: NetworkTarget): void {
  if (isStomp) return;
  const allowed = 'a network to a broker at stomp://; elsewhere frames cannot be told from each other';
  refuseProblems([toProblem('frames', undefined, allowed)]);
}

/** @throws INVALID_ARGUMENT naming everything that is wrong */
export function refuseBadRule(fault: Fault, frames: unknown): void {
  refuseProblems([...choiceProblems(frames), ...faultProblems(fault)]);
}

/** Programs without types call too. */
function faultProblems(fault: Fault): (Problem | undefined)[] {
  switch (fault.kind) {
    case 'watch':
    case 'hold':
      return [];
    case 'drop':
      return [
        typeof fault.isConfirmed === 'boolean'
          ? undefined
          : toProblem('confirmed', valueInWords(fault.isConfirmed), 'true or false'),
      ];
    case 'duplicate':
      return [
        numberProblem('copies', fault.copies, { min: 1, max: 1_000 }),
        numberProblem('afterMs', fault.afterMs, { ...durationRange, min: 0 }),
      ];
    case 'delay':
      return delayProblems(fault.leastMs, fault.mostMs);
    case 'swap':
      return [numberProblem('withinMs', fault.withinMs, durationRange)];
    case 'alter':
      return [changeProblem(fault.change)];
    case 'cut':
      return [
        ['before', 'middle', 'after'].includes(fault.at)
          ? undefined
          : toProblem('at', valueInWords(fault.at), "'before', 'middle' or 'after'"),
      ];
  }
}

function delayProblems(leastMs: unknown, mostMs: unknown): (Problem | undefined)[] {
  const range = { ...durationRange, min: 0 };
  const isSpan = typeof leastMs === 'number' && typeof mostMs === 'number' && leastMs <= mostMs;
  // Absent would be fine for an option, and is not for a delay.
  return [
    numberProblem('ms', leastMs ?? Number.NaN, range),
    mostMs === leastMs ? undefined : numberProblem('ms', mostMs ?? Number.NaN, range),
    isSpan || leastMs === mostMs
      ? undefined
      : toProblem('ms', valueInWords([leastMs, mostMs]), 'the lesser number first'),
  ];
}

function changeProblem(change: unknown): Problem | undefined {
  if (typeof change === 'function') return undefined;
  const allowed = 'a function, or an object with headers and a body: texts, the body also bytes';
  if (!isObject(change)) return toProblem('change', valueInWords(change), allowed);
  const { headers = {}, body } = change;
  const areHeaders =
    isObject(headers) &&
    Object.values(headers).every((value) => value === undefined || typeof value === 'string');
  const isBody = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
  const [unknown] = nameProblems(change, ['headers', 'body'], 'change.');
  return unknown ?? (areHeaders && isBody ? undefined : toProblem('change', valueInWords(change), allowed));
}
