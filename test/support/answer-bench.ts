import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runCommandLine } from '#cli/program.js';
import type { TestContextOptions } from './command-context.js';
import { testContext } from './command-context.js';

interface End {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A server that answers commands as a test says. */
export interface AnswerBench {
  readonly server: Server;
  readonly url: string;
  /** Calls so far. */
  readonly seen: readonly IncomingMessage[];
  /** How the next calls are answered. */
  answer: (response: ServerResponse, request: IncomingMessage) => void;
  /** Lets it answer with a problem. */
  readonly problem: (status: number, document: object) => void;
  /** Runs a command whose gateway it is. */
  readonly run: (given: readonly string[], options?: TestContextOptions) => Promise<End>;
}

/** To be called inside `describe`. */
export function answerBench(): AnswerBench {
  let server: Server | undefined;
  let seen: IncomingMessage[] = [];

  const bench: AnswerBench = {
    get server() {
      if (server === undefined) throw new Error('the bench is for tests and their hooks');
      return server;
    },
    get url() {
      return `http://127.0.0.1:${(bench.server.address() as AddressInfo).port}`;
    },
    get seen() {
      return seen;
    },
    answer: (response) => response.end(),
    problem(status, document) {
      bench.answer = (response) =>
        response
          .writeHead(status, { 'content-type': 'application/problem+json' })
          .end(JSON.stringify(document));
    },
    async run(given, options = {}) {
      const environment = { REPLYTO_URL: bench.url, ...options.environment };
      const context = testContext({ ...options, environment });
      const code = await runCommandLine(given, context);
      return { code, ...context.said() };
    },
  };

  beforeEach(async () => {
    seen = [];
    const started = createServer((request, response) => {
      seen.push(request);
      request.resume().on('end', () => bench.answer(response, request));
    });
    server = started;
    await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    bench.server.closeAllConnections();
    bench.server.close();
  });
  return bench;
}
