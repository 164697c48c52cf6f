import { Client, Versions } from '@stomp/stompjs';
import type { IMessage } from '@stomp/stompjs';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { embeddedBroker } from '../../../support/embedded-broker.js';
import { until, within } from '../../../support/until.js';
import type { WebSocketEndpoint } from '../../../support/websocket-endpoint.js';
import { openWebSocketEndpoint } from '../../../support/websocket-endpoint.js';

type ClientOptions = Partial<
  Pick<Client, 'stompVersions' | 'heartbeatIncoming' | 'heartbeatOutgoing' | 'onWebSocketClose'>
>;

describe('@stomp/stompjs with the embedded broker', () => {
  const fixture = embeddedBroker();
  let endpoint: WebSocketEndpoint;
  const clients: Client[] = [];

  beforeEach(async () => {
    endpoint = await openWebSocketEndpoint(fixture.broker);
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.deactivate({ force: true })));
    await endpoint.close();
  });

  async function connect(config: ClientOptions = {}): Promise<Client> {
    const protocols = new Versions([Versions.V1_2, Versions.V1_1]).protocolVersions();
    const client = new Client({
      webSocketFactory: () => new WebSocket(endpoint.url, protocols),
      reconnectDelay: 0,
      ...config,
    });
    clients.push(client);
    const connected = new Promise<void>((resolve, reject) => {
      client.onConnect = () => resolve();
      client.onStompError = (frame) => reject(new Error(frame.headers['message']));
    });
    client.activate();
    await within(connected, { what: 'CONNECTED' });
    return client;
  }

  function receiptOf(client: Client, act: (receipt: string) => void): Promise<void> {
    const receipt = String(Math.random());
    const receipted = new Promise<void>((resolve) => client.watchForReceipt(receipt, () => resolve()));
    act(receipt);
    return within(receipted, { what: 'the receipt' });
  }

  it('asks and answers: text, bytes, headers, receipts, acknowledgement', async () => {
    const service = await connect();
    service.subscribe(
      '/queue/requests',
      (request: IMessage) => {
        service.publish({
          destination: request.headers['reply-to'] ?? '',
          binaryBody: request.binaryBody,
          headers: {
            'correlation-id': request.headers['Message-ID'] ?? '',
            persistent: 'true',
            'X-Seen': request.headers['x-y'] ?? '',
          },
        });
        request.ack();
      },
      { ack: 'client-individual' },
    );
    const requestor = await connect();
    const replies: IMessage[] = [];
    requestor.subscribe('/queue/replies', (reply) => {
      replies.push(reply);
    });
    const body = Uint8Array.from([0, 1, 2, 254, 255]);
    await receiptOf(requestor, (receipt) =>
      requestor.publish({
        destination: '/queue/requests',
        binaryBody: body,
        headers: {
          receipt,
          persistent: 'true',
          'Message-ID': 'm-1',
          'reply-to': '/queue/replies',
          'x-y': 'a:b\nc',
        },
      }),
    );
    await until(() => replies.length === 1, { what: 'the reply' });
    expect(replies[0]?.headers).to.include({ 'correlation-id': 'm-1', 'X-Seen': 'a:b\nc' });
    expect(Array.from(replies[0]?.binaryBody ?? [])).to.deep.equal(Array.from(body));
    await until(() => fixture.queue('requests').inFlight === 0, { what: 'the acknowledgement' });
  });

  it('speaks 1.1 to it', async () => {
    const client = await connect({ stompVersions: new Versions([Versions.V1_1]) });
    expect(client.connectedVersion).to.equal('1.1');
    const seen: string[] = [];
    client.subscribe(
      '/queue/a',
      (message) => {
        seen.push(message.body);
        message.ack();
      },
      { ack: 'client-individual' },
    );
    await receiptOf(client, (receipt) =>
      client.publish({ destination: '/queue/a', body: 'hello', headers: { receipt } }),
    );
    await until(() => seen.length === 1 && fixture.queue('a').inFlight === 0, {
      what: 'the message, acknowledged',
    });
  });

  it('commits and aborts transactions, and rejects', async () => {
    const client = await connect();
    const seen: IMessage[] = [];
    client.subscribe('/queue/a', (message) => seen.push(message), { ack: 'client-individual' });
    const aborted = client.begin();
    client.publish({ destination: '/queue/a', body: 'aborted', headers: { transaction: aborted.id } });
    aborted.abort();
    const committed = client.begin();
    client.publish({ destination: '/queue/a', body: 'committed', headers: { transaction: committed.id } });
    committed.commit();
    await until(() => seen.length === 1, { what: 'the message' });
    seen[0]?.nack();
    await until(() => seen.length === 2, { what: 'the message again' });
    expect(seen.map(({ body, headers }) => [body, headers['redelivered']])).to.deep.equal([
      ['committed', undefined],
      ['committed', 'true'],
    ]);
  });

  it('keeps heart-beats both ways', async () => {
    let closed = 0;
    const client = await connect({
      heartbeatIncoming: 500,
      heartbeatOutgoing: 500,
      onWebSocketClose: () => (closed += 1),
    });
    const startedAt = performance.now();
    await until(() => performance.now() - startedAt > 2_500, { what: 'five intervals' });
    expect(closed).to.equal(0);
    expect(client.connected).to.equal(true);
  });

  it('hears refusals as STOMP errors, and leaves by DISCONNECT', async () => {
    const client = await connect();
    const errors: string[] = [];
    client.onStompError = (frame) => void errors.push(frame.headers['message'] ?? '');
    client.publish({ destination: '/temp-queue/x', body: '' });
    await until(() => errors.length === 1, { what: 'the error' });
    expect(errors[0]).to.include('not offered');
    await within(client.deactivate(), { what: 'the end' });
    await until(() => fixture.broker.statistics().connections === 0, { what: 'the end of the connection' });
  });
});
