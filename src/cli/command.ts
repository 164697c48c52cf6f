import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { CommandContext } from '#app/command-context.js';
import { longestList } from '#core/request.js';
import type { StatusEventKind } from '#core/status-event.js';
import { statusEventKinds } from '#core/status-event.js';

/** Runs what a command does and keeps its exit code. Errors are told and give theirs. */
export type Run = (work: (context: CommandContext) => Promise<number>) => Promise<void>;

/** What each file of a command exports: adds arguments, options, help and action to its command. */
export type Configure = (command: Command, run: Run) => void;

/** `--wait 30`. */
export function toSeconds(text: string): number {
  return toWhole(text, { min: 0, max: 315_360_000, unit: 'whole seconds' });
}

/** `--count 3`. */
export function toCount(text: string): number {
  return toWhole(text, { min: 1, max: 1_000_000_000, unit: 'a whole number' });
}

/** `--limit 50`. */
export function toListLength(text: string): number {
  return toWhole(text, { min: 1, max: longestList, unit: 'a whole number' });
}

/** `--priority 9`. */
export function toPriority(text: string): number {
  return toWhole(text, { min: 0, max: 9, unit: 'a whole number' });
}

/** `--after 17`. */
export function toEventNumber(text: string): number {
  return toWhole(text, { min: 0, max: 999_999_999_999_999, unit: 'a whole number' });
}

/** `--percent 12.5`. */
export function toPercent(text: string): number {
  const value = /^\d{1,3}(?:\.\d{1,9})?$/u.test(text) ? Number(text) : Number.NaN;
  if (value >= 0 && value <= 100) return value;
  throw new InvalidArgumentError('Give a number from 0 to 100.');
}

/** `--kind failure`, several times, or `--kind success,failure`. */
export function toEventKinds(
  text: string,
  before: readonly StatusEventKind[] = [],
): readonly StatusEventKind[] {
  const kinds = text.split(',').map((name) => statusEventKinds.find((kind) => kind === name.trim()));
  const known = kinds.filter((kind) => kind !== undefined);
  if (known.length === kinds.length) return [...before, ...known];
  throw new InvalidArgumentError(`Allowed choices are ${statusEventKinds.join(', ')}.`);
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly unit: string;
}

function toWhole(text: string, { min, max, unit }: Bounds): number {
  const value = /^\d{1,15}$/u.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new InvalidArgumentError(`Give ${unit} from ${min} to ${max}.`);
}

/** For options that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Examples below the options of a help text. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

export const gatewayNote = `
The gateway is the one of --url, else of REPLYTO_URL, else http://127.0.0.1:8080. REPLYTO_TOKEN, or the
content of REPLYTO_TOKEN_FILE, is sent as bearer token. Over https, REPLYTO_CA_FILE names the authorities to trust,
REPLYTO_CERT_FILE and REPLYTO_KEY_FILE the certificate to show.`;

export const brokerNote = `
The broker is the one of --broker-url, else of BROKER_URL, else stomp://127.0.0.1:61613: the embedded broker of a
gateway on this machine. A login stands in the URL, or in BROKER_LOGIN and BROKER_PASSCODE (or BROKER_PASSCODE_FILE),
the virtual host of RabbitMQ in the path of the URL or in BROKER_VIRTUAL_HOST.`;
