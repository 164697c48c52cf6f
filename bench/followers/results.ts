/** What a run leaves: the JSON file from which the page is made. */
import type { Delays } from '../tools/delays.js';
import type { Machine } from '../tools/machine.js';
import type { Plan } from './plan.js';

export interface IdleResult {
  readonly streams: number;
  /** Of them, those that were still there at the end. */
  readonly held: number;
  readonly openedInMs: number;
  /** Of the gateway, MiB: before, and with them. */
  readonly memoryBefore: number;
  readonly memoryWith: number;
  readonly livezBefore: Delays;
  readonly livezWith: Delays;
  /** Seconds of the gateway in a window of so many seconds, without and with them. */
  readonly seconds: number;
  readonly cpuBefore: number | null;
  readonly cpuWith: number | null;
}

export interface ActiveResult {
  readonly streams: number;
  readonly rate: number;
  readonly seconds: number;
  readonly events: number;
  /** Of them, those that the gateway did not take. */
  readonly refused: number;
  readonly expected: number;
  readonly heard: number;
  /** From the planned instant of the event, of one stream in a hundred. */
  readonly delays: Delays;
  /** CPU seconds while events came: of the gateway, and of the process that sends and hears. */
  readonly cpuGateway: number | null;
  readonly cpuClients: number | null;
  readonly memoryWith: number;
}

export interface AcceptingResult {
  readonly requests: number;
  /** Per second, one figure per round. */
  readonly plain: readonly number[];
  readonly project: readonly number[];
}

export interface SettlingResult {
  readonly project: boolean;
  /** While status events of somebody else come in as fast as the broker takes them. */
  readonly flooded: boolean;
  readonly seconds: number;
  /** From the call to its reply. */
  readonly calls: Delays;
  /** Calls without a reply. */
  readonly failed: number;
  /** Status events that were numbered meanwhile. */
  readonly numbered: number;
}

export const format = 1;

export interface Results {
  readonly format: typeof format;
  readonly plan: Plan;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly tookMs: number;
  readonly machine: Machine;
  readonly openFiles: number | null;
  readonly parts: Readonly<Record<string, string>>;
  readonly accepting: AcceptingResult;
  readonly settling: readonly SettlingResult[];
  readonly active: ActiveResult;
  readonly idle: IdleResult;
}
