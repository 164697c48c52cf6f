/** `POST /requests?queue=a&queue=b`: the same body to several queues, their replies as one. See docs/scatter-gather.md. */
import type { Express, Request, Response } from 'express';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { NewRequest } from '#core/request.js';
import { fingerprint } from '#messaging/digest.js';
import type { Scattered } from '#messaging/scatter-gather.js';
import { queuesInWords } from '#messaging/scatter-gather.js';
import { readAskingHeaders, repeatedHeaders } from './asking-headers.js';
import { timeAsking } from './asking-stages.js';
import type { AskingStages } from './asking-stages.js';
import { readBody } from './body.js';
import { traceOf } from './call-tracing.js';
import type { GatewayContext } from './context.js';
import { checkReplyTo } from './destination-check.js';
import type { GatheringRule } from './gathering-rule.js';
import { readGatheringRule } from './gathering-rule.js';
import type { AskedQueue, IdentifiedHeaders } from './new-request.js';
import {
  checkAskedQueue,
  checkBody,
  checkProject,
  newTrace,
  sendAnswer,
  toNewRequest,
} from './new-request.js';
import { principalOf } from './principal.js';
import type { ConfiguredRoute } from './route-table.js';
import type { Waiting } from './waiting.js';

export function addAskingSeveral(app: Express, context: GatewayContext, waiting: Waiting): void {
  const { configuration, scatterGather, routes } = context;

  app.post('/requests', async (request: Request, response: Response) => {
    if (context.isStopping()) throw new ReplytoError('SHUTTING_DOWN');
    const rule = readGatheringRule(request);
    const stages = timeAsking(context, queuesInWords(rule.queues));
    try {
      await ask(request, response, rule, stages);
    } catch (error) {
      stages.refused();
      throw error;
    }
  });

  /** The body is read only for a call whose parameters and headers are good. */
  async function ask(
    request: Request,
    response: Response,
    rule: GatheringRule,
    stages: AskingStages,
  ): Promise<void> {
    const principal = principalOf(response);
    for (const queue of rule.queues) checkAskedQueue(context, principal, { field: '?queue', queue });
    const asked = rule.queues.map((queue): AskedQueue => ({ queue, route: routes.forQueue(queue) }));
    const headers = readAskingHeaders(request.headers, {
      forwardHeaders: [...new Set(asked.flatMap(({ route }) => route?.forwardHeaders ?? []))],
      repeated: repeatedHeaders(request),
      checkReplyTo: (name) => checkReplyTo(context, principal, { field: 'Reply-To', name }),
    });
    if (headers.oneWay) throw new ReplytoError('INVALID_REQUEST', { problems: [noReplies] });
    checkProject(principal, headers.properties.project);
    // Known before anything can fail: whoever is refused may post again under the same id.
    const messageId = headers.messageId ?? context.newId();
    response.setHeader('Message-ID', messageId);
    const body = await readBody(request, response, { maxBytes: configuration.http.maxBodyBytes });
    // Refused while its body was coming, because the gateway stops.
    if (response.headersSent) return;
    for (const { route } of asked) checkBody(context, route, body);
    // All of them in one trace.
    const properties = { traceparent: newTrace(), ...headers.properties };
    const call = { headers: { ...headers, messageId, properties }, body, trace: traceOf(response) };
    const scattered = toScattered(asked, rule, call, principal.name);
    const defaultMs = headers.replyTo === null ? configuration.requests.waitMs : 0;
    const result = await waiting.run(response, { prefer: headers.prefer, defaultMs }, (limits) =>
      scatterGather.request(scattered, { ...limits, onAccepted: (joined) => stages.accepted(joined) }),
    );
    stages.answered(response, result);
    if (!response.destroyed) sendAnswer(response, result, undefined);
  }

  function toScattered(
    asked: readonly AskedQueue[],
    { queues, expect, stallMs, totalMs }: GatheringRule,
    call: Parameters<typeof toNewRequest>[2],
    postedBy: string | null,
  ): Scattered {
    const { headers, body } = call;
    // As long as the whole may take, unless the caller says how long each of them may.
    const childTimeoutMs = headers.timeoutMs ?? totalMs ?? undefined;
    const children = asked.map((each): NewRequest => ({
      ...toNewRequest(context, each, { ...call, headers: ofChild(headers, each.route, childTimeoutMs) }),
      id: context.newId(),
      postedBy,
    }));
    const label = queuesInWords(queues);
    const whole = toNewRequest(context, { queue: label, route: undefined }, call);
    const project = commonProject(children);
    const parent: NewRequest = {
      ...whole,
      properties: { ...whole.properties, ...(project === undefined ? {} : { project }) },
      timeoutMs: totalMs ?? latest(children.map(({ timeoutMs }) => timeoutMs)),
      fingerprint: fingerprint([
        'several',
        ...queues,
        String([expect, stallMs, totalMs]),
        headers.replyTo,
        body,
      ]),
      postedBy,
    };
    return { parent, children, expect, stallMs };
  }
}

const noReplies = toProblem(
  'Reply-To',
  'none',
  'the name of a queue, or no such header: a request to several queues gathers their replies',
);

/** The reply to it goes nowhere else; headers travel as the route of its queue says. */
function ofChild(
  { applicationHeaders, ...headers }: IdentifiedHeaders,
  route: ConfiguredRoute | undefined,
  timeoutMs: number | undefined,
): IdentifiedHeaders {
  const forwarded = Object.entries(applicationHeaders).filter(
    ([name]) => name.startsWith('x-') || route?.forwardHeaders.includes(name),
  );
  return {
    ...headers,
    applicationHeaders: Object.fromEntries(forwarded),
    replyTo: null,
    timeoutMs: timeoutMs ?? headers.timeoutMs,
  };
}

/** Of the caller, or of all routes; that of some would tell it only a part. */
function commonProject(children: readonly NewRequest[]): string | undefined {
  const [project, ...others] = new Set(children.map(({ properties }) => properties.project));
  return others.length === 0 ? project : undefined;
}

/** Null = never. */
function latest(timeouts: readonly (number | null)[]): number | null {
  return timeouts.includes(null) ? null : Math.max(...timeouts.map((timeoutMs) => timeoutMs ?? 0));
}
