import { expect } from 'chai';
import { WebSocket } from 'ws';
import { allRights, newCaller, writeTokens } from '../support/access.js';
import type { Caller } from '../support/access.js';
import { openEvents } from '../support/event-source.js';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { call } from '../support/http.js';
import { problemOf } from '../support/http-bench.js';
import { lockedBench } from '../support/locked-bench.js';
import { openRawHttp, rawRequest } from '../support/raw-http.js';
import type { RawStomp } from '../support/raw-stomp.js';
import { newProject, statusOf } from '../support/status-bench.js';
import { numbersOf, projectTopic, stompFollowers } from '../support/stomp-followers.js';
import { until } from '../support/until.js';

const tokenOf = ({ token }: Caller): string => `?access_token=${token}`;

async function refusalOf(client: RawStomp, destination: string): Promise<readonly [string, string]> {
  client.frame('SUBSCRIBE', { id: 'refused', destination, receipt: destination });
  const error = await client.take('ERROR', { 'receipt-id': destination });
  return [error.headers['message'] ?? '', error.text];
}

/** Status and problem of an upgrade that is refused. */
async function refusedUpgrade(port: number, headers: readonly string[], path = '/stomp') {
  const connection = await openRawHttp(port);
  const handshake = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Protocol: v12.stomp',
  ];
  connection.write(rawRequest(`GET ${path}`, [...handshake, ...headers]));
  const answer = await connection.answer();
  await connection.gone();
  return answer;
}

describe('the rights of who follows by STOMP over WebSocket', () => {
  const [shop, bank] = [newCaller(), newCaller()];
  const entries = (): object[] => [
    { name: 'shop', token: shop.hash, ...allRights, projects: ['shop*'] },
    { name: 'bank', token: bank.hash, ...allRights },
  ];
  const bench = lockedBench(entries);
  const followers = stompFollowers(() => bench.url);
  const { connect, follow } = followers;
  const status = statusOf(bench);

  it('are those of the token, in the header or in the address', async () => {
    const project = uniqueName('shop');
    const byQuery = await follow(projectTopic(project), {}, tokenOf(shop));
    const socket = new WebSocket(followers.address, ['v12.stomp'], { headers: shop.headers });
    try {
      await until(() => socket.readyState === WebSocket.OPEN, { what: 'the WebSocket' });
    } finally {
      socket.terminate();
    }
    await status.tell(project, {}, shop.headers);
    expect(numbersOf(await byQuery.messages(1))).to.deep.equal([1]);
  });

  happens(
    'WebSocket',
    'a connection without a token, or with one that nobody knows, where callers log in',
    '401 with the challenge; no WebSocket',
    async () => {
      for (const [headers, path] of [
        [[], '/stomp'],
        [['Authorization: Bearer nobodys'], '/stomp'],
        [[], '/stomp?access_token=nobodys'],
      ] as const) {
        const answer = await refusedUpgrade(bench.port, headers, path);
        problemOf(answer, 401, 'NOT_AUTHENTICATED');
        expect(answer.headers['www-authenticate']).to.match(/^Bearer/u);
      }
    },
  );

  happens(
    'WebSocket',
    'SUBSCRIBE to a project that the name may not use',
    'ERROR with the destination and the right that lacks; the connection serves on',
    async () => {
      const client = await connect(tokenOf(shop));
      const [message, text] = await refusalOf(client, '/topic/status.bank');
      expect(message).to.equal("destination '/topic/status.bank' is not offered");
      expect(text).to.include("'shop' may not use this project");
      const project = uniqueName('shop');
      await client.confirmed('SUBSCRIBE', { id: 's', destination: projectTopic(project) });
      await status.tell(project, {}, bank.headers);
      expect(numbersOf(await client.messages(1))).to.deep.equal([1]);
    },
  );

  happens(
    'WebSocket',
    "SUBSCRIBE to somebody else's request",
    'the same ERROR as for one that is unknown: nobody learns which ids others use',
    async () => {
      const id = uniqueName('mine');
      const headers = { 'message-id': id, prefer: 'respond-async' };
      expect((await bench.ask(id, { ...headers, ...shop.headers })).status).to.equal(202);
      const stranger = await connect(tokenOf(bank));
      const [message, text] = await refusalOf(stranger, `/topic/request.${id}`);
      const unknown = uniqueName('none');
      const [otherMessage, otherText] = await refusalOf(stranger, `/topic/request.${unknown}`);
      expect(otherMessage.replace(unknown, id)).to.equal(message);
      expect(otherText.replace(unknown, id)).to.equal(text);
      const owner = await follow(`/topic/request.${id}`, {}, tokenOf(shop));
      expect(numbersOf(await owner.messages(1), 'number')).to.deep.equal([1]);
    },
  );

  happens(
    'WebSocket',
    'a token that is withdrawn while its connection is open',
    'closed with code 1008; others go on, and it gets 401 when it comes back',
    async () => {
      const project = newProject();
      const kept = await follow(projectTopic(project), {}, tokenOf(bank));
      const socket = new WebSocket(`${followers.address}${tokenOf(shop)}`, ['v12.stomp']);
      let code: number | undefined;
      socket.on('close', (given) => (code = given));
      await until(() => socket.readyState === WebSocket.OPEN, { what: 'the WebSocket' });
      try {
        await writeTokens(bench.tokensFile, entries().slice(1));
        await until(() => code !== undefined, { what: 'its end', withinMs: 10_000 });
        expect(code).to.equal(1008);
        problemOf(await refusedUpgrade(bench.port, [], `/stomp${tokenOf(shop)}`), 401, 'NOT_AUTHENTICATED');
        await status.tell(project, {}, bank.headers);
        expect(numbersOf(await kept.messages(1))).to.deep.equal([1]);
      } finally {
        await writeTokens(bench.tokensFile, entries());
        await until(
          async () => (await call(`${bench.url}/requests`, { headers: shop.headers })).status === 200,
          {
            what: 'the token to be back',
            withinMs: 10_000,
          },
        );
      }
    },
  );

  it('end at an origin that is not allowed: 403', async () => {
    const answer = await refusedUpgrade(bench.port, [
      'Origin: https://elsewhere.example',
      `Authorization: ${shop.headers.authorization}`,
    ]);
    problemOf(answer, 403, 'ORIGIN_NOT_ALLOWED');
  });
});

describe('the places of who follows', () => {
  const [alice, bob] = [newCaller(), newCaller()];
  const bench = lockedBench(
    () => [
      { name: 'alice', token: alice.hash, ...allRights },
      { name: 'bob', token: bob.hash, ...allRights },
    ],
    { REPLYTO_STATUS__MAX_FOLLOWERS: '4' },
  );
  const followers = stompFollowers(() => bench.url);
  const { connect, follow } = followers;
  const share =
    "2 event streams and subscriptions are open for 'alice'; of 4 in all a name gets no more than it leaves to others";

  happens(
    'WebSocket',
    'more event streams and subscriptions of one name than half of status.maxFollowers, where callers log in',
    'ERROR or 429 for the next of this name until one has ended; another name follows, and who is refused stays connected',
    async () => {
      const client = await follow('/topic/status.a', {}, tokenOf(alice));
      const stream = await openEvents(`${bench.url}/status/a`, alice.headers);
      try {
        expect(stream.status).to.equal(200);
        const [message, text] = await refusalOf(client, '/topic/status.b');
        expect(message).to.equal("destination '/topic/status.b' cannot be subscribed to");
        expect(text).to.equal(`${share}\nSubscribe again later.\n`);
        const refused = await call(`${bench.url}/status/a`, {
          headers: { ...alice.headers, accept: 'text/event-stream' },
        });
        expect(problemOf(refused, 429, 'TOO_MANY_WAITING').detail).to.equal(share);
        await follow('/topic/status.a', {}, tokenOf(bob));
        await client.confirmed('UNSUBSCRIBE', { id: 's' });
        await client.confirmed('SUBSCRIBE', { id: 'b', destination: '/topic/status.b' });
        // A subscription that is refused for another reason takes no place.
        await client.confirmed('UNSUBSCRIBE', { id: 'b' });
        for (let time = 0; time < 3; time += 1) await refusalOf(client, '/topic/request.nobodys');
        await client.confirmed('SUBSCRIBE', { id: 'b', destination: '/topic/status.b' });
      } finally {
        stream.close();
      }
    },
  );

  it('are free again when the request that was followed has ended, also without UNSUBSCRIBE', async () => {
    const client = await connect(tokenOf(alice));
    for (let time = 0; time < 6; time += 1) {
      const id = uniqueName('ended');
      await call(`${bench.url}/requests/${id}`, {
        method: 'POST',
        headers: { ...alice.headers, 'message-id': id, prefer: 'respond-async' },
        body: '{}',
      });
      await call(`${bench.url}/requests/${id}`, { method: 'DELETE', headers: alice.headers });
      await client.confirmed('SUBSCRIBE', { id, destination: `/topic/request.${id}` });
      let kind: string | undefined;
      while (kind !== 'user-action') kind = (await client.messages(1))[0]?.headers['kind'];
    }
  });

  happens(
    'WebSocket',
    'more connections of one name than half of status.maxFollowers, where callers log in',
    '429 for the next of this name; another name connects, and there is room when one ends',
    async () => {
      const first = await connect(tokenOf(alice));
      await connect(tokenOf(alice));
      const problem = problemOf(
        await refusedUpgrade(bench.port, [`Authorization: ${alice.headers.authorization}`]),
        429,
        'TOO_MANY_WAITING',
      );
      expect(problem.detail).to.match(/^2 connections to \/stomp are open for 'alice'/u);
      await connect(tokenOf(bob));
      first.destroy();
      await until(() => connect(tokenOf(alice)), { what: 'room' });
    },
  );
});
