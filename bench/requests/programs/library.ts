/** The library of the product, as a program of its users has it: it asks and has the requests in flight itself. */
import type * as Library from '../../../src/index.js';
import { answerCalls } from '../../tools/calls.js';
import type { Ask } from '../load/load.js';
import { runLoad } from '../load/run-load.js';
import type { RequestorCalls, RequestorPlace } from './requestor-calls.js';

const waitMs = 30_000;

let ask: Ask | undefined;

const calls: RequestorCalls = {
  async start(place) {
    const library = (await import(place.library)) as typeof Library;
    const store = await openStore(library, place.storeUrl);
    ask = await connect(library, place, store);
    return { unsupported: null };
  },
  load(load) {
    if (ask === undefined) throw new Error('not started');
    return runLoad(ask, load);
  },
};

type Store = ReturnType<typeof Library.openStore>;

async function openStore(library: typeof Library, url: string | null): Promise<Store | null> {
  if (url === null) return null;
  return url.startsWith('postgres:') ? library.openSharedStore(url) : library.openStore(url);
}

async function connect(
  { connectBroker, createRequestor, contents }: typeof Library,
  { brokerUrl, prefix, queue, replyQueue }: RequestorPlace,
  store: Store | null,
): Promise<Ask> {
  const broker = await connectBroker({ url: brokerUrl, prefix });
  const requestor = createRequestor({ broker, replyQueue, ...(store === null ? {} : { store }) });
  await requestor.start();
  return async (_, body) => {
    const message = contents(body, { contentType: 'application/json' });
    return (await requestor.request(queue, message, { timeoutMs: waitMs })).text();
  };
}

answerCalls(calls);
