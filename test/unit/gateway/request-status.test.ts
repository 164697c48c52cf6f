import { expect } from 'chai';
import type { RequestRecord } from '#core/request.js';
import type { GatewayContext } from '#gateway/context.js';
import type { Gateway } from '#gateway/gateway.js';
import { createGateway } from '#gateway/gateway.js';
import { createRequestWatch } from '#messaging/request-watch.js';
import { contextOf } from '../../support/gateway-context.js';
import { call } from '../../support/http.js';
import type { HttpAnswer } from '../../support/http.js';
import { createManualClock } from '#testing/manual-clock.js';
import { storedRequest } from '../../support/requests.js';
import { until } from '../../support/until.js';

describe('a long poll', () => {
  const clock = createManualClock();
  let gateway: Gateway;
  let url: string;
  /** What the store knows; null when the request was swept. */
  let record: RequestRecord | null;
  const watch = createRequestWatch(clock);

  beforeEach(async () => {
    record = storedRequest();
    const store = { find: () => Promise.resolve(record) } as unknown as GatewayContext['store'];
    gateway = createGateway(contextOf({ store, watch }), new Map());
    const { host, port } = await gateway.start();
    url = `http://${host}:${port}/requests/a`;
  });
  afterEach(() => gateway.stop(1_000));

  /** Polls, changes the record as a sender does that tells nobody, and lets the wait run out. */
  async function pollDuring(
    change: RequestRecord | null,
    headers: Record<string, string>,
  ): Promise<HttpAnswer> {
    const polled = call(url, { headers: { prefer: 'wait=30', ...headers } });
    await until(() => watch.size === 1, { what: 'the poll to wait' });
    record = change;
    clock.advance(30_000);
    return polled;
  }

  it('that runs out gives what the request has become without a word', async () => {
    const resent = storedRequest({ attempts: 2, version: 3 });
    for (const headers of [{}, { 'if-none-match': '"v1"' }]) {
      record = storedRequest();
      const answer = await pollDuring(resent, headers);
      expect(answer.status).to.equal(200);
      expect(answer.headers['etag']).to.equal('"v3"');
      expect(answer.json()).to.include({ attempts: 2 });
    }
  });

  it('that runs out without a change says so', async () => {
    const answer = await pollDuring(record, { 'if-none-match': '"v1"' });
    expect(answer.status).to.equal(304);
  });

  it('that runs out for a request that was removed meanwhile gives the last that was known of it', async () => {
    const answer = await pollDuring(null, {});
    expect(answer.status).to.equal(200);
    expect(answer.headers['etag']).to.equal('"v1"');
  });

  it('reads the record once when it does not wait', async () => {
    let reads = 0;
    const store = { find: () => Promise.resolve((reads += 1) > 0 ? record : null) };
    const other = createGateway(
      contextOf({ store: store as unknown as GatewayContext['store'], watch }),
      new Map(),
    );
    try {
      const { host, port } = await other.start();
      expect((await call(`http://${host}:${port}/requests/a`)).status).to.equal(200);
      expect(reads).to.equal(1);
    } finally {
      await other.stop(1_000);
    }
  });
});
