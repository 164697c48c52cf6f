/** `POST /requests/{queue}` and the paths of the routes: a call becomes a request, its reply the answer. */
import type { Express, Request, RequestHandler, Response } from 'express';
import { ReplytoError } from '#core/errors.js';
import { readAskingHeaders, repeatedHeaders } from './asking-headers.js';
import type { AskingStages } from './asking-stages.js';
import { timeAsking } from './asking-stages.js';
import { readBody } from './body.js';
import { nameRoute, traceOf } from './call-tracing.js';
import type { GatewayContext } from './context.js';
import { checkReplyTo } from './destination-check.js';
import type { IdentifiedHeaders } from './new-request.js';
import { checkAskedQueue, checkBody, checkProject, sendAnswer, toNewRequest } from './new-request.js';
import { readQuery } from './parameters.js';
import { principalOf } from './principal.js';
import type { ConfiguredRoute } from './route-table.js';
import type { Waiting } from './waiting.js';

export interface Asking {
  /** Adds `POST /requests/{queue}`, and `POST /queues/{queue}/messages`, which is the same without a reply. */
  readonly addResources: (app: Express) => void;
  /** Answers the paths of the routes; comes after every resource. */
  readonly routes: RequestHandler;
}

export function createAsking(context: GatewayContext, waiting: Waiting): Asking {
  const { requests, http } = context.configuration;

  async function ask(request: Request, response: Response, wanted: Wanted): Promise<void> {
    const stages = timeAsking(context, wanted.queue);
    if (wanted.route !== undefined) nameRoute(response, wanted.route.path);
    try {
      await askTimed(request, response, { ...wanted, stages });
    } catch (error) {
      stages.refused();
      throw error;
    }
  }

  /** The body is read only for a call whose path, parameters and headers are good. */
  async function askTimed(
    request: Request,
    response: Response,
    wanted: Wanted & { readonly stages: AskingStages },
  ): Promise<void> {
    const { queue, stages } = wanted;
    if (context.isStopping()) throw new ReplytoError('SHUTTING_DOWN');
    const principal = principalOf(response);
    checkAskedQueue(context, principal, { field: 'queue', queue });
    readQuery(request, []);
    const target = { queue, stages, route: wanted.route ?? context.routes.forQueue(queue) };
    const headers = readAskingHeaders(request.headers, {
      forwardHeaders: target.route?.forwardHeaders ?? [],
      isOneWay: wanted.isOneWay ?? false,
      repeated: repeatedHeaders(request),
      checkReplyTo: (name) => checkReplyTo(context, principal, { field: 'Reply-To', name }),
    });
    checkProject(principal, headers.properties.project);
    // Known before anything can fail: whoever is refused may post again under the same id.
    const id = headers.messageId ?? context.newId();
    response.setHeader('Message-ID', id);
    const body = await readBody(request, response, { maxBytes: http.maxBodyBytes });
    // Refused while its body was coming, because the gateway stops.
    if (response.headersSent) return;
    await answer(response, target, { ...headers, messageId: id }, body);
  }

  async function answer(
    response: Response,
    target: Target,
    headers: IdentifiedHeaders,
    body: Buffer,
  ): Promise<void> {
    checkBody(context, target.route, body);
    const trace = traceOf(response);
    const wanted = {
      ...toNewRequest(context, target, { headers, body, trace }),
      postedBy: principalOf(response).name,
    };
    const defaultMs = headers.replyTo === null ? (target.route?.waitMs ?? requests.waitMs) : 0;
    const wait = { prefer: headers.prefer, defaultMs: headers.oneWay ? 0 : defaultMs };
    const { stages } = target;
    const onAccepted = (joined: boolean): void => stages.accepted(joined);
    const result = await waiting.run(response, wait, (limits) =>
      context.requestor.request(wanted, { ...limits, onAccepted }),
    );
    stages.answered(response, result);
    if (response.destroyed) return;
    sendAnswer(response, result, target.route);
  }

  return {
    addResources(app) {
      app.post('/requests/:queue', (request, response) =>
        ask(request, response, { queue: request.params.queue }),
      );
      app.post('/queues/:queue/messages', (request, response) =>
        ask(request, response, { queue: request.params.queue, isOneWay: true }),
      );
    },
    routes(request, response, next) {
      const target = request.method === 'POST' ? context.routes.match(request.path) : undefined;
      if (target !== undefined) return ask(request, response, target);
      next();
      return undefined;
    },
  };
}

interface Wanted {
  readonly queue: string;
  /** No reply is expected, whatever the headers say. */
  readonly isOneWay?: boolean;
  /** Of the path; otherwise the one that leads to the queue. */
  readonly route?: ConfiguredRoute;
}

interface Target {
  readonly queue: string;
  readonly stages: AskingStages;
  readonly route: ConfiguredRoute | undefined;
}
