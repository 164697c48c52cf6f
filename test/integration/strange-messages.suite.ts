import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { call } from '../support/http.js';
import { strangerBench } from '../support/stranger-bench.js';
import { until } from '../support/until.js';

const mebibyte = 1024 * 1024;

/** What strangers write to the reply queue: each message goes to one place, and requests are answered all the same. */
export function describeStrangeMessages(brokerUrl: () => string | undefined): void {
  const bench = strangerBench(brokerUrl);

  const replies = (): string => `${bench.gateway.prefix}.replies`;
  const write = (headers: Record<string, string>, body?: string | Buffer): Promise<void> =>
    bench.stranger.send(replies(), { persistent: 'true', ...headers }, body);

  /** A request that is open at a service which does not answer by itself. */
  async function openRequest(headers: Record<string, string> = {}): Promise<string> {
    const queue = uniqueName('strange');
    await bench.listen(queue);
    const answer = await bench.ask(queue, { 'message-id': queue, prefer: 'respond-async', ...headers });
    expect(answer.status, answer.text()).to.equal(202);
    await bench.reaches(queue, 'sent');
    return queue;
  }

  async function expectOthersAnswered(): Promise<void> {
    const queue = uniqueName('other');
    await bench.serve(queue, () => 'fine');
    const answer = await bench.ask(queue, { prefer: 'wait=10' });
    expect([answer.status, answer.text()]).to.deep.equal([200, 'fine']);
  }

  /** Kept once as invalid with this reason, told once. */
  async function expectInvalid(reason: RegExp, send: () => Promise<void>): Promise<void> {
    const before = await bench.metric('messages_invalid_total');
    const told = bench.toldFromNow();
    await send();
    await until(async () => (await bench.metric('messages_invalid_total')) === before + 1, {
      what: 'the invalid message to be kept',
    });
    await expectOthersAnswered();
    expect(told().map(({ sentence }) => sentence)).to.deep.equal([
      'an invalid message came to the reply queue',
    ]);
    expect(told()[0]!.facts['reason']).to.match(reason);
    expect(await bench.metric('messages_invalid_total')).to.equal(before + 1);
  }

  happens(
    'Messages',
    'a reply without any id',
    'to the invalid messages; others are answered; the log says so once',
    () => expectInvalid(/no correlation id/u, () => write({}, 'who am I')),
  );

  happens(
    'Messages',
    'a reply with the Store-ID of another deployment',
    'to the invalid messages, with the reason that another deployment uses this prefix; the request it names stays open',
    async () => {
      const id = await openRequest();
      await expectInvalid(/another deployment uses this prefix/u, () =>
        write({ 'correlation-id': id, 'Store-ID': randomUUID() }, 'stolen'),
      );
      expect(await bench.status(id)).to.include({ status: 'sent', replies: 0 });
    },
  );

  happens(
    'Messages',
    'Fault: true with a body that is no fault',
    'to the invalid messages; the request stays open and takes a good reply',
    async () => {
      const id = await openRequest();
      for (const body of ['', 'all is lost', '[]', '{"code":7}', Buffer.from([0xff, 0])]) {
        await expectInvalid(/its fault cannot be read/u, () =>
          write({ 'correlation-id': id, Fault: 'true' }, body),
        );
      }
      expect(await bench.status(id)).to.include({ status: 'sent', replies: 0 });
      await write({ 'correlation-id': id }, 'good');
      await bench.reaches(id, 'replied');
    },
  );

  happens(
    'Messages',
    'a reply to a request that nobody knows',
    'to the unmatched replies; others are answered; the log says so once',
    async () => {
      const before = await bench.metric('replies_unmatched_total');
      const told = bench.toldFromNow();
      await write({ 'correlation-id': 'nobody', 'Correl-ID': 'no one' }, 'for nobody');
      await until(async () => (await bench.metric('replies_unmatched_total')) === before + 1, {
        what: 'the unmatched reply to be kept',
      });
      await expectOthersAnswered();
      expect(told()).to.have.length(1);
      expect(told().at(-1)?.facts['correlationIds']).to.deep.equal(['nobody', 'no one']);
    },
  );

  happens(
    'Messages',
    'correlation-id and Correl-ID that differ',
    'the first that names a known request wins',
    async () => {
      const [one, other] = [await openRequest(), await openRequest()];
      await write({ 'correlation-id': 'nobody', 'Correl-ID': one }, 'by the second');
      await bench.reaches(one, 'replied');
      const third = await openRequest();
      await write({ 'correlation-id': other, 'Correl-ID': third }, 'by the first');
      await bench.reaches(other, 'replied');
      expect(await bench.status(third)).to.include({ status: 'sent', replies: 0 });
    },
  );

  happens(
    'Messages',
    'a reply with the id of another request than it belongs to',
    'it answers the request that it names; what it belongs to stays open, and the later reply of the right service is kept as number 2',
    async () => {
      const [meant, named] = [await openRequest(), await openRequest()];
      await write({ 'correlation-id': named, 'Message-ID': `${meant}-reply` }, 'mixed up');
      await bench.reaches(named, 'replied');
      await write({ 'correlation-id': named, 'Message-ID': `${named}-reply` }, 'right');
      await until(async () => (await bench.status(named)).replies === 2, { what: 'the second reply' });
      expect((await call(`${bench.url}/requests/${named}/reply`)).text()).to.equal('mixed up');
      expect((await call(`${bench.url}/requests/${named}/reply?n=2`)).text()).to.equal('right');
      expect(await bench.status(meant)).to.include({ status: 'sent', replies: 0 });
    },
  );

  happens(
    'Messages',
    'a reply with headers of ours that make no sense: Attempt, Resend, Deadline-Ms, Expires-At, Time, Schema, Reply-Token, Forward-Headers',
    'they count as absent; the reply is taken as it is',
    async () => {
      for (const nonsense of [
        { Attempt: '-1', Resend: '-7', 'Deadline-Ms': '-5', 'Expires-At': '1', Time: 'yesterday' },
        { Attempt: '1000000000', 'Expires-At': '99999999999999999', 'Deadline-Ms': 'soon', Time: '1e999' },
        {
          Schema: 'nobody@knows@it',
          'Reply-Token': 'forged',
          'Content-Digest': 'none',
          'Request-Digest': '?',
        },
        {
          'Forward-Headers': 'set-cookie,__proto__,content-length',
          'set-cookie': 'a=b',
          Project: ' '.repeat(3),
        },
        { Fault: 'maybe', traceparent: 'no trace', 'reply-to': '/queue/elsewhere' },
      ]) {
        const id = await openRequest();
        await write({ 'correlation-id': id, ...nonsense }, 'taken');
        await bench.reaches(id, 'replied');
        const answer = await call(`${bench.url}/requests/${id}/reply`);
        expect([answer.status, answer.text()], JSON.stringify(nonsense)).to.deep.equal([200, 'taken']);
        expect(answer.headers).not.to.have.any.keys('set-cookie', 'reply-token', 'attempt');
        expect(Number(answer.headers['time'])).to.be.within(0, 8.64e15);
      }
      await expectOthersAnswered();
    },
  );

  happens('Messages', 'a reply of 10 MiB, the most that is taken', 'the caller gets every byte', async () => {
    const id = await openRequest();
    const body = Buffer.alloc(10 * mebibyte, Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
    await write({ 'correlation-id': id }, body);
    await until(async () => (await bench.status(id)).status === 'replied', {
      what: 'the large reply',
    });
    const answer = await call(`${bench.url}/requests/${id}/reply`);
    expect(answer.body.equals(body)).to.equal(true);
  });

  happens(
    'Messages',
    'a reply of more than 10 MiB',
    'the embedded broker refuses it with ERROR; from another broker it goes to the invalid messages with its size; the request stays open',
    async () => {
      const id = await openRequest();
      const send = (): Promise<void> => write({ 'correlation-id': id }, Buffer.alloc(10 * mebibyte + 1));
      if (brokerUrl() === undefined) {
        const outcome = await send().then(
          () => 'taken',
          (error: unknown) => String(error),
        );
        expect(outcome).to.contain('ERROR');
        await expectOthersAnswered();
      } else {
        await expectInvalid(/its body has 10485761 bytes; at most 10485760 are taken/u, send);
      }
      expect(await bench.status(id)).to.include({ status: 'sent', replies: 0 });
    },
  );

  happens(
    'Messages',
    'the same reply a thousand times',
    'it is kept once; the others are acknowledged without a word',
    async () => {
      const id = await openRequest();
      const told = bench.toldFromNow();
      for (let count = 0; count < 999; count += 1) {
        bench.stranger.frame(
          'SEND',
          {
            ...bench.stranger.toQueue(replies()),
            'correlation-id': id,
            'Message-ID': `${id}-reply`,
          },
          'again',
        );
      }
      await write({ 'correlation-id': id, 'Message-ID': `${id}-reply` }, 'again');
      await until(async () => (await bench.metric('replies_repeated_total')) >= 999, { what: 'all of them' });
      expect(await bench.status(id)).to.include({ status: 'replied', replies: 1 });
      expect(told()).to.deep.equal([]);
    },
  );

  happens(
    'Messages',
    'a thousand different replies to one request',
    'the first is the answer, all are kept, and the log tells twenty of them and then how many more',
    async () => {
      const id = await openRequest();
      const told = bench.toldFromNow();
      for (let count = 1; count < 1_000; count += 1) {
        bench.stranger.frame(
          'SEND',
          {
            ...bench.stranger.toQueue(replies()),
            'correlation-id': id,
            'Message-ID': `${id}-${count}`,
          },
          `number ${count}`,
        );
      }
      await write({ 'correlation-id': id, 'Message-ID': `${id}-1000` }, 'number 1000');
      await until(async () => (await bench.status(id)).replies === 1_000, {
        what: 'all replies to be kept',
      });
      expect((await call(`${bench.url}/requests/${id}/reply`)).text()).to.equal('number 1');
      const lines = told();
      expect(lines.length).to.be.within(1, 20);
      await expectOthersAnswered();
    },
  );

  happens(
    'Messages',
    'a reply that comes before its request',
    'to the unmatched replies; the request waits for one of its own',
    async () => {
      const id = uniqueName('early');
      const before = await bench.metric('replies_unmatched_total');
      await write({ 'correlation-id': id }, 'too early');
      await until(async () => (await bench.metric('replies_unmatched_total')) === before + 1, {
        what: 'the unmatched reply',
      });
      await bench.listen(id);
      await bench.ask(id, { 'message-id': id, prefer: 'respond-async' });
      await bench.reaches(id, 'sent');
      await write({ 'correlation-id': id }, 'in time');
      await bench.reaches(id, 'replied');
      expect((await call(`${bench.url}/requests/${id}/reply`)).text()).to.equal('in time');
    },
  );

  happens(
    'Messages',
    'a reply that never comes',
    'the request expires at its deadline: 504 for who waits, and nothing stays open',
    async () => {
      const id = await openRequest({ 'request-timeout': '1' });
      await bench.reaches(id, 'expired');
      const answer = await call(`${bench.url}/requests/${id}/reply`);
      expect(answer.status).to.equal(504);
      expect(await bench.status(id)).to.include({ replies: 0, late: false });
    },
  );

  happens(
    'Messages',
    'a service that replies to the queue of another prefix',
    'the reply waits there, untouched; the request stays open until its deadline, and takes the reply when it comes to the right queue',
    async () => {
      const id = await openRequest();
      const wrong = `${uniqueName('prefix')}.replies`;
      await bench.stranger.send(wrong, { 'correlation-id': id, 'Message-ID': `${id}-reply` }, 'lost its way');
      await expectOthersAnswered();
      expect(await bench.status(id)).to.include({ status: 'sent', replies: 0 });
      const waiting = await bench.listen(wrong);
      await until(() => waiting.length === 1, { what: 'the reply on the other queue' });
      await write({ 'correlation-id': id, 'Message-ID': `${id}-reply` }, 'found it');
      await bench.reaches(id, 'replied');
    },
  );
}
