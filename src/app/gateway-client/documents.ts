/** Documents of a gateway, as the commands fetch and print them. */
import type { CommandContext, Output } from '../command-context.js';
import { harmless, jsonLine, jsonPretty } from '../message-text.js';
import { readDocument } from './answer-text.js';
import type { GatewayCall } from './gateway-client.js';
import { createGatewayClient, errorOf } from './gateway-client.js';
import type { HttpAnswer } from './http-call.js';

/** How documents are printed. */
export type DocumentForm = 'table' | 'json';

export interface CommonOptions {
  /** Address of the gateway, before REPLYTO_URL. */
  readonly url?: string | undefined;
}

/** @throws the error of the answer, when it is one */
export async function fetchAnswer(
  { environment }: CommandContext,
  { url }: CommonOptions,
  call: GatewayCall,
): Promise<HttpAnswer> {
  const answer = await createGatewayClient(environment, url).call(call);
  const error = errorOf(answer);
  if (error !== undefined) throw error;
  return answer;
}

export async function printDocument(
  { stdout }: CommandContext,
  answer: HttpAnswer,
  form: DocumentForm,
): Promise<void> {
  const document = readDocument(answer);
  await stdout.write(form === 'json' ? jsonPretty(document) : fieldsText(document));
}

/** People read a table, programs a line of JSON for each document; unless the option says otherwise. */
export function formFor(output: Output, given: DocumentForm | undefined): DocumentForm {
  return given ?? (output.isTerminal ? 'table' : 'json');
}

/** A line of JSON for each. */
export async function printLines(output: Output, documents: readonly unknown[]): Promise<void> {
  if (documents.length > 0) await output.write(documents.map(jsonLine).join(''));
}

/** One member a line; what is null is left out. */
export function fieldsText(document: Readonly<Record<string, unknown>>): string {
  const rows = Object.entries(document).filter(([name, value]) => value !== null && name !== 'links');
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${shown(value)}\n`).join('');
}

function shown(value: unknown): string {
  return harmless(typeof value === 'string' ? value : JSON.stringify(value));
}

/** Columns as wide as their cells; nothing without rows. */
export function columnsText(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const cells = [heads, ...rows.map((row) => row.map(oneLine))];
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const isLast = (column: number): boolean => column === heads.length - 1;
  return cells
    .map((row) =>
      row.map((cell, column) => (isLast(column) ? cell : cell.padEnd(widths[column] ?? 0))).join('  '),
    )
    .map((line) => `${line}\n`)
    .join('');
}

function oneLine(text: string): string {
  return harmless(text.replaceAll(/[\t\r\n]+/gu, ' '));
}
