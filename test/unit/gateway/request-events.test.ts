import { expect } from 'chai';
import { createDeferred } from '#core/deferred.js';
import type { RequestRecord } from '#core/request.js';
import type { GatewayContext } from '#gateway/context.js';
import { createGateway } from '#gateway/gateway.js';
import { contextOf } from '../../support/gateway-context.js';
import { call } from '../../support/http.js';
import { createManualClock } from '#testing/manual-clock.js';
import { openRawHttp, rawRequest } from '../../support/raw-http.js';
import { storedRequest } from '../../support/requests.js';
import { until } from '../../support/until.js';

describe('an event stream', () => {
  it('is not opened for a client that hung up while its request was looked for', async () => {
    const found = createDeferred<RequestRecord>();
    let looks = 0;
    const history = {
      find: () => {
        looks += 1;
        return found.promise;
      },
      events: () => Promise.resolve([]),
    } as unknown as GatewayContext['history'];
    const clock = createManualClock();
    const delays: number[] = [];
    const after: typeof clock.after = (ms, callback) => {
      delays.push(ms);
      return clock.after(ms, callback);
    };
    const gateway = createGateway(contextOf({ history, clock: { ...clock, after } }), new Map());
    const { port } = await gateway.start();
    try {
      const connection = await openRawHttp(port);
      connection.write(rawRequest('GET /requests/a/events', []));
      await until(() => looks === 1, { what: 'the look for the request' });
      connection.destroy();
      // What the gateway did before it answers another call, it has done.
      await call(`http://127.0.0.1:${port}/livez`);
      found.resolve(storedRequest());
      await call(`http://127.0.0.1:${port}/livez`);
      expect(looks).to.equal(1);
      expect(gateway.activity()).to.deep.equal({ waiting: 0, eventStreams: 0 });
      // That of a comment, the first thing that a stream plans.
      expect(delays).not.to.include(15_000);
    } finally {
      const stopped = gateway.stop(1_000);
      clock.advance(1_000);
      await stopped;
    }
  });
});
