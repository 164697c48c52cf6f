import { expect } from 'chai';
import type { GatewayContext } from '#gateway/context.js';
import { bareGateway } from '../../support/bare-gateway.js';
import { configurationOf } from '../../support/gateway-context.js';
import { call } from '../../support/http.js';
import { problemOf } from '../../support/http-bench.js';
import { openRawHttp, rawRequest } from '../../support/raw-http.js';
import { until } from '../../support/until.js';

describe('a read of a queue without a wait', () => {
  const start = bareGateway();
  /** Of each reader, in the order in which they came. */
  let signals: AbortSignal[];
  beforeEach(() => (signals = []));

  /** A queue where nothing comes: each reader looks until it hangs up. */
  const leasing = {
    receive: (_: string, { signal }: { signal: AbortSignal }) =>
      new Promise<null>((resolve) => {
        signals.push(signal);
        signal.addEventListener('abort', () => resolve(null));
      }),
  } as unknown as GatewayContext['leasing'];

  const path = '/queues/q/messages';

  it('ends when its reader hangs up', async () => {
    const { port } = await start({ leasing });
    const reader = await openRawHttp(port);
    reader.write(rawRequest(`GET ${path}`, []));
    await until(() => signals.length === 1, { what: 'the reader' });
    reader.destroy();
    await until(() => signals[0]!.aborted, { what: 'the end of the read' });
  });

  it('counts among the callers that wait', async () => {
    const { url, port } = await start({
      leasing,
      configuration: configurationOf({ REPLYTO_REQUESTS__MAX_WAITING: '1' }),
    });
    const reader = await openRawHttp(port);
    reader.write(rawRequest(`GET ${path}`, []));
    await until(() => signals.length === 1, { what: 'the reader' });
    problemOf(await call(`${url}${path}`), 429, 'TOO_MANY_WAITING');
    reader.destroy();
    await until(() => signals[0]!.aborted, { what: 'the end of the read' });
    expect(signals).to.have.length(1);
  });
});
