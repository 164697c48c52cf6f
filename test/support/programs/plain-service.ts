// A service that knows nothing but STOMP: address of the broker, queue, mode. It answers each order with a number, and what is no JSON
// with a fault. `naive` gives a new number whenever it is asked, `idempotent` the same one for the same request, `fragile`
// ends when it cannot read a request.
import type { RawStomp, ReceivedFrame } from '../raw-stomp.js';
import { openRawStomp } from '../raw-stomp.js';

const [broker = '', queue = '', mode = 'naive'] = process.argv.slice(2);
const { port, hostname } = new URL(broker);
const known = new Map<string, number>();
let numbers = 0;

function numberOf(messageId: string): number {
  const before = mode === 'idempotent' ? known.get(messageId) : undefined;
  const number = before ?? (numbers += 1);
  known.set(messageId, number);
  return number;
}

/** Undefined for what is no JSON. */
function answerTo(messageId: string, text: string): object | undefined {
  try {
    JSON.parse(text);
    return { number: numberOf(messageId) };
  } catch (error) {
    if (mode === 'fragile') throw error;
    return undefined;
  }
}

async function reply(client: RawStomp, { headers, text }: ReceivedFrame): Promise<void> {
  const messageId = headers['Message-ID'] ?? '';
  const answer = answerTo(messageId, text);
  const address = { destination: headers['reply-to'] ?? '', 'correlation-id': messageId };
  const common = { ...address, persistent: 'true' };
  if (answer === undefined) {
    const fault = JSON.stringify({ code: 'NOT_JSON', message: 'an order is JSON' });
    await client.confirmed('SEND', { ...common, Fault: 'true' }, fault);
  } else {
    const id = { 'Message-ID': `${messageId}-${JSON.stringify(answer).replaceAll(/\D/gu, '')}` };
    await client.confirmed('SEND', { ...common, ...id }, JSON.stringify(answer));
  }
  await client.confirmed('ACK', { id: headers['ack'] ?? '' });
}

/** Until the connection is lost. */
async function serve(): Promise<void> {
  const client = await openRawStomp(Number(port), hostname);
  const lost = client.closed.then(() => undefined);
  await Promise.race([client.connect(), lost]);
  const subscription = { id: 's', destination: `/queue/${queue}`, ack: 'client-individual' };
  await Promise.race([client.confirmed('SUBSCRIBE', subscription), lost]);
  if (!client.isClosed()) console.log('serving');
  while (!client.isClosed()) {
    // A wait that was in vain is begun again.
    const request = await Promise.race([client.take('MESSAGE').catch(() => undefined), lost]);
    if (request !== undefined) await Promise.race([reply(client, request), lost]);
  }
}

process.on('unhandledRejection', (error) => {
  // What is still awaited of a connection that is gone.
  if (error instanceof SyntaxError) throw error;
});
for (;;) {
  await serve();
  console.log('connecting again');
}
