import { expect } from 'chai';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { uniqueName } from '../support/gateway.js';
import { post } from '../support/http.js';
import { faultOf, httpBench } from '../support/http-bench.js';
import { until } from '../support/until.js';
import { startWorkTime } from '../support/work-time.js';

/** Names that mean something else than one plain queue on some broker. */
const badNames: readonly { readonly title: string; readonly name: string; readonly inHeader?: false }[] = [
  { title: 'a wildcard for one level', name: 'orders.*' },
  { title: 'a wildcard for the rest', name: 'orders.>' },
  { title: 'a wildcard of AMQP', name: 'orders.#' },
  { title: 'a comma', name: 'orders.a,orders.b' },
  { title: 'a slash', name: '/queue/orders' },
  { title: 'a backslash', name: 'orders\\a' },
  { title: 'options', name: 'orders?consumer.exclusive=true' },
  { title: 'two colons', name: 'orders::other' },
  { title: 'quotes', name: '"orders"' },
  { title: 'a percent sign', name: 'orders%41' },
  // HTTP takes spaces around a header away, and control characters never reach one.
  { title: 'an outer space', name: ' orders', inHeader: false },
  { title: 'a line feed', name: 'orders\nreceipt:1', inHeader: false },
  { title: 'a carriage return', name: 'orders\r', inHeader: false },
  { title: 'a NUL', name: 'orders\u0000', inHeader: false },
  { title: 'a C1 control character', name: 'orders\u0085', inHeader: false },
  { title: 'more than 255 bytes', name: 'o'.repeat(256) },
  { title: 'more than 255 bytes of UTF-8', name: 'ö'.repeat(128) },
];

/** Names of the product or of the broker. */
const ownNames = (prefix: string): string[] => [
  `${prefix}.replies`,
  `${prefix}.status`,
  `${prefix.toUpperCase()}.REPLIES`,
  `${prefix}.anything`,
  'ActiveMQ.Advisory.Queue',
  'activemq.management',
  'amq.direct',
  'AMQ.x',
  '$sys.x',
];

describe('bad destinations over HTTP', () => {
  // A pattern that means them opens no queue that is closed.
  const patterns = '*,t-*,ActiveMQ.*,amq.*';
  const bench = httpBench(() => ({
    settings: { REPLYTO_ALLOW__QUEUES: patterns, REPLYTO_ALLOW__REPLY_TO: patterns },
  }));

  for (const { title, name, inHeader } of badNames) {
    it(`a queue name with ${title} gets 400`, async () => {
      const queue = uniqueName('good');
      const received = await bench.listen(queue);
      const fault = faultOf(await bench.ask(name), 400, 'INVALID_REQUEST');
      expect(fault.field).to.equal('queue');
      expect(fault.value).to.equal(name.length > 200 ? `${name.slice(0, 200)}…` : name);
      expect(fault.allowed).to.match(/^1-255 bytes; no control characters/u);
      await bench.expectNothingHappened(queue, received);
    });

    it(`a path whose segment decodes to ${title} gets 400`, async () => {
      const queue = uniqueName('good');
      const received = await bench.listen(queue);
      // Outer spaces are inner ones once the template has put text around them.
      const segment = encodeURIComponent(name === ' orders' ? '%' : name);
      const answer = await post(`${bench.url}/orders/${segment}/create`, '{}');
      expect(faultOf(answer, 400, 'INVALID_REQUEST').field).to.equal('queue');
      await bench.expectNothingHappened(queue, received);
    });

    if (inHeader === false) continue;
    it(`a Reply-To with ${title} gets 400`, async () => {
      const queue = uniqueName('good');
      const received = await bench.listen(queue);
      // HTTP hands header bytes on as they are: UTF-8 as callers write it.
      const header = Buffer.from(name).toString('latin1');
      const fault = faultOf(await bench.ask(queue, { 'reply-to': header }), 400, 'INVALID_REQUEST');
      expect(fault.field).to.equal('Reply-To');
      expect(fault.allowed).to.match(/^(?:1-255 bytes|at most 8192 bytes)/u);
      await bench.expectNothingHappened(queue, received);
    });
  }

  it('own queues and those of the broker get 403 as queue and as Reply-To, in any spelling', async () => {
    const queue = uniqueName('good');
    const received = await bench.listen(queue);
    for (const name of ownNames(bench.gateway.prefix)) {
      const asQueue = await bench.ask(name);
      expect(faultOf(asQueue, 403, 'DESTINATION_NOT_ALLOWED')).to.deep.include({
        field: 'queue',
        value: name,
      });
      expect(asQueue.json()).to.include({ destination: name });
      const asReplyTo = await bench.ask(queue, { 'reply-to': name });
      const fault = faultOf(asReplyTo, 403, 'DESTINATION_NOT_ALLOWED');
      expect(fault).to.deep.include({ field: 'Reply-To', value: name });
      expect(fault.allowed).to.equal(
        `a queue that belongs neither to the product (${bench.gateway.prefix}.*) nor to the broker (ActiveMQ.*, amq.*, $*)`,
      );
    }
    // What were sent to an own queue would have been read as a reply or an event.
    expect(await bench.metric('messages_invalid_total')).to.equal(0);
    expect(await bench.metric('replies_unmatched_total')).to.equal(0);
    await bench.expectNothingHappened(queue, received);
  });

  it('a path cannot be bent into an own queue', async () => {
    const queue = uniqueName('good');
    const received = await bench.listen(queue);
    const answer = await post(`${bench.url}/${bench.gateway.prefix}/status/x`, '{}');
    faultOf(answer, 403, 'DESTINATION_NOT_ALLOWED');
    await bench.expectNothingHappened(queue, received);
  });

  it('a name of dots that is no match for a route is answered at once', async () => {
    const workedMs = startWorkTime();
    const answer = await post(`${bench.url}/requests/${'.'.repeat(8_000)}%0A`, '{}');
    faultOf(answer, 400, 'INVALID_REQUEST');
    expect(workedMs()).to.be.lessThan(1_000);
  });

  for (const scheme of ['https', 'http', 'ftp', 'HTTPS']) {
    it(`a Reply-To of ${scheme} gets 400 and nobody is called`, async () => {
      const queue = uniqueName('good');
      const received = await bench.listen(queue);
      let connections = 0;
      const callback = createServer((socket) => {
        connections += 1;
        socket.destroy();
      });
      await new Promise<void>((resolve) => callback.listen(0, '127.0.0.1', resolve));
      try {
        const { port } = callback.address() as AddressInfo;
        const url = `${scheme}://127.0.0.1:${port}/hook`;
        const fault = faultOf(await bench.ask(queue, { 'reply-to': url }), 400, 'INVALID_REQUEST');
        expect(fault).to.deep.include({ field: 'Reply-To', value: url });
        expect(fault.allowed).to.match(/callbacks are not served/u);
        await bench.expectNothingHappened(queue, received);
        expect(connections).to.equal(0);
      } finally {
        await new Promise((resolve) => callback.close(resolve));
      }
    });
  }
});

describe('destinations that the configuration leaves out', () => {
  const allowed = uniqueName('allowed');
  const bench = httpBench(() => ({
    settings: { REPLYTO_ALLOW__QUEUES: `${allowed}.*`, REPLYTO_ALLOW__REPLY_TO: `${allowed}.replies` },
  }));

  it('get 403 that names the patterns, by path and by name', async () => {
    const received = await bench.listen(`${allowed}.in`);
    const byName = await bench.ask(allowed);
    expect(faultOf(byName, 403, 'DESTINATION_NOT_ALLOWED')).to.deep.equal({
      field: 'queue',
      value: allowed,
      allowed: `a queue that matches ${allowed}.*`,
    });
    faultOf(await post(`${bench.url}/other/queue/name`, '{}'), 403, 'DESTINATION_NOT_ALLOWED');
    const replyTo = await bench.ask(`${allowed}.in`, { 'reply-to': `${allowed}.other` });
    expect(faultOf(replyTo, 403, 'DESTINATION_NOT_ALLOWED')).to.deep.equal({
      field: 'Reply-To',
      value: `${allowed}.other`,
      allowed: `a queue that matches ${allowed}.replies`,
    });
    await bench.expectNothingHappened(`${allowed}.in`, received);
  });

  it('leave room for none, which is no queue', async () => {
    const received = await bench.listen(`${allowed}.one-way`);
    const answer = await bench.ask(`${allowed}.one-way`, { 'reply-to': 'none' });
    expect(answer.status, answer.text()).to.equal(202);
    await until(() => received.length === 1, { what: 'the message' });
    expect(received[0]!.replyTo).to.equal(null);
  });
});
