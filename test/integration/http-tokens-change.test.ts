import { expect } from 'chai';
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { WebSocket } from 'ws';
import { allRights, newCaller, writeTokens } from '../support/access.js';
import type { Caller } from '../support/access.js';
import { openEvents } from '../support/event-source.js';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { call } from '../support/http.js';
import { lockedBench } from '../support/locked-bench.js';
import { until } from '../support/until.js';

describe('a file of tokens that changes', () => {
  const [shop, bank] = [newCaller(), newCaller()];
  const bench = lockedBench(() => both());
  afterEach(async () => {
    await rm(bench.tokensFile, { force: true });
    await writeTokens(bench.tokensFile, both());
    await becomes(bank, 200);
    await becomes(shop, 200);
  });

  const entryOf = (name: string, { hash }: Caller, rights: object = {}): object => ({
    name,
    token: hash,
    ...allRights,
    broker: true,
    ...rights,
  });
  const both = (): object[] => [entryOf('shop', shop), entryOf('bank', bank)];
  const statusOf = async ({ headers }: Caller): Promise<number> =>
    (await call(`${bench.url}/requests`, { headers })).status;
  const becomes = (caller: Caller, status: number): Promise<boolean> =>
    until(async () => (await statusOf(caller)) === status, { what: `status ${status}` });

  it('lets in who was added, and keeps out who was removed', async () => {
    const added = newCaller();
    await writeTokens(bench.tokensFile, [entryOf('shop', shop), entryOf('new', added)]);
    await becomes(added, 200);
    expect(await statusOf(bank)).to.equal(401);
    expect(await statusOf(shop)).to.equal(200);
  });

  it('is read again when it is written in place', async () => {
    await writeFile(bench.tokensFile, JSON.stringify([entryOf('shop', shop)]));
    await becomes(bank, 401);
  });

  it('is read again when it goes and comes back', async () => {
    await rm(bench.tokensFile);
    await writeTokens(bench.tokensFile, [entryOf('bank', bank)]);
    await becomes(shop, 401);
  });

  it('is read again when a link beside it is turned, as Kubernetes does', async () => {
    const folder = dirname(bench.tokensFile);
    const versions = await Promise.all(
      [both(), [entryOf('shop', shop)]].map(async (entries, number) => {
        const path = join(folder, `..version-${number}`);
        await mkdir(path);
        await writeTokens(join(path, 'tokens.yaml'), entries);
        return path;
      }),
    );
    const data = join(folder, '..data');
    await symlink(versions[0]!, data);
    await symlink(join('..data', 'tokens.yaml'), join(folder, 'link'));
    await rename(join(folder, 'link'), bench.tokensFile);
    expect(await statusOf(bank)).to.equal(200);
    await symlink(versions[1]!, `${data}.new`);
    await rename(`${data}.new`, data);
    await becomes(bank, 401);
    expect(await statusOf(shop)).to.equal(200);
  });

  happens(
    'HTTP',
    'a file of tokens that is broken or gone while the gateway runs',
    'the tokens of before go on to count, and an error is logged',
    async () => {
      const fresh = newCaller();
      const broken = {
        'half of it': (await readFile(bench.tokensFile, 'utf8')).slice(0, -20),
        'an entry without a name': JSON.stringify([{ token: fresh.hash }]),
        'a plain token': JSON.stringify([{ name: 'new', token: fresh.token }]),
        nothing: '',
      };
      for (const text of Object.values(broken)) {
        await writeFile(bench.tokensFile, text);
        // Another name shows that what followed was read, and nothing of what was broken.
        const next = newCaller();
        await writeTokens(`${bench.tokensFile}.later`, [...both(), entryOf('next', next)]);
        expect(await statusOf(shop)).to.equal(200);
        await rename(`${bench.tokensFile}.later`, bench.tokensFile);
        await becomes(next, 200);
        expect(await statusOf(fresh)).to.equal(401);
      }
    },
  );

  happens(
    'HTTP',
    'a token that is withdrawn while its event stream is open',
    'the stream is ended, its client gets 401 when it comes back',
    async () => {
      const id = uniqueName('watched');
      const headers = { 'message-id': id, prefer: 'respond-async' };
      for (const caller of [shop, bank]) {
        await bench.ask(`${id}-${caller.hash.slice(7, 15)}`, {
          ...headers,
          ...caller.headers,
          'message-id': `${id}-${caller.hash.slice(7, 15)}`,
        });
      }
      const streams = await Promise.all(
        [shop, bank].map((caller) =>
          openEvents(`${bench.url}/requests/${id}-${caller.hash.slice(7, 15)}/events`, caller.headers),
        ),
      );
      const [kept, ended] = [streams[0]!, streams[1]!];
      try {
        await until(() => kept.events.length > 0 && ended.events.length > 0, { what: 'both streams' });
        await writeTokens(bench.tokensFile, [entryOf('shop', shop)]);
        await until(() => ended.isEnded, { what: 'the end of the stream' });
        expect(ended.retryMs).to.be.a('number');
        expect(await statusOf(bank)).to.equal(401);
        expect(kept.isEnded).to.equal(false);
      } finally {
        for (const stream of streams) stream.close();
      }
    },
  );

  it('lets a wait that has begun come to its end', async () => {
    const queue = uniqueName('waiting');
    const received = await bench.listen(queue);
    const waiting = bench.ask(queue, { ...bank.headers, prefer: 'wait=30' });
    await until(() => received.length > 0, { what: 'the message' });
    await writeTokens(bench.tokensFile, [entryOf('shop', shop)]);
    await becomes(bank, 401);
    await bench.reply(received[0]!, { answered: true });
    expect((await waiting).json()).to.deep.equal({ answered: true });
  });

  it('ends the STOMP connection of a name that loses the right to it', async () => {
    const url = `${bench.url.replace('http', 'ws')}/broker?access_token=${bank.token}`;
    const socket = new WebSocket(url, ['v12.stomp']);
    let closed: number | undefined;
    socket.on('close', (code) => (closed = code));
    socket.on('error', () => undefined);
    await until(() => socket.readyState === WebSocket.OPEN, { what: 'the WebSocket' });
    await writeTokens(bench.tokensFile, [entryOf('shop', shop), entryOf('bank', bank, { broker: false })]);
    await until(() => closed !== undefined, { what: 'its end' });
    expect(closed).to.equal(1008);
    let refused: number | undefined;
    const again = new WebSocket(url, ['v12.stomp']);
    again.on('unexpected-response', (_request, response) => {
      refused = response.statusCode;
      response.resume();
    });
    again.on('error', () => undefined);
    await until(() => refused !== undefined, { what: 'an answer' });
    expect(refused).to.equal(403);
    again.terminate();
  });
});
