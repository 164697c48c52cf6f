import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stepOf } from '../schedule.js';
import type { Client, ClientContext, Clients } from './client.js';
import { wordsOf } from '../../tools/words.js';

/** Has an HTTP server of its own, to which the publisher posts each event. */
export async function createCallbackClients({
  measurement,
  recorder,
  meter,
}: ClientContext): Promise<Clients> {
  const opened = await Promise.all(
    measurement.subjects.map(async (_, index) => {
      const place = createPlace((request) => take(request, index));
      return { ...place, address: await place.listen() };
    }),
  );

  function createPlace(onCall: (request: IncomingMessage) => Promise<void>): Place {
    let port = 0;
    let server: Server | undefined;
    async function listen(): Promise<string> {
      const opening = createServer((request, response) => {
        onCall(request).then(
          () => response.writeHead(204).end(),
          (error: unknown) => {
            recorder.failed(wordsOf(error));
            response.writeHead(500).end();
          },
        );
      });
      opening.on('connection', (socket) => void meter.watch(socket));
      // A publisher keeps its connection between two events of a task.
      opening.keepAliveTimeout = 60_000;
      await new Promise<void>((resolve, reject) => {
        opening.once('error', reject).listen(port, '127.0.0.1', resolve);
      });
      ({ port } = opening.address() as AddressInfo);
      server = opening;
      return `http://127.0.0.1:${port}/`;
    }
    return {
      listen,
      async end() {
        const ending = server;
        server = undefined;
        if (ending === undefined) return;
        await new Promise((resolve) => {
          ending.close(resolve);
          ending.closeAllConnections();
        });
      },
      isListening: () => server !== undefined,
    };
  }

  async function take(request: IncomingMessage, index: number): Promise<void> {
    request.setEncoding('utf8');
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { text } = JSON.parse(body) as { text: string };
    recorder.asked(!recorder.learned(index, stepOf(text)));
  }

  return {
    all: opened.map(({ listen, end, isListening }): Client => {
      return {
        start: async () => {
          if (!isListening()) await listen();
        },
        stop: end,
      };
    }),
    addresses: opened.map(({ address }) => address),
    close: () => Promise.resolve(),
  };
}

interface Place {
  /** On the same port again after `end`; resolves with its address. */
  readonly listen: () => Promise<string>;
  readonly end: () => Promise<void>;
  readonly isListening: () => boolean;
}
