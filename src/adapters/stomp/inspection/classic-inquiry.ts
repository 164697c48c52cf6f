/**
 * ActiveMQ Classic tells of a queue without any plugin: a browser is sent copies of its messages, and whoever subscribes to
 * the advisories of its consumers gets one for each that is there, with their number. Where the statistics plugin is on, that
 * counts what is too much to browse (https://activemq.apache.org/components/classic/documentation/statisticsplugin).
 */
import { createDeferred } from '#core/deferred.js';
import { toReplytoError } from '#core/errors.js';
import type { IncomingFrame } from '../incoming-frame.js';
import type { AskedConnection, Inquiry, Question, Tell } from './inquiry.js';

/** Copies that a browser is sent; the broker sends no more before they are acknowledged, which they never are. */
const mostBrowsed = 50;
/** Behind so many bytes of them nobody looks any further. */
const enoughBytes = 1024 * 1024;

export const classicInquiry: Inquiry = {
  async ask(connection, question, tell) {
    const [found, counted] = await Promise.all([look(connection, question), count(connection, question)]);
    tell({
      ...{ depth: counted.depth, isAtLeast: !counted.isAll },
      // It is not there when all were seen and it was not among them.
      message: found ? 'there' : counted.isAll ? 'gone' : null,
    });
    // Both browsers stay as long as the connection: they count among the consumers, and prove that advisories come.
    await askConsumers(connection, question, tell, 2);
    if (counted.isAll) return;
    // The last question: a broker that cannot write its answer ends the connection.
    const copies = counted.depth + Number(found);
    const { size, inflightCount } = await askStatistics(connection, question);
    tell({ depth: size, isAtLeast: false, inFlight: Math.max(0, inflightCount - copies) });
  },
};

/** Whether the message itself is still in the queue, or with a consumer that has not acknowledged it. */
function look(connection: AskedConnection, { queue, messageId }: Question): Promise<boolean> {
  const selector = `JMSCorrelationID = '${messageId.replaceAll("'", "''")}'`;
  return browse(connection, queue, { selector }, ({ isEnd }) =>
    isEnd ? { result: false } : { result: true },
  );
}

interface Counted {
  readonly depth: number;
  readonly isAll: boolean;
}

function count(connection: AskedConnection, { queue }: Question): Promise<Counted> {
  let depth = 0;
  let bytes = 0;
  return browse<Counted>(
    connection,
    queue,
    { 'activemq.prefetchSize': String(mostBrowsed) },
    ({ isEnd, body }) => {
      if (isEnd) return { result: { depth, isAll: true } };
      depth += 1;
      bytes += body.byteLength;
      const isEnough = depth >= mostBrowsed || bytes >= enoughBytes;
      return isEnough ? { result: { depth, isAll: false } } : undefined;
    },
  );
}

type Seen = Pick<IncomingFrame, 'body'> & { readonly isEnd: boolean };

/** Until `see` has a result. A browser takes nothing; the last message that it is sent says so. */
async function browse<T>(
  connection: AskedConnection,
  queue: string,
  headers: Readonly<Record<string, string>>,
  see: (seen: Seen) => { readonly result: T } | undefined,
): Promise<T> {
  const done = createDeferred<T>();
  await connection.subscribe(
    `/queue/${queue}`,
    { mode: 'client-individual', headers: { browser: 'true', ...headers } },
    (frame) => {
      const seen = see({ body: frame.body, isEnd: frame.headers['browser'] === 'end' });
      if (seen !== undefined) done.resolve(seen.result);
    },
  );
  return done.promise;
}

async function askConsumers(
  connection: AskedConnection,
  { queue }: Question,
  tell: Tell,
  browsers: number,
): Promise<void> {
  const unknown = 'the broker does not tell who consumes the queue';
  tell({ unknown: `${unknown}: its advisories are off, or late` });
  const known = createDeferred<undefined>();
  try {
    await connection.subscribe(
      `/topic/ActiveMQ.Advisory.Consumer.Queue.${queue}`,
      // A name that means nothing: without one the broker needs classes that it need not have.
      { mode: 'auto', headers: { transformation: 'none' } },
      ({ headers }) => {
        const consumers = Number(headers['consumerCount'] ?? Number.NaN) - browsers;
        if (!(consumers >= 0)) return;
        tell({ consumers, unknown: null });
        known.resolve(undefined);
      },
    );
  } catch (error) {
    tell({ unknown: `${unknown}: ${toReplytoError(error).message}` });
    return;
  }
  await known.promise;
}

/** A topic that is always the same: without the plugin it is there from then on, and keeps nothing. */
const aboutBroker = '/topic/ActiveMQ.Statistics.Broker';

interface Statistics {
  readonly size: number;
  /** Copies that browsers were sent among them. */
  readonly inflightCount: number;
}

/** Without the plugin, or without what it needs to write JSON, no answer comes: the time is over then. */
async function askStatistics(connection: AskedConnection, { queue, name }: Question): Promise<Statistics> {
  const replyTo = `/temp-queue/${name}`;
  const known = createDeferred<Statistics>();
  let isAsked = false;
  const send = (address: string): Promise<void> =>
    connection.send({
      ...{ address, headers: { 'reply-to': replyTo, persistent: 'true' } },
      ...{ body: new Uint8Array(), asText: true },
    });
  await connection.subscribe(
    replyTo,
    { mode: 'auto', headers: { transformation: 'jms-map-json' } },
    ({ body }) => {
      if (!isAsked) {
        isAsked = true;
        send(`/topic/ActiveMQ.Statistics.Destination.queue://${queue}`).catch((error: unknown) =>
          known.reject(error),
        );
        return;
      }
      const [size, inflightCount] = [statisticOf(body, 'size'), statisticOf(body, 'inflightCount')];
      if (size !== undefined && inflightCount !== undefined) known.resolve({ size, inflightCount });
    },
  );
  await Promise.race([send(aboutBroker), known.promise]);
  return known.promise;
}

/** Of `{"map":{"entry":[{"string":"size","long":3}, …]}}`. */
function statisticOf(body: Uint8Array, name: string): number | undefined {
  const text = Buffer.from(body).toString('utf8');
  const found = new RegExp(`\\{"string":"${name}","(?:long|int)":(\\d{1,15})\\}`, 'u').exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}
