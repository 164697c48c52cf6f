/**
 * Messaging Gateway (https://www.enterpriseintegrationpatterns.com/MessagingGateway.html) over HTTP: assembles the
 * resources, one file each, owns the HTTP server and its upgrades, and drains it on stop: waiting callers get their
 * 202 with a Location, event streams end with a `retry:`, calls that have not come whole are refused, and connections
 * are closed when their answers have gone out.
 */
import type { Server } from 'node:http';
import express from 'express';
import type { Express, NextFunction, Request, Response } from 'express';
import helmet from 'helmet';
import { ReplytoError } from '#core/errors.js';
import { createNameShares } from '#messaging/name-shares.js';
import { addAskingSeveral } from './asking-several.js';
import { createAsking } from './asking.js';
import { createAuthentication } from './authentication.js';
import { traceCalls } from './call-tracing.js';
import { shareBodyRoom } from './body.js';
import { trackConnections } from './connection/connections.js';
import type { GatewayContext } from './context.js';
import { addLetterEdit } from './dead-letters/letter-edit.js';
import { addLetterMatch } from './dead-letters/letter-match.js';
import { addLetterRetry } from './dead-letters/letter-retry.js';
import { addLetters } from './dead-letters/letters.js';
import { addDocs } from './docs.js';
import { createEventStreams } from './event-streams.js';
import { createDraining } from './connection/draining.js';
import { createFailedCalls } from './connection/failed-calls.js';
import { fixedHeaders } from './fixed-headers.js';
import { createHttpServer } from './connection/http-server.js';
import type { TlsMaterial } from './connection/http-server.js';
import type { Resource } from './methods.js';
import { methodsServed, refuseOtherMethods } from './methods.js';
import { addOpenApi, resources } from './openapi/openapi.js';
import { notAGateway, notFound } from './not-found.js';
import { addOperations } from './operations.js';
import { checkOrigin, createOriginRule } from './origin.js';
import { paceCalls } from './connection/pipelining.js';
import { sendLastProblem } from './problem.js';
import { addProblemPages } from './problem-pages.js';
import { checkProtocol, serveExpectations } from './connection/protocol.js';
import { addQueueLeases } from './queues/queue-leases.js';
import { addQueueMessages } from './queues/queue-messages.js';
import { addRequestAnswer } from './request-answer.js';
import { takeQueryToken } from './query-token.js';
import { addRequestCancel } from './request-cancel.js';
import { addRequestDeliveries } from './request-deliveries.js';
import { addRequestEvents } from './request-events.js';
import { addRequestLife } from './request-life.js';
import { addRequestList } from './request-list.js';
import { addRequestReply } from './request-reply.js';
import { addRequestStatus } from './request-status.js';
import { addRoot } from './root.js';
import { createRouteTable } from './route-table.js';
import { endSlowClients } from './connection/slow-clients.js';
import { addStatusEvents } from './status/status-events.js';
import { addStatusOverview } from './status/status-overview.js';
import { addStatusPublishing } from './status/status-publishing.js';
import { answerUnreadableCalls } from './connection/unreadable-calls.js';
import { serveUpgrades } from './connection/upgrades.js';
import type { UpgradeHandler } from './connection/upgrades.js';
import { createWaiting } from './waiting.js';

export type { UpgradeHandler } from './connection/upgrades.js';

export interface Gateway {
  /** Listens. @throws PORT_TAKEN */
  start(): Promise<{ readonly host: string; readonly port: number }>;
  /**
   * Stops listening, ends streams, and closes every connection but for those of WebSockets, after half of the deadline
   * at the latest: what is stopped after it needs the rest.
   */
  stop(deadlineMs: number): Promise<void>;
  /** Shows another certificate from the next connection on; only where HTTP is served over TLS. */
  useCertificate(tls: TlsMaterial): void;
  activity(): { readonly waiting: number; readonly eventStreams: number };
}

/** A client that reads slowly or a call without an end takes no more of the deadline. */
const drainingShare = 0.5;

/** `upgrades`: WebSocket endpoints by path. */
export function createGateway(
  context: GatewayContext,
  upgrades: ReadonlyMap<string, UpgradeHandler>,
): Gateway {
  const { http, requests, roles } = context.configuration;
  const isGateway = roles.includes('gateway');
  const waiting = createWaiting(requests);
  const streams = createEventStreams({
    ...context,
    places: createNameShares({ limit: requests.maxWaiting, what: 'event streams are open' }),
  });
  const followers = createEventStreams({ ...context, places: context.followerPlaces });
  const asking = createAsking(context, waiting);
  const failedCalls = createFailedCalls(context);
  const authentication = createAuthentication(context.authenticator);
  const originRule = createOriginRule(
    http.allowedOrigins,
    () => ownHosts(server, http.host),
    context.tls === null ? 'http' : 'https',
  );

  const app: Express = express();
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple').enable('case sensitive routing');
  const { accessLog } = context;
  if (accessLog !== undefined) {
    app.use((request: Request, response: Response, next: NextFunction) => {
      accessLog(request, response);
      next();
    });
  }
  const { tracer } = context;
  if (tracer.isOn) app.use(traceCalls(tracer, context.tls === null ? 'http' : 'https'));
  // What a service answers is shown under this origin: it may be HTML, and must not run.
  app.use(fixedHeaders(helmet({ contentSecurityPolicy: answerPolicy, strictTransportSecurity: false })));
  app.use(checkProtocol);
  app.use(checkOrigin(originRule));
  app.use(failedCalls.watch);
  app.use(authentication.check);
  app.use(shareBodyRoom(http));
  const served = isGateway ? addApi() : addOperationsAlone();
  app.use(refuseOtherMethods(served, isGateway ? context.routes : createRouteTable([])));
  app.use((request: Request) => {
    throw isGateway ? notFound(request) : notAGateway(roles);
  });
  app.use(failedCalls.answer);

  const { server, useCertificate, endHandshakes } = createHttpServer(context.tls, http);
  const connections = trackConnections(server);
  paceCalls(server, connections, (request, response) => {
    takeQueryToken(request);
    app(request, response);
  });
  endSlowClients(server, { connections, clock: context.clock });
  serveExpectations(server);
  answerUnreadableCalls(server, {
    connections,
    deadlines: http,
    onRefused: () => context.meter.count('requests-refused'),
  });
  serveUpgrades(server, {
    originRule,
    authentication,
    handlers: upgrades,
    connections,
    methods: methodsServed(served),
  });
  const draining = createDraining({
    server,
    connections,
    clock: context.clock,
    refuse: ({ response }) => sendLastProblem(response, new ReplytoError('SHUTTING_DOWN')),
  });

  /** Everything; gives what is served. */
  function addApi(): readonly Resource[] {
    asking.addResources(app);
    addAskingSeveral(app, context, waiting);
    addRequestStatus(app, context, waiting);
    addRequestReply(app, context, waiting);
    addRequestAnswer(app, context);
    addRequestEvents(app, context, streams, waiting);
    addRequestCancel(app, context);
    addRequestList(app, context);
    addRequestDeliveries(app, context);
    addRequestLife(app, context);
    addQueueMessages(app, context, waiting);
    addQueueLeases(app, context);
    addLetters(app, context);
    addLetterEdit(app, context);
    addLetterRetry(app, context);
    addLetterMatch(app, context);
    addStatusOverview(app, context);
    addStatusEvents(app, context, followers, waiting);
    addStatusPublishing(app, context);
    addOperations(app, context);
    addProblemPages(app);
    addOpenApi(app, context.configuration, context.version.version);
    addDocs(app);
    addRoot(app);
    context.pages.add(app);
    app.use(asking.routes);
    return [...resources, ...context.pages.resources];
  }

  /** What operators and their tools ask of any process, and what its problems mean. */
  function addOperationsAlone(): readonly Resource[] {
    addOperations(app, context);
    addProblemPages(app);
    return resources.filter(({ path }) => /^\/(?:livez|readyz|metrics|version|problems)(?:\/|$)/u.test(path));
  }

  return {
    start: () => listen(server, http),
    stop(deadlineMs) {
      streams.stop();
      followers.stop();
      const drained = draining.drain(deadlineMs * drainingShare);
      endHandshakes();
      return drained;
    },
    useCertificate,
    activity: () => ({ waiting: waiting.size, eventStreams: streams.size + followers.size }),
  };
}

const answerPolicy = {
  useDefaults: false,
  directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"], sandbox: [] },
};

function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<{ host: string; port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(toListenError(error, host, port)));
    server.listen(port, host, () => {
      const address = server.address();
      resolve({ host, port: typeof address === 'object' && address !== null ? address.port : port });
    });
  });
}

function toListenError(error: NodeJS.ErrnoException, host: string, port: number): ReplytoError {
  if (error.code === 'EADDRINUSE') {
    const detail = `port ${port} on ${host} is taken by another program: stop it, or choose another with --port or PORT`;
    return new ReplytoError('PORT_TAKEN', { detail, cause: error });
  }
  const detail = `cannot listen on ${host}:${port}: ${error.message}`;
  return new ReplytoError('INVALID_CONFIGURATION', { detail, cause: error });
}

/** `host:port` of every name under which a browser on this machine may have opened a page of this server. */
function ownHosts(server: Server, host: string): string[] {
  const address = server.address();
  if (typeof address !== 'object' || address === null) return [];
  const names = new Set([host.includes(':') ? `[${host}]` : host, 'localhost', '127.0.0.1', '[::1]']);
  return [...names].map((name) => `${name}:${address.port}`);
}
