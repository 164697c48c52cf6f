/** What a browser gives to the scripts of a page, in Node: there nothing comes but what a test tells. */
import { mock } from 'node:test';

export class FakeEventSource extends EventTarget {
  static readonly CLOSED = 2;
  static opened: FakeEventSource[] = [];
  readonly after: string | null;
  readyState = 0;

  constructor(address: string) {
    super();
    this.after = new URL(address).searchParams.get('after');
    FakeEventSource.opened.push(this);
  }

  /** Those that are not closed. */
  static open(): FakeEventSource[] {
    return FakeEventSource.opened.filter(({ readyState }) => readyState !== FakeEventSource.CLOSED);
  }

  close(): void {
    this.readyState = FakeEventSource.CLOSED;
  }

  tell(number: number, data: unknown = { number }, type = 'progress'): void {
    this.dispatchEvent(new MessageEvent(type, { lastEventId: String(number), data: JSON.stringify(data) }));
  }

  /** The connection is gone; `isForGood`: the browser tries no more. */
  fail(isForGood: boolean): void {
    if (isForGood) this.close();
    this.dispatchEvent(new Event('error'));
  }
}

class FakeDocument extends EventTarget {
  hidden = false;

  turn(hidden: boolean): void {
    this.hidden = hidden;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

/** A call of the page: the last part of its path, and its query as numbers. */
export interface PageCall {
  readonly name: string;
  readonly query: Readonly<Record<string, number | undefined>>;
}

export interface FakePage {
  readonly document: FakeDocument;
  /** All calls, in their order. */
  readonly calls: PageCall[];
  /** Lets the page take what was answered, then lets so much time pass. */
  readonly pass: (ms: number) => Promise<void>;
}

/**
 * A page in Node, which is taken away within the test, before anybody looks for what was left behind.
 *
 * @param answer what the gateway says, as JSON; a number is a status without a document
 */
export async function withFakePage(
  use: (page: FakePage) => Promise<void>,
  answer: (call: PageCall) => unknown = () => 404,
): Promise<void> {
  const document = new FakeDocument();
  const calls: PageCall[] = [];
  const fetched = (url: URL): Promise<Response> => {
    const query = Object.fromEntries([...url.searchParams].map(([name, value]) => [name, Number(value)]));
    const call = { name: url.pathname.split('/').at(-1) ?? '', query };
    calls.push(call);
    const said = answer(call);
    return Promise.resolve(
      typeof said === 'number' ? new Response('', { status: said }) : Response.json(said),
    );
  };
  const fakes = { document, EventSource: FakeEventSource, sessionStorage: { getItem: () => null } };
  const { fetch } = globalThis;
  FakeEventSource.opened = [];
  Object.assign(globalThis, fakes, { fetch: fetched });
  mock.timers.enable({ apis: ['setTimeout'] });
  const settle = async (): Promise<void> => {
    // An answer goes through several turns: its head, its body, and what is asked next.
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  try {
    await use({
      document,
      calls,
      async pass(ms) {
        await settle();
        mock.timers.tick(ms);
        await settle();
      },
    });
  } finally {
    mock.timers.reset();
    Object.assign(globalThis, { fetch });
    for (const name of Object.keys(fakes)) Reflect.deleteProperty(globalThis, name);
  }
}
