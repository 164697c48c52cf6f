/** Services to try the gateway with, written with the library as anybody would write one. */
import { Fault } from '#core/fault.js';
import type { Logger } from '#core/ports/logger.js';
import { contents } from '#messaging/contents.js';
import type { Handler } from '#messaging/handler-run.js';
import type { ConnectBrokerOptions } from './library/connect-broker.js';
import { connectBroker } from './library/connect-broker.js';
import { createReplier } from './library/create-replier.js';

/** What a demo service is for, in a few words. */
export interface DemoService {
  readonly queue: string;
  readonly description: string;
  readonly handler: Handler;
}

export interface DemoServices {
  /** Finishes or gives back what runs, then leaves the broker. */
  stop(deadlineMs: number): Promise<void>;
}

export interface StartDemoServicesOptions extends ConnectBrokerOptions {
  /** Milliseconds of each of the ten steps of `demo.slow`; default 1,000. */
  readonly slowStepMs?: number;
  readonly logger: Logger;
}

const slowSteps = 10;
const defaultStepMs = 1_000;

/** The services and their handlers; {@link startDemoServices} runs them. */
export function demoServices(slowStepMs = defaultStepMs): readonly DemoService[] {
  return [
    { queue: 'demo.echo', description: 'answers at once with what it got', handler: echo },
    {
      queue: 'demo.slow',
      description: 'takes ten seconds and reports progress each second',
      handler: slow(slowStepMs),
    },
    { queue: 'demo.faulty', description: 'answers with a Fault', handler: faulty },
    {
      queue: 'orion.workflow.create',
      description: 'answers that everything is awesome',
      handler: () => ({ result: 'Everything is awesome' }),
    },
  ];
}

const echo: Handler = ({ body, contentType }) => contents(body, { contentType });

/** A long task: tells how far it is, and stops when nobody wants the answer any more. */
function slow(stepMs: number): Handler {
  return async (_request, context) => {
    for (let step = 1; step <= slowSteps; step += 1) {
      await pause(stepMs, context.signal);
      await context.progress((step / slowSteps) * 100, `step ${step} of ${slowSteps}`);
    }
    return { result: 'done', steps: slowSteps };
  };
}

const faulty: Handler = () => {
  throw new Fault(
    'DEMO_FAULT',
    'this service refuses every request, so that you see what a Fault looks like',
    {
      status: 422,
    },
  );
};

/** Rejects as soon as the signal is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(new Error(`stopped: ${String(signal.reason)}`));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end);
      resolve();
    }, ms);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

/**
 * Runs the demo services on a broker.
 *
 * @throws what `connectBroker` throws, and SUBSCRIBE_REFUSED
 */
export async function startDemoServices({
  slowStepMs,
  ...options
}: StartDemoServicesOptions): Promise<DemoServices> {
  const broker = await connectBroker(options);
  const repliers = demoServices(slowStepMs).map(({ queue, handler }) =>
    createReplier({ broker, queue, handler }),
  );
  async function stop(deadlineMs: number): Promise<void> {
    await Promise.all(repliers.map((replier) => replier.stop(deadlineMs)));
    await broker.close(deadlineMs);
  }
  try {
    await Promise.all(repliers.map((replier) => replier.start()));
  } catch (error) {
    await stop(1_000);
    throw error;
  }
  return { stop };
}
