/** `replyto deliveries`: where the reply of a request goes besides its caller. */
import type { CommandContext } from '../command-context.js';
import { jsonLine } from '../message-text.js';
import { readDocument } from './answer-text.js';
import type { CommonOptions, DocumentForm } from './documents.js';
import { columnsText, fetchAnswer, fieldsText, formFor, printLines } from './documents.js';
import { refuseEmpty } from './gateway-client.js';

export interface DeliveriesOptions extends CommonOptions {
  /** Default: a table on a terminal, else a line of JSON for each. */
  readonly output?: DocumentForm | undefined;
  /** Another queue for the reply. */
  readonly to?: string | undefined;
  /** Which reply goes there; default the answer. */
  readonly reply?: number | undefined;
}

/**
 * Lists deliveries, or adds one.
 *
 * @throws REQUEST_NOT_FOUND, NOT_PERMITTED, DESTINATION_NOT_ALLOWED, REQUEST_CANCELLED, NO_REPLY_ADDRESS,
 *   TOO_MANY_DELIVERIES, INVALID_REQUEST, GATEWAY_UNAVAILABLE
 */
export async function showDeliveries(
  context: CommandContext,
  requestId: string,
  options: DeliveriesOptions,
): Promise<number> {
  const { stdout, stderr } = context;
  refuseEmpty('request', requestId);
  const path = `/requests/${encodeURIComponent(requestId)}/deliveries`;
  const isTable = formFor(stdout, options.output) === 'table';
  if (options.to !== undefined) {
    const answer = await fetchAnswer(context, options, {
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify({ to: options.to, n: options.reply })),
    });
    const document = readDocument(answer);
    await stdout.write(isTable ? fieldsText(document) : jsonLine(document));
    return 0;
  }
  const answer = await fetchAnswer(context, options, { method: 'GET', path });
  const { deliveries = [] } = readDocument(answer) as { readonly deliveries?: readonly Row[] };
  if (isTable) await stdout.write(tableText(deliveries));
  else await printLines(stdout, deliveries);
  if (deliveries.length === 0) await stderr.write('no deliveries\n');
  return 0;
}

interface Row {
  readonly to: string;
  readonly state: string;
  readonly reply: number | null;
  readonly attempts: number;
  readonly lastError: string | null;
}

function tableText(deliveries: readonly Row[]): string {
  return columnsText(
    ['STATE', 'REPLY', 'ATTEMPTS', 'TO', 'LAST ERROR'],
    deliveries.map(({ to, state, reply, attempts, lastError }) => [
      state,
      reply === null ? '-' : String(reply),
      String(attempts),
      to,
      lastError ?? '-',
    ]),
  );
}
