import { Client } from '@stomp/stompjs';
import type { IMessage } from '@stomp/stompjs';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import type { StatusEvent } from '#core/status-event.js';
import { startGateway, uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { httpBench } from '../support/http-bench.js';
import { openRawStompWebSocket } from '../support/raw-stomp.js';
import { newProject, statusOf, upTo } from '../support/status-bench.js';
import { numbersOf, projectTopic, stompFollowers } from '../support/stomp-followers.js';
import { until, within } from '../support/until.js';

/** Who follows projects and requests by STOMP over WebSocket, whatever the broker. */
export function describeStompEndpoint(brokerUrl?: () => string): void {
  const bench = httpBench(() => ({
    ...(brokerUrl === undefined ? {} : { brokerUrl: brokerUrl() }),
    settings: { REPLYTO_RETENTION__STATUS_EVENTS: '100' },
  }));
  const followers = stompFollowers(() => bench.url);
  const { follow } = followers;
  const status = statusOf(bench);
  const clients: Client[] = [];
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.deactivate({ force: true })));
  });

  /** A client of @stomp/stompjs that subscribes whenever it has connected. */
  function stompjs(onConnect: (client: Client) => void): {
    readonly client: Client;
    readonly cut: () => void;
  } {
    let socket: WebSocket | undefined;
    const client = new Client({
      webSocketFactory: () => (socket = new WebSocket(followers.address, ['v12.stomp', 'v11.stomp'])),
      reconnectDelay: 20,
      heartbeatIncoming: 1_000,
      heartbeatOutgoing: 1_000,
    });
    client.onConnect = () => onConnect(client);
    clients.push(client);
    client.activate();
    return { client, cut: () => socket?.terminate() };
  }

  it('tells a subscriber of a project what happens from its receipt on, in order', async () => {
    const project = newProject();
    await status.tell(project, { text: 'before' });
    const client = await follow(projectTopic(project));
    await status.tell(project, { subject: 'grün: 1', kind: 'success', text: 'done', data: { rows: [1, 2] } });
    const [message] = await client.messages(1);
    expect(message?.headers).to.deep.include({
      subscription: 's',
      destination: projectTopic(project),
      'message-id': `status.${project}/2`,
      'content-type': 'application/json',
      sequence: '2',
      kind: 'success',
      subject: 'grün: 1',
    });
    const event = JSON.parse(message?.text ?? '') as StatusEvent;
    expect(event).to.deep.include({ project, sequence: 2, text: 'done', data: { rows: [1, 2] } });
    expect(client.kinds.at(-1)).to.equal('text');
  });

  it('replays behind `after`, and goes on', async () => {
    const project = newProject();
    await status.tellMany(project, 5);
    const client = await follow(projectTopic(project), { after: '2' });
    expect(numbersOf(await client.messages(3))).to.deep.equal([3, 4, 5]);
    await status.tell(project);
    expect(numbersOf(await client.messages(1))).to.deep.equal([6]);
  });

  it('filters by `kind` and `subject`, for each subscription by itself', async () => {
    const project = newProject();
    const destination = projectTopic(project);
    const client = await follow(destination, { kind: 'success, failure' });
    await client.confirmed('SUBSCRIBE', { id: 'b', destination, subject: 'b' });
    for (const [subject, kind] of [
      ['a', 'progress'],
      ['a', 'success'],
      ['b', 'log'],
      ['b', 'failure'],
    ] as const) {
      await status.tell(project, { subject, kind });
    }
    const found = (await client.messages(4)).map(({ headers }) => [
      headers['subscription'],
      headers['sequence'],
    ]);
    expect(found.sort()).to.deep.equal([
      ['b', '3'],
      ['b', '4'],
      ['s', '2'],
      ['s', '4'],
    ]);
    await client.confirmed('UNSUBSCRIBE', { id: 's' });
    await status.tell(project, { subject: 'b', kind: 'success' });
    expect((await client.messages(1))[0]?.headers).to.include({ subscription: 'b', sequence: '5' });
    expect(client.pending).to.deep.equal([]);
  });

  it('tells a subscriber of a request its whole history, then what happens, and nothing after the end', async () => {
    const queue = uniqueName('followed');
    const id = uniqueName('request');
    const received = await bench.listen(queue);
    await bench.ask(queue, { 'message-id': id, prefer: 'respond-async' });
    await bench.reaches(id, 'sent');
    const client = await follow(`/topic/request.${id}`);
    await until(() => received.length === 1, { what: 'the message' });
    await bench.reply(received[0]!, 'done');
    const frames = await client.messages(3);
    expect(numbersOf(frames, 'number')).to.deep.equal([1, 2, 3]);
    expect(frames[2]?.headers).to.include({ kind: 'success', subject: id, 'message-id': `request.${id}/3` });
    expect(
      frames.map(({ text }) => (JSON.parse(text) as { data: { status: string } }).data.status),
    ).to.deep.equal(['accepted', 'sent', 'replied']);
    await client.confirmed('SUBSCRIBE', { id: 'later', destination: `/topic/request.${id}`, after: '2' });
    expect((await client.messages(1))[0]?.headers).to.include({ subscription: 'later', number: '3' });
    await client.confirmed('UNSUBSCRIBE', { id: 's' });
    await client.confirmed('UNSUBSCRIBE', { id: 'later' });
    expect(client.pending).to.deep.equal([]);
  });

  it('is followed by @stomp/stompjs, with heart-beats and receipts', async () => {
    const project = newProject();
    const seen: IMessage[] = [];
    let isReceipted = false;
    stompjs((client) => {
      client.watchForReceipt('r', () => (isReceipted = true));
      client.subscribe(projectTopic(project), (message) => void seen.push(message), { receipt: 'r' });
    });
    await until(() => isReceipted, { what: 'the receipt' });
    await status.tell(project, { percent: 40 });
    await until(() => seen.length === 1, { what: 'the event' });
    expect(JSON.parse(seen[0]!.body)).to.include({ percent: 40, sequence: 1 });
  });

  happens(
    'WebSocket',
    'a connection that is cut again and again, under events that do not stop',
    'its client subscribes with after: the last sequence, and has every event once, in order',
    async () => {
      const project = newProject();
      const count = 80;
      const seen: number[] = [];
      let connects = 0;
      const { cut } = stompjs((client) => {
        connects += 1;
        client.subscribe(
          projectTopic(project),
          ({ headers }) => {
            seen.push(Number(headers['sequence']));
            if (seen.length % 15 === 0) cut();
          },
          { after: String(seen.at(-1) ?? 0) },
        );
      });
      for (let told = 0; told < count; told += 1) await status.tell(project);
      await until(() => seen.at(-1) === count, { what: 'the last event', withinMs: 15_000 });
      expect(seen).to.deep.equal(upTo(count));
      expect(connects).to.be.above(5);
    },
  );

  happens(
    'WebSocket',
    'an `after` that is behind the retention',
    'a MESSAGE with kind:gap says which events are gone; those that are kept follow',
    async () => {
      const project = newProject();
      await status.tellMany(project, 130);
      const last = await follow(projectTopic(project), { after: '129' });
      await last.messages(1);
      const client = await follow(projectTopic(project), { after: '10' });
      const gap = await client.take('MESSAGE', { kind: 'gap' });
      const { from, to } = JSON.parse(gap.text) as { from: number; to: number };
      expect([from, gap.headers['sequence'], gap.headers['message-id']]).to.deep.equal([
        11,
        String(to),
        `status.${project}/gap-11-${to}`,
      ]);
      expect(to).to.be.within(30, 60);
      expect(numbersOf(await client.messages(130 - to))).to.deep.equal(upTo(130).slice(to));
    },
  );

  happens(
    'WebSocket',
    'the gateway stops',
    'every connection is closed with code 1001 in time, also one that never answers; nobody is sent an ERROR',
    async () => {
      const gateway = await startGateway({
        ...(brokerUrl === undefined ? {} : { brokerUrl: brokerUrl() }),
      });
      const address = `${gateway.url.replace('http', 'ws')}/stomp`;
      const polite = new WebSocket(address, ['v12.stomp']);
      let code: number | undefined;
      let received = '';
      polite.on('message', (data: Buffer) => (received += data.toString()));
      polite.on('close', (given) => (code = given));
      await until(() => polite.readyState === WebSocket.OPEN, { what: 'the WebSocket' });
      polite.send('CONNECT\naccept-version:1.2\nhost:x\n\n\0');
      polite.send('SUBSCRIBE\nid:1\ndestination:/topic/status.a\nreceipt:r\n\n\0');
      await until(() => received.includes('RECEIPT'), { what: 'the receipt' });
      const deaf = await openRawStompWebSocket(address);
      await deaf.connect();
      await deaf.confirmed('SUBSCRIBE', { id: '1', destination: '/topic/status.a' });
      deaf.pause();
      try {
        await within(gateway.stop(), { what: 'the stop', withinMs: 5_000 });
        await until(() => code !== undefined, { what: 'the close' });
        expect(code).to.equal(1001);
        expect(received).not.to.include('ERROR');
      } finally {
        deaf.destroy();
        polite.terminate();
      }
    },
  );
}
