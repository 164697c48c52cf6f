import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';
import { askedByMachines } from '#gateway/operations.js';
import { problemCodeOf } from '#gateway/problem.js';
import { requestIdOf } from '#gateway/call-tracing.js';

/** Writes a line when the call has been answered. */
export type AccessLog = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Each call with its status, its duration, the id of its request and the code of its problem where it has one, at level
 * `debug`; other headers and bodies are never logged. Undefined where that level is off, so that nothing is spent on it.
 */
export function createAccessLog(logger: Logger): AccessLog | undefined {
  if (!logger.isLevelEnabled('debug')) return undefined;
  return pinoHttp({
    logger,
    customLogLevel: () => 'debug',
    autoLogging: { ignore: ({ url = '' }) => askedByMachines.has(url.split('?')[0] ?? '') },
    serializers: {
      req: ({ method, url }: { method: string; url: string }) => ({ method, url }),
      res: ({ statusCode, raw }: { statusCode: number; raw: ServerResponse }) => ({
        statusCode,
        requestId: requestIdOf(raw),
        code: problemCodeOf(raw),
      }),
    },
  });
}
