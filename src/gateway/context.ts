import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Express } from 'express';
import type { OwnDestinations } from '#core/destination.js';
import type { Authenticator } from '#core/ports/authenticator.js';
import type { Clock } from '#core/ports/clock.js';
import type { DeadLetters } from '#core/ports/dead-letters.js';
import type { EventLog } from '#core/ports/event-log.js';
import type { IdSource } from '#core/ports/id-source.js';
import type { Logger } from '#core/ports/logger.js';
import type { Meter } from '#core/ports/meter.js';
import type { RequestLives } from '#core/ports/request-lives.js';
import type { RequestStore } from '#core/ports/request-store.js';
import type { DeadLetterOffice } from '#messaging/dead-letter-office.js';
import type { Tracer } from '#core/ports/tracer.js';
import type { Leasing } from '#messaging/leasing.js';
import type { NameShares } from '#messaging/name-shares.js';
import type { ReplyDeliveries } from '#messaging/reply-deliveries.js';
import type { ReplySettlement } from '#messaging/reply-settlement.js';
import type { RequestDiagnosis } from '#messaging/request-diagnosis.js';
import type { RequestWatch } from '#messaging/request-watch.js';
import type { Requestor } from '#messaging/requestor.js';
import type { ScatterGather } from '#messaging/scatter-gather.js';
import type { StatusHub } from '#status/status-hub.js';
import type { BodyCheck } from '#schema/body-check.js';
import type { Configuration } from '#schema/configuration.js';
import type { TlsMaterial } from './connection/http-server.js';
import type { Resource } from './methods.js';
import type { RequestHistory } from './request-history.js';
import type { RouteTable } from './route-table.js';

/** What the resources of the gateway work with. */
export interface GatewayContext {
  readonly requestor: Requestor;
  readonly scatterGather: ScatterGather;
  readonly store: RequestStore;
  /** The same store, for who follows requests. */
  readonly history: RequestHistory;
  readonly events: EventLog;
  /** Brings status events to who follows a project. */
  readonly hub: StatusHub;
  /** Who follows a project takes one, by event stream or by subscription. */
  readonly followerPlaces: NameShares;
  readonly watch: RequestWatch;
  readonly settlement: ReplySettlement;
  readonly leasing: Leasing;
  readonly deadLetters: Pick<DeadLetters, 'find' | 'list'>;
  readonly office: DeadLetterOffice;
  readonly deliveries: ReplyDeliveries;
  /** What happened to a request. */
  readonly lives: RequestLives;
  /** Why a request is where it is. */
  readonly diagnosis: RequestDiagnosis;
  /** Whether this is the `Reply-Token` of that request. */
  readonly isReplyToken: (requestId: string, token: string) => boolean;
  readonly configuration: Configuration;
  readonly routes: RouteTable;
  /** Compiled JSON Schemas of the routes, by file. */
  readonly bodyChecks: ReadonlyMap<string, BodyCheck>;
  /** Finds out who calls; null where nobody has to log in. */
  readonly authenticator: Authenticator | null;
  /** Certificate and key of the server; null for plain HTTP. */
  readonly tls: TlsMaterial | null;
  readonly own: OwnDestinations;
  readonly clock: Clock;
  /** The clock of the store, by which what is kept was kept. */
  readonly storeTime: Pick<Clock, 'now'>;
  readonly newId: IdSource;
  readonly logger: Logger;
  readonly meter: Meter;
  readonly tracer: Tracer;
  /** Tells services that a request was cancelled; best effort. */
  readonly announceCancel: (requestId: string) => void;
  /** The checks behind /readyz. */
  readonly readiness: () => Promise<Readiness>;
  /** The text of /metrics and its content type. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  readonly version: VersionFacts;
  /** What is served for people, besides the API. */
  readonly pages: Pages;
  /** Hears of every call. */
  readonly accessLog: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  /** True once the process is stopping. */
  readonly isStopping: () => boolean;
}

/** Web pages; the paths they may have are open to everybody. */
interface Pages {
  readonly resources: readonly Resource[];
  add(app: Express): void;
}

export interface Readiness {
  readonly isReady: boolean;
  readonly checks: readonly { readonly name: string; readonly isOk: boolean; readonly detail: string }[];
}

interface VersionFacts {
  readonly version: string;
  readonly node: string;
  /** What the broker calls itself; null while it is away. */
  readonly broker: () => string | null;
  /** Where it is, without login, password and parameters. */
  readonly brokerUrl: string;
}
