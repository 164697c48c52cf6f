import { expect } from 'chai';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { EventsEndpoint } from '#adapters/stomp-events/events-endpoint.js';
import { createEventsEndpoint } from '#adapters/stomp-events/events-endpoint.js';
import { systemClock } from '#app/system-clock.js';
import type { EventFeeds, FeedQuery } from '#core/ports/event-feeds.js';
import { silentLogger } from '#core/ports/logger.js';
import type { SequencedEvent } from '#core/status-event.js';
import { happens } from '../../../support/happens.js';
import type { RawStomp } from '../../../support/raw-stomp.js';
import { openRawStompWebSocket } from '../../../support/raw-stomp.js';
import { until, within } from '../../../support/until.js';

describe('an endpoint of events', () => {
  let endpoint: EventsEndpoint;
  let server: Server;
  let queries: FeedQuery[];
  let closes: number;
  /** What a source does when there is room again. */
  let onResume: () => void;
  const clients: RawStomp[] = [];

  beforeEach(async () => {
    queries = [];
    closes = 0;
    onResume = () => undefined;
    endpoint = createEventsEndpoint({
      ...{ clock: systemClock, logger: silentLogger, version: '1.2.3', isStopping: () => false },
      limits: { connectDeadlineMs: 300, frameStallMs: 300, outputStallMs: 1_000, closeMs: 500 },
    });
    const follow: EventFeeds['ofProject'] = (_name, query) => {
      queries.push(query);
      return Promise.resolve({ resume: () => onResume(), close: () => (closes += 1) });
    };
    const sockets = new WebSocketServer({ noServer: true, autoPong: false });
    server = createServer().on('upgrade', (request, socket, head) => {
      sockets.handleUpgrade(request, socket, head, (webSocket) =>
        endpoint.acceptWebSocket(webSocket, socket, { ofProject: follow, ofRequest: follow }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await endpoint.stop(1_000);
    await new Promise((resolve) => server.close(resolve));
  });

  async function open(): Promise<RawStomp> {
    const { port } = server.address() as AddressInfo;
    const client = await openRawStompWebSocket(`ws://127.0.0.1:${port}`);
    clients.push(client);
    return client;
  }

  async function follower(headers: Record<string, string> = {}): Promise<RawStomp> {
    const client = await open();
    await client.connect(headers);
    await client.confirmed('SUBSCRIBE', { id: 's', destination: '/topic/status.a' });
    return client;
  }

  const large = (sequence: number): SequencedEvent => ({
    ...{ id: `e-${sequence}`, project: 'a', subject: 's', kind: 'log', time: 1, sequence },
    text: 'x'.repeat(60_000),
  });

  it('says what it is, in both versions', async () => {
    const [newer, older] = [await open(), await open()];
    expect((await newer.connect()).headers).to.include({ version: '1.2', server: 'replyto-events/1.2.3' });
    expect((await older.connect({ 'accept-version': '1.1' })).headers['version']).to.equal('1.1');
    await older.confirmed('SUBSCRIBE', { id: 's', destination: '/topic/status.a' });
    queries[0]!.sink.deliver([{ ...large(1), subject: 'a:b' }]);
    expect((await older.take('MESSAGE')).headers['subject']).to.equal('a:b');
  });

  happens(
    'WebSocket',
    'a follower that takes no bytes any more',
    'it is given nothing more, and after a second here (30 s by default) its connection is ended; its place is free',
    async () => {
      const client = await follower();
      client.pause();
      const most = 1_000;
      let given = 0;
      // As a hub that has no end of events: goes on while there is room.
      onResume = () => {
        while (given < most && queries[0]!.sink.deliver([large((given += 1))]));
      };
      onResume();
      await until(() => endpoint.connections === 0, { what: 'the end of the connection' });
      expect(closes).to.equal(1);
      // What the system takes for a client that does not read: a few megabytes.
      expect(given).to.be.within(5, most - 1);
    },
  );

  happens(
    'WebSocket',
    'a client that never says CONNECT, or half a frame',
    'ERROR after 300 ms here (10 s and 30 s by default), closed',
    async () => {
      const silent = await open();
      expect((await silent.take('ERROR')).headers['message']).to.equal('no CONNECT in time');
      await silent.closed;
      const half = await follower();
      half.write('SUBSCRIBE\nid:t\ndest');
      expect((await half.take('ERROR')).headers['message']).to.equal('half a frame');
      await half.closed;
    },
  );

  happens(
    'WebSocket',
    'a client that promised heart-beats and falls silent',
    'ERROR after two intervals, closed; one that promised none stays',
    async () => {
      const quiet = await follower();
      const broken = await follower({ 'heart-beat': '500,500' });
      expect((await broken.take('ERROR')).headers['message']).to.equal('heart-beats stopped');
      await broken.closed;
      expect(broken.beats).to.be.above(0);
      expect(quiet.isClosed()).to.equal(false);
    },
  );

  it('stops in time, also with a client that does not answer the close, and serves nobody then', async () => {
    const deaf = await follower();
    deaf.pause();
    await within(endpoint.stop(300), { what: 'the stop', withinMs: 1_000 });
    expect([endpoint.connections, closes]).to.deep.equal([0, 1]);
    const late = await open();
    await late.closed;
  });
});
