/**
 * ActiveMQ Artemis answers messages to its management address, where the login may `manage` it
 * (https://artemis.apache.org/components/artemis/documentation/latest/management.html).
 */
import { createDeferred } from '#core/deferred.js';
import type { Deferred } from '#core/deferred.js';
import type { AskedConnection, Inquiry, Question } from './inquiry.js';

/** Unless it was configured otherwise; a message to an address that is none is nobody's. */
const management = 'activemq.management';
/** To find one among more than these the broker would have to look for long. */
const mostLookedThrough = 10_000;

type Query = (
  headers: Readonly<Record<string, string>>,
  parameters?: readonly string[],
) => Promise<number | null>;

export const artemisInquiry: Inquiry = {
  async ask(connection, question, tell) {
    const query = await openQuery(connection, question);
    const attribute = (name: string): Promise<number | null> => query({ _AMQ_Attribute: name });
    const [depth, inFlight, consumers] = await Promise.all([
      attribute('messageCount'),
      attribute('deliveringCount'),
      attribute('consumerCount'),
    ]);
    const unknown = depth === null ? 'the broker knows no queue of that name' : null;
    tell({ depth, inFlight, consumers, unknown });
    if (depth === null || depth > mostLookedThrough) return;
    const filter = [`JMSCorrelationID = '${question.messageId.replaceAll("'", "''")}'`];
    const [waiting, held] = await Promise.all([
      query({ _AMQ_OperationName: 'countMessages' }, filter),
      query({ _AMQ_OperationName: 'countDeliveringMessages' }, filter),
    ]);
    if (waiting === null || held === null) return;
    tell({ message: held > 0 ? 'held' : waiting > 0 ? 'waiting' : 'gone' });
  },
};

/** Answers come to an address of this one look, which goes with it. */
async function openQuery(connection: AskedConnection, { queue, name }: Question): Promise<Query> {
  const awaited = new Map<string, Deferred<number | null>>();
  let asked = 0;
  await connection.subscribe(
    name,
    { mode: 'auto', headers: { 'subscription-type': 'MULTICAST' } },
    ({ headers, body }) => {
      const isDone = headers['_AMQ_OperationSucceeded'] === 'true';
      awaited.get(headers['correlation-id'] ?? '')?.resolve(isDone ? numberOf(body) : null);
    },
  );
  return async (headers, parameters) => {
    const id = `${name}-${(asked += 1)}`;
    const answer = createDeferred<number | null>();
    awaited.set(id, answer);
    await connection.send({
      address: management,
      headers: {
        ...headers,
        _AMQ_ResourceName: `queue.${queue}`,
        'reply-to': name,
        'correlation-id': id,
      },
      body: Buffer.from(parameters === undefined ? '' : JSON.stringify(parameters)),
      asText: true,
    });
    return answer.promise;
  };
}

/** Of `[3]`. */
function numberOf(body: Uint8Array): number | null {
  const found = /^\[(\d{1,15})\]$/u.exec(Buffer.from(body).toString('utf8'))?.[1];
  return found === undefined ? null : Number(found);
}
