import { Client as Connection, buildConnector } from 'undici';
import type { Dispatcher } from 'undici';
import type { ByteMeter } from '../../tools/byte-meter.js';

const connectTcp = buildConnector({});

/** One kept-alive connection of one client, whose bytes are counted. */
export function openHttpConnection(origin: string, meter: ByteMeter): Connection {
  return new Connection(origin, {
    // A long poll and a stream are silent for as long as their task is.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect(options, callback) {
      connectTcp(options, (...outcome) => {
        // A failure comes alone, whatever the types say of a second null.
        if (outcome[0] === null) meter.watch(outcome[1]);
        callback(...outcome);
      });
    },
  });
}

export interface HttpCall {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export function get(connection: Connection, call: HttpCall): Promise<Dispatcher.ResponseData> {
  return connection.request({ method: 'GET', ...call });
}
