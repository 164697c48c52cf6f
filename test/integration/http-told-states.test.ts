import { expect } from 'chai';
import { Fault } from '#core/fault.js';
import { isRequestState, requestStates } from '#core/request.js';
import type { SequencedEvent } from '#core/status-event.js';
import { toldState } from '#core/told-state.js';
import { uniqueName } from '../support/gateway.js';
import { httpBench } from '../support/http-bench.js';
import { call } from '../support/http.js';
import { until } from '../support/until.js';

/** What followers take for a state has to be what the gateway tells. */
describe('the states of requests, in the log of their project', () => {
  const bench = httpBench();

  it('are each recognised by its event, and nothing else is taken for one', async () => {
    const project = uniqueName('shop');
    const queue = uniqueName('work');
    await bench.serve(queue, async (request, context) => {
      await context.progress(40, 'working');
      if (request.messageId.endsWith('faulted')) throw new Fault('NO_STOCK', 'nothing is left');
      return {};
    });
    const nobody = uniqueName('nobody');
    const ask = (state: string, to: string, headers: Readonly<Record<string, string>> = {}) =>
      bench.ask(to, { 'message-id': `${project}-${state}`, project, prefer: 'respond-async', ...headers });
    await ask('replied', queue);
    await ask('faulted', queue);
    await ask('expired', nobody, { 'request-timeout': '1' });
    await ask('cancelled', nobody);
    await ask('completed', nobody, { 'reply-to': 'none' });
    await call(`${bench.url}/requests/${project}-cancelled`, { method: 'DELETE' });
    const events = await until(
      async () => {
        const page = await call(`${bench.url}/status/${project}`, {
          headers: { accept: 'application/json' },
        });
        const found = page.json<{ events: SequencedEvent[] }>().events;
        const seen = new Set(found.map(toldState));
        return requestStates.every((state) => seen.has(state)) ? found : undefined;
      },
      { what: 'every state', withinMs: 20_000 },
    );
    for (const event of events) {
      const { status } = (event.data ?? {}) as { readonly status?: string };
      expect(toldState(event)).to.equal(status !== undefined && isRequestState(status) ? status : undefined);
    }
    for (const state of ['replied', 'faulted', 'expired', 'cancelled', 'completed'] as const) {
      const told = events.filter(({ subject }) => subject === `${project}-${state}`).map(toldState);
      expect(told[0]).to.equal('accepted');
      expect(told.findLast((each) => each !== undefined)).to.equal(state);
    }
  });
});
