import { expect } from 'chai';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGatewayClient } from '#app/gateway-client/gateway-client.js';
import type { Followed } from '#app/watch/followed-events.js';
import { followEvents } from '#app/watch/followed-events.js';
import { ReplytoError } from '#core/errors.js';
import { until, within } from '../../../support/until.js';

const event = (number: number): string => `id: ${number}\nevent: progress\ndata: {"n":${number}}\n\n`;

/** A stream of events, against gateways that go away in every way. */
describe('following events', () => {
  let server: Server;
  let url: string;
  let seen: { readonly path: string; readonly from: string | undefined; readonly at: number }[];
  let answers: ((response: ServerResponse, request: IncomingMessage) => void)[];
  let stop: AbortController;
  let told: string[];

  beforeEach(async () => {
    [seen, answers, told, stop] = [[], [], [], new AbortController()];
    server = createServer((request, response) => {
      const from = request.headers['last-event-id'];
      seen.push({ path: request.url ?? '', from: from?.toString(), at: performance.now() });
      const answer = answers.shift();
      if (answer === undefined) response.writeHead(204).end();
      else answer(response, request);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    stop.abort();
    server.closeAllConnections();
    server.close();
  });

  function stream(text: string, end: (response: ServerResponse) => void = (response) => void response.end()) {
    return (response: ServerResponse): void => {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      response.write(text, () => end(response));
    };
  }

  function problem(status: number, code: string) {
    return (response: ServerResponse): void =>
      void response
        .writeHead(status, { 'content-type': 'application/problem+json' })
        .end(JSON.stringify({ code }));
  }

  function follow(isFinite = true): AsyncGenerator<Followed, void> {
    return followEvents({
      client: createGatewayClient({ REPLYTO_URL: url }),
      path: '/requests/r/events',
      query: { kind: 'progress' },
      after: 2,
      isFinite,
      signal: stop.signal,
      tell: (sentence) => {
        told.push(sentence);
        return Promise.resolve();
      },
      random: () => 0,
    });
  }

  async function all(isFinite?: boolean): Promise<Followed[]> {
    const parts: Followed[] = [];
    const read = async (): Promise<void> => {
      for await (const part of follow(isFinite)) parts.push(part);
    };
    await within(read(), { what: 'the end of the stream', withinMs: 15_000 });
    return parts;
  }

  const numbers = (parts: readonly Followed[]): unknown[] =>
    parts.map((part) => ('gap' in part ? part.gap : part.number));

  it('begins where it was told, and later resumes behind the last event that came', async () => {
    answers = [
      stream(`:\n\n${event(3)}${event(4)}`, (response) => void response.destroy()),
      stream(event(5)),
    ];
    const parts = await all();
    expect(numbers(parts)).to.deep.equal([3, 4, 5]);
    expect(parts[0]).to.deep.equal({ number: 3, kind: 'progress', json: '{"n":3}' });
    expect(seen.map(({ path, from }) => [path, from])).to.deep.equal([
      ['/requests/r/events?kind=progress&after=2', undefined],
      ['/requests/r/events?kind=progress', '4'],
      ['/requests/r/events?kind=progress', '5'],
    ]);
  });

  it('tells once that a gateway is away, and that it is back', async () => {
    answers = [
      stream(event(3), (response) => void response.destroy()),
      problem(503, 'SHUTTING_DOWN'),
      (response) => void response.destroy(),
      stream(event(4)),
    ];
    expect(numbers(await all())).to.deep.equal([3, 4]);
    expect(told).to.have.length(2);
    expect(told[0]).to.match(/^lost the gateway \(.+\); trying until it is back$/u);
    expect(told[1]).to.equal('the gateway is back; going on after event 3');
  });

  it('gives no event twice, although a gateway repeats it', async () => {
    answers = [stream(event(3) + event(4)), stream(event(3) + event(4) + event(5))];
    expect(numbers(await all())).to.deep.equal([3, 4, 5]);
  });

  it('gives events that come in pieces of any size, and characters that are cut in the middle', async () => {
    const bytes = Buffer.from('id: 3\nevent: log\ndata: {"text":"größe 日本"}\n\n');
    answers = [
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.socket?.setNoDelay(true);
        for (const byte of bytes) response.write(Buffer.from([byte]));
        response.end();
      },
    ];
    expect(await all()).to.deep.equal([{ number: 3, kind: 'log', json: '{"text":"größe 日本"}' }]);
  });

  it('tells of a gap, and resumes behind it', async () => {
    answers = [
      stream('id: 9\nevent: gap\ndata: {"from":3,"to":9}\n\n', (response) => void response.destroy()),
    ];
    expect(await all()).to.deep.equal([{ gap: { from: 3, to: 9 } }]);
    expect(seen[1]?.from).to.equal('9');
  });

  it('asks at once again whether a finite stream is over, and says nothing of that', async () => {
    answers = [stream(`${event(3)}retry: 60000\n\n`)];
    await all();
    expect(told).to.deep.equal([]);
    expect(seen).to.have.length(2);
  });

  it('comes back to an endless stream no sooner than half of what the gateway asks', async () => {
    answers = [stream(`${event(3)}retry: 1000\n\n`)];
    await all(false);
    expect(seen[1]!.at - seen[0]!.at).to.be.at.least(499);
  });

  it('fails with the error of its first call, and of later ones with those that waiting does not cure', async () => {
    answers = [problem(503, 'SHUTTING_DOWN')];
    expect(await failure()).to.equal('SHUTTING_DOWN');
    answers = [(response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>')];
    expect(await failure()).to.equal('GATEWAY_UNAVAILABLE');
    answers = [stream(event(3), (response) => void response.destroy()), problem(403, 'NOT_PERMITTED')];
    expect(await failure()).to.equal('NOT_PERMITTED');
  });

  async function failure(): Promise<string> {
    try {
      await all();
    } catch (error) {
      if (error instanceof ReplytoError) return error.code;
      throw error;
    }
    return 'none';
  }

  it('takes no endless event, and none that is no JSON object, as if it came from a gateway', async () => {
    for (const text of ['id: 3\ndata: {"n":\n\n', 'data: {}\n\n', `data: ${'x'.repeat(5 * 1024 * 1024)}`]) {
      answers = [stream(text)];
      await all();
      expect(told.at(-1)).to.match(/is a replyto gateway at that address/u);
      told = [];
    }
  });

  it('ends by its signal while it reads and while it waits, without an error', async () => {
    answers = [stream(event(3), () => undefined)];
    const reading = all();
    await until(() => seen.length === 1, { what: 'the call' });
    stop.abort();
    expect((await reading).length).to.be.at.most(1);

    stop = new AbortController();
    answers = [stream(`${event(3)}retry: 60000\n\n`)];
    const waiting = all(false);
    await until(() => told.length === 1, { what: 'the wait' });
    stop.abort();
    expect(numbers(await waiting)).to.deep.equal([3]);
  });

  it('lets go of the connection when its reader goes', async () => {
    let isClosed = false;
    answers = [stream(event(3), (response) => void response.once('close', () => (isClosed = true)))];
    for await (const part of follow()) {
      expect(part).to.include({ number: 3 });
      break;
    }
    await until(() => isClosed, { what: 'the end of the connection' });
  });
});
