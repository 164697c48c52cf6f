import { expect } from 'chai';
import { readFile } from 'node:fs/promises';
import { WebSocket } from 'ws';
import { happens } from '../support/happens.js';
import { call } from '../support/http.js';
import { openRawHttp, rawRequest } from '../support/raw-http.js';
import type { RawStomp } from '../support/raw-stomp.js';
import { report } from '../support/report.js';
import type { ServedGateway } from '../support/served-gateway.js';
import { serveGateway } from '../support/served-gateway.js';
import { newProject, statusBench, upTo } from '../support/status-bench.js';
import { numbersOf, projectTopic, stompFollowers } from '../support/stomp-followers.js';
import { until } from '../support/until.js';

const megabyte = 1024 * 1024;

describe('what is wrong over WebSocket at /stomp', () => {
  let gateway: ServedGateway;
  before(async () => {
    gateway = await serveGateway();
  });
  after(() => gateway.remove());
  const followers = stompFollowers(() => gateway.url);
  const { connect, follow } = followers;
  const status = statusBench({ url: () => gateway.url });

  /** Bytes of memory of the process of the gateway. */
  async function memoryOf(): Promise<number> {
    const facts = await readFile(`/proc/${gateway.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/mu.exec(facts)?.[1]) * 1024;
  }

  /** What an ERROR says, and that the connection serves on. */
  async function refused(client: RawStomp, receipt: string): Promise<readonly [string, string]> {
    const error = await client.take('ERROR', { 'receipt-id': receipt });
    await client.confirmed('SUBSCRIBE', { id: `${receipt}-next`, destination: projectTopic(newProject()) });
    return [error.headers['message'] ?? '', error.text];
  }

  /** Refused with this receipt, each by a word of its body; the connection serves on after all of them. */
  async function expectRefusals(
    frames: readonly (readonly [headers: Record<string, string>, message: string, allowed: string])[],
  ): Promise<void> {
    const client = await connect();
    for (const [index, [headers, message, allowed]] of frames.entries()) {
      client.frame('SUBSCRIBE', { id: 'x', receipt: `r${index}`, ...headers });
      const [summary, body] = await refused(client, `r${index}`);
      expect(summary).to.equal(message);
      expect(body).to.include(allowed);
    }
  }

  happens(
    'WebSocket',
    'SUBSCRIBE to a queue, another topic, a wildcard, or what no project can be called',
    'ERROR with the destination and what is allowed; the connection serves on',
    () => {
      const allowed = '/topic/status.{project} or /topic/request.{id}';
      const wrong = [
        '/queue/orders',
        '/topic/orders',
        '/topic/status.*',
        '/topic/status.>',
        '/topic/status.#',
        '/topic/status.a/b',
        '/topic/status.',
        '/topic/status',
        '/topic/request.',
        '/exchange/amq.topic/status.a',
        'status.a',
        `/topic/status.${'x'.repeat(249)}`,
      ];
      const shown = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text);
      return expectRefusals(
        wrong.map((destination) => [
          { destination },
          `destination '${shown(destination)}' is not offered`,
          allowed,
        ]),
      );
    },
  );

  happens(
    'WebSocket',
    'an `after` in the future, below 0, or that is no number',
    'ERROR with the value and what is allowed, for projects the newest sequence; the connection serves on',
    async () => {
      const project = newProject();
      await status.tellMany(project, 2);
      const destination = projectTopic(project);
      await (await follow(destination, { after: '0' })).messages(2);
      const number = 'after: a whole number from 0 to';
      await expectRefusals([
        [{ destination, after: '3' }, "after '3' is not offered", 'or 0: the newest is 2'],
        [{ destination, after: '-1' }, "after '-1' is not offered", number],
        [{ destination, after: '1.5' }, "after '1.5' is not offered", number],
        [{ destination, after: 'last' }, "after 'last' is not offered", number],
        [{ destination, after: '' }, "after '' is not offered", number],
        [{ destination, after: '9'.repeat(30) }, `after '${'9'.repeat(30)}' is not offered`, number],
      ]);
      const asked = await call(`${gateway.url}/requests/orders`, {
        method: 'POST',
        body: '{}',
        headers: { 'message-id': 'followed-1', prefer: 'respond-async' },
      });
      expect(asked.status).to.equal(202);
      await expectRefusals([
        [
          { destination: '/topic/request.followed-1', after: '99' },
          "after '99' is not offered",
          'the number of an event of this request, or 0',
        ],
      ]);
    },
  );

  happens(
    'WebSocket',
    'a kind that is none, a subject that no event has, an ack other than auto, a selector, a durable subscription, no id',
    'ERROR with the header and what is allowed; the connection serves on',
    () => {
      const destination = projectTopic('a');
      return expectRefusals([
        [{ destination, kind: 'progress,done' }, "kind 'progress,done' is not offered", 'one of progress'],
        [{ destination, kind: '' }, "kind '' is not offered", 'user-action'],
        [{ destination, subject: 'a\nb' }, "subject 'a\nb' is not offered", 'without control characters'],
        [{ destination, ack: 'client' }, "ack 'client' is not offered", 'nothing is acknowledged here'],
        [{ destination, selector: "kind='log'" }, 'selector is not offered', 'its headers kind and subject'],
        [
          { destination, 'activemq.subscriptionName': 'mine' },
          'durable subscriptions are not offered',
          'the header after',
        ],
        [{ destination, id: '' }, 'id missing', 'the header id'],
        [
          { destination: 'b', kind: 'c', after: 'd' },
          "destination 'b' is not offered; after 'd' is not offered; kind 'c' is not offered",
          'after: a whole number',
        ],
      ]);
    },
  );

  happens(
    'WebSocket',
    'SUBSCRIBE to a request that nobody knows, or that has an id which none can have',
    'the same ERROR; the connection serves on',
    async () => {
      const client = await connect();
      for (const [index, id] of ['unknown-1', 'ü'.repeat(300), '*'].entries()) {
        const destination = `/topic/request.${id}`;
        client.frame('SUBSCRIBE', { id: 'x', destination, receipt: `r${index}` });
        const [message, text] = await refused(client, `r${index}`);
        expect(message).to.equal(`destination '${destination.slice(0, 300)}' cannot be subscribed to`);
        expect(text).to.include('was never accepted, its retention is over, or it belongs to another name');
      }
    },
  );

  happens(
    'WebSocket',
    'SEND, ACK, NACK, BEGIN, COMMIT or ABORT',
    'ERROR that says what is offered, with the receipt; nothing is sent, the connection serves on',
    async () => {
      const project = newProject();
      const client = await follow(projectTopic(project));
      const frames: Record<string, Record<string, string>> = {
        SEND: { destination: projectTopic(project) },
        ACK: { id: '1' },
        NACK: { id: '1' },
        BEGIN: { transaction: 't' },
        COMMIT: { transaction: 't' },
        ABORT: { transaction: 't' },
      };
      for (const [command, headers] of Object.entries(frames)) {
        client.frame(command, { ...headers, receipt: command });
        const [message, text] = await refused(client, command);
        expect(message).to.equal(`${command} is not offered`);
        expect(text).to.include('SUBSCRIBE, UNSUBSCRIBE and DISCONNECT');
      }
      await status.tell(project);
      expect(numbersOf(await client.messages(1))).to.deep.equal([1]);
      expect(client.pending).to.deep.equal([]);
    },
  );

  happens(
    'WebSocket',
    'an id that is in use, and UNSUBSCRIBE of one that is not',
    'ERROR with the id; the connection serves on',
    async () => {
      const client = await follow(projectTopic('a'));
      client.frame('SUBSCRIBE', { id: 's', destination: projectTopic('b'), receipt: 'twice' });
      expect(await refused(client, 'twice')).to.deep.equal([
        "id 's' in use",
        'Each subscription of a connection has its own id.\n',
      ]);
      client.frame('UNSUBSCRIBE', { id: 'none', receipt: 'none' });
      expect((await refused(client, 'none'))[0]).to.equal("id 'none' unknown");
    },
  );

  happens(
    'WebSocket',
    'more than 100 subscriptions of one connection',
    'ERROR that names the limit, closed; other connections go on',
    async () => {
      const project = newProject();
      const witness = await follow(projectTopic(project));
      const client = await connect();
      const subscribe = (id: number): void =>
        client.frame('SUBSCRIBE', {
          id: String(id),
          destination: projectTopic(project),
          receipt: String(id),
        });
      for (let id = 1; id <= 100; id += 1) subscribe(id);
      await client.take('RECEIPT', { 'receipt-id': '100' });
      subscribe(101);
      const error = await client.take('ERROR');
      expect(error.headers['message']).to.equal('too many subscriptions');
      expect(error.text).to.include('100 subscriptions');
      await client.closed;
      await status.tell(project);
      expect(numbersOf(await witness.messages(1))).to.deep.equal([1]);
    },
  );

  happens(
    'WebSocket',
    'bytes that are no STOMP, HTTP in a WebSocket, a frame before CONNECT',
    'ERROR, closed; other connections go on',
    async () => {
      const project = newProject();
      const witness = await follow(projectTopic(project));
      for (const bytes of [
        Buffer.from([0xff, 0xfe, 0x00, 0x01, 0x80]),
        Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
        Buffer.from('SUBSCRIBE\nid:1\ndestination:/topic/status.a\n\n\0'),
      ]) {
        const client = await followers.open();
        client.write(bytes);
        await client.take('ERROR');
        await client.closed;
      }
      await status.tell(project);
      expect(numbersOf(await witness.messages(1))).to.deep.equal([1]);
    },
  );

  happens(
    'WebSocket',
    '100 MB in one frame',
    'closed with code 1009 as soon as it says so, before any of it is read; three of them take less memory than one has; other connections go on',
    async () => {
      const project = newProject();
      const witness = await follow(projectTopic(project));
      // Only the head of such a frame, of which nothing else ever comes.
      const head = await openRawHttp(Number(new URL(gateway.url).port));
      try {
        head.write(
          rawRequest('GET /stomp', [
            ...['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
            ...['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Protocol: v12.stomp'],
          ]),
        );
        await until(() => head.rest().includes('\r\n\r\n'), { what: 'the WebSocket' });
        const length = Buffer.alloc(8);
        length.writeBigUInt64BE(BigInt(100 * megabyte));
        head.write(Buffer.concat([Buffer.of(0x82, 0xff), length, Buffer.of(1, 2, 3, 4)]));
        // A frame that closes, with 1009 in its first two bytes.
        await until(() => /\u0088[^]\u0003\u00f1/u.test(head.rest()), { what: 'the close' });
      } finally {
        head.destroy();
      }
      const before = await memoryOf();
      let most = before;
      for (let time = 0; time < 3; time += 1) {
        const socket = new WebSocket(followers.address, ['v12.stomp']);
        let code: number | undefined;
        socket.on('close', (given) => (code = given));
        // The rest of the frame may meet a connection that is closed.
        socket.on('error', () => undefined);
        await until(() => socket.readyState === WebSocket.OPEN, { what: 'the WebSocket' });
        socket.send('CONNECT\naccept-version:1.2\nhost:x\n\n\0');
        socket.send(Buffer.alloc(100 * megabyte));
        await until(
          async () => {
            most = Math.max(most, await memoryOf());
            return code !== undefined;
          },
          { what: 'the end of the connection', withinMs: 10_000 },
        );
        expect(code).to.equal(1009);
      }
      // Where frames are kept, each of the three takes 100 MB and more; what is dropped is collected in time.
      expect((most - before) / megabyte).to.be.below(95);
      await status.tell(project);
      expect(numbersOf(await witness.messages(1))).to.deep.equal([1]);
    },
  );

  happens(
    'WebSocket',
    'twenty clients that subscribe and never read, under events of 60 KB',
    'each gets what its socket takes, memory stays bounded; who reads hears everything in order',
    async function () {
      this.timeout(60_000);
      const project = newProject();
      const reader = await follow(projectTopic(project));
      const deaf = await Promise.all(Array.from({ length: 20 }, () => follow(projectTopic(project))));
      for (const client of deaf) client.pause();
      const before = await memoryOf();
      let most = before;
      const count = 300;
      const text = 'x'.repeat(60_000);
      for (let told = 0; told < count; told += 20) {
        await Promise.all(Array.from({ length: 20 }, () => status.tell(project, { text })));
        most = Math.max(most, await memoryOf());
      }
      expect(numbersOf(await reader.messages(count))).to.deep.equal(upTo(count));
      // Unbounded, it would be 20 times 18 MB.
      const grownBy = (Math.max(most, await memoryOf()) - before) / megabyte;
      report(this, `memory grew by ${Math.round(grownBy)} MB for 20 clients that never read`);
      // What is garbage counts too, until it is collected.
      expect(grownBy).to.be.below(200);
      // Who reads on after all has missed nothing.
      deaf[0]!.resume();
      expect(numbersOf(await deaf[0]!.messages(count))).to.deep.equal(upTo(count));
    },
  );

  it('is an upgrade: without one it is no resource, as /broker is none', async () => {
    for (const path of ['/stomp', '/broker']) {
      const answer = await call(`${gateway.url}${path}`);
      expect(answer.status).to.equal(404);
      expect(answer.json()).to.include({ code: 'ROUTE_NOT_FOUND' });
    }
  });
});
