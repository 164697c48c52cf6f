/** `POST /requests/{queue}` and the paths of the routes: a call becomes a request, its reply the answer. */
import type { Express, Request, RequestHandler, Response } from 'express';
import { ReplytoError } from '#core/errors.js';
import { nextRandomBytes } from '#messaging/random-bytes.js';
import type { NewRequest } from '#core/request.js';
import type { TraceContext } from '#core/trace-context.js';
import { withTrace } from '#core/trace-context.js';
import { contentDigest, fingerprint } from '#messaging/digest.js';
import type { Answer } from '#messaging/requestor.js';
import { bodyProblems } from '#schema/body-check.js';
import { sendReply, sendStatus, sendWithoutReply } from './answers.js';
import { readAskingHeaders, repeatedHeaders } from './asking-headers.js';
import type { AskingHeaders } from './asking-headers.js';
import type { AskingStages } from './asking-stages.js';
import { timeAsking } from './asking-stages.js';
import { readBody } from './body.js';
import { nameRoute, traceOf } from './call-tracing.js';
import type { GatewayContext } from './context.js';
import { checkDestination, checkReplyTo } from './destination-check.js';
import { readQuery } from './parameters.js';
import type { Principal } from './principal.js';
import { principalOf, refuseUnless } from './principal.js';
import type { ConfiguredRoute } from './route-table.js';
import type { Waiting } from './waiting.js';

export interface Asking {
  /** Adds `POST /requests/{queue}`, and `POST /queues/{queue}/messages`, which is the same without a reply. */
  readonly addResources: (app: Express) => void;
  /** Answers the paths of the routes; comes after every resource. */
  readonly routes: RequestHandler;
}

export function createAsking(context: GatewayContext, waiting: Waiting): Asking {
  const { configuration, own } = context;
  const { requests, allow, http } = configuration;

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
    checkDestination(own, 'queue', queue, allow.queues);
    const principal = principalOf(response);
    refuseUnless(principal.mayAsk(queue), principal, {
      field: 'queue',
      value: queue,
      right: 'ask this queue',
    });
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

  function checkProject(principal: Principal, project: string | undefined): void {
    if (project === undefined) return;
    const right = 'use this project';
    refuseUnless(principal.mayUseProject(project), principal, { field: 'Project', value: project, right });
  }

  async function answer(
    response: Response,
    target: Target,
    headers: IdentifiedHeaders,
    body: Buffer,
  ): Promise<void> {
    checkBody(target.route, body);
    const trace = traceOf(response);
    const wanted = { ...toNewRequest(target, headers, body, trace), postedBy: principalOf(response).name };
    const defaultMs = headers.replyTo === null ? (target.route?.waitMs ?? requests.waitMs) : 0;
    const wait = { prefer: headers.prefer, defaultMs: headers.oneWay ? 0 : defaultMs };
    const { stages } = target;
    const onAccepted = (joined: boolean): void => stages.accepted(joined);
    const result = await waiting.run(response, wait, (limits) =>
      context.requestor.request(wanted, { ...limits, onAccepted }),
    );
    stages.answered(response, result);
    if (response.destroyed) return;
    send(response, result, target.route);
  }

  function checkBody(route: ConfiguredRoute | undefined, body: Buffer): void {
    const file = route?.schema?.request;
    const check = file === undefined ? undefined : context.bodyChecks.get(file);
    if (check === undefined) return;
    const problems = bodyProblems(check, body);
    if (problems.length > 0) throw new ReplytoError('SCHEMA_MISMATCH', { problems });
  }

  function toNewRequest(
    { queue, route }: Target,
    headers: IdentifiedHeaders,
    body: Buffer,
    trace: TraceContext | undefined,
  ): Omit<NewRequest, 'postedBy'> {
    const { properties, replyTo, oneWay, contentType } = headers;
    // Null is a value here: it never expires.
    const timeoutMs = route?.timeoutMs === undefined ? requests.timeoutMs : route.timeoutMs;
    return {
      id: headers.messageId,
      queue,
      replyTo,
      oneWay,
      time: headers.time ?? context.clock.now(),
      contentType,
      body,
      properties: {
        ...(trace?.traceparent === undefined ? { traceparent: newTrace() } : {}),
        ...(route?.project === undefined ? {} : { project: route.project }),
        ...(route?.replyToStyle === 'jms' ? { replyToStyle: 'jms' } : {}),
        ...(trace === undefined ? properties : withTrace(properties, trace)),
        contentDigest: contentDigest(body),
      },
      applicationHeaders: headers.applicationHeaders,
      timeoutMs: headers.timeoutMs ?? timeoutMs,
      fingerprint: fingerprint([queue, replyTo, String(oneWay), body]),
      brokerExpiry: route?.brokerExpiry ?? false,
    };
  }

  function send(
    response: Response,
    { record, reply, joined }: Answer,
    route: ConfiguredRoute | undefined,
  ): void {
    if (joined) response.setHeader('Idempotent-Replayed', 'true');
    // Whatever comes to a request that expects no reply is kept for who asks for it.
    if (record.oneWay) sendStatus(response, 202, record);
    else if (reply !== null) sendReply(response, reply, route?.contentType);
    else sendWithoutReply(response, record);
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

type IdentifiedHeaders = AskingHeaders & { readonly messageId: string };

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

/** W3C Trace Context: a caller without a trace begins one here, sampled, so that the request can be followed. */
function newTrace(): string {
  const ids = nextRandomBytes(24).toString('hex');
  return `00-${ids.slice(0, 32)}-${ids.slice(32)}-01`;
}
