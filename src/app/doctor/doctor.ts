/**
 * `replyto doctor`: says what is right and what is wrong with an installation, before a start or beside a running
 * gateway. Every check is made whatever the others found, each with a deadline; nothing is left behind.
 */
import { errorKinds } from '#core/error-kinds.js';
import type { CommandContext } from '../command-context.js';
import { withoutMessageVariables } from '../broker-tools/message-variables.js';
import { readCredentials } from '../gateway-client/credentials.js';
import { brokerAddress } from '../configuration/broker-address.js';
import type { Environment } from '../configuration/environment.js';
import type { ServeFlags } from '../configuration/flags.js';
import type { LoadedConfiguration } from '../configuration/load.js';
import type { Configuration } from '#schema/configuration.js';
import { isPostgresUrl } from '#schema/store-settings.js';
import { originInWords } from '../configuration/origin.js';
import { embeddedBrokerPort, httpPort } from '../port-obstacle.js';
import { isEmbeddedBroker, listenUrl, trustOwn } from '../running-gateway.js';
import type { BrokerCheck } from './broker-check.js';
import { checkBroker } from './broker-check.js';
import type { OwnBroker } from './broker-comparison.js';
import { compareBrokers } from './broker-comparison.js';
import { checkConfiguration } from './configuration-check.js';
import { checkDatabase } from './database-check.js';
import type { DataFolderCheck } from './data-folder-check.js';
import { checkDataFolder } from './data-folder-check.js';
import type { Finding } from './finding.js';
import { checkNames } from './finding.js';
import type { GatewayCheck } from './gateway-check.js';
import { checkGateway, missingGateway } from './gateway-check.js';
import { checkOpenFiles } from './open-files-check.js';
import { checkPort } from './port-check.js';
import { checkPrefix } from './prefix-check.js';
import { reportJson, reportText } from './report.js';

export interface DoctorOptions {
  readonly flags: ServeFlags;
  /** Address of the gateway, before REPLYTO_URL; default where the configuration has it listen. */
  readonly url?: string | undefined;
  readonly output: 'text' | 'json';
}

const stepMs = 5_000;

/** Resolves with exit code 0 when nothing is wrong, else with that of the first error, by the error table. */
export async function doctor(context: CommandContext, options: DoctorOptions): Promise<number> {
  const { stdout } = context;
  const { findings, isRunning } = await examine(context, options);
  const ordered = checkNames.flatMap((name) => findings.filter(({ check }) => check === name));
  const isColourful = stdout.isColourful;
  await stdout.write(
    options.output === 'json' ? reportJson(ordered) : reportText(ordered, isColourful, isRunning),
  );
  const first = ordered.find(({ state }) => state === 'wrong');
  return first === undefined ? 0 : first.code === undefined ? 1 : errorKinds[first.code].exitCode;
}

interface Examination {
  readonly findings: readonly Finding[];
  /** False when none answers where one would be. */
  readonly isRunning: boolean;
}

async function examine(context: CommandContext, { flags, url }: DoctorOptions): Promise<Examination> {
  const environment = withoutMessageVariables(context.environment);
  const { workingFolder } = context;
  const { findings, loaded } = checkConfiguration({ environment, flags, workingFolder });
  const named = url ?? namedGateway(environment);
  if (loaded === undefined) {
    const gateway = named === undefined ? [] : [(await checkNamedGateway(named, environment)).finding];
    return { findings: [...findings, ...gateway], isRunning: true };
  }
  const gateway = await (named === undefined
    ? checkOwnGateway(loaded, environment)
    : checkNamedGateway(named, environment));
  const { broker, http, prefix } = loaded.configuration;
  const isEmbedded = broker.url === 'embedded:';
  const httpPortFinding = await checkPort('HTTP port', httpPort(http, stepMs));
  const atBroker = isEmbedded
    ? await examineEmbedded(loaded)
    : await checkBroker({ url: broker.url, configuration: loaded.configuration, stepMs });
  // Last, because its files are held for a moment, in which a gateway could not start.
  const data = await examineStore(loaded.configuration);
  const other = gateway.running && compareBrokers(gateway.running, ownBroker(loaded, atBroker.server));
  // Our gateway is none of those that answered, when it is on another broker.
  const isHeld = data.isHeld && (named !== undefined || other === undefined);
  const isHeard = hearsGateway(isEmbedded, atBroker);
  const isSought = named === undefined && !isHeard;
  const all = [
    ...findings,
    httpPortFinding,
    ...data.findings,
    checkOpenFiles(loaded.configuration),
    ...('findings' in atBroker ? atBroker.findings : [atBroker.finding]),
    ...(isEmbedded ? [] : [checkPrefix({ prefix, ...data, ...atBroker, isHeld })]),
    (isSought ? stuckOrMissing(gateway, data) : undefined) ?? gateway.finding,
    other,
    gateway.clock,
  ];
  return {
    findings: all.filter((finding) => finding !== undefined),
    isRunning: gateway.url === undefined || gateway.running !== undefined || isHeard,
  };
}

/** With where it is, for messages. */
async function examineStore({
  store,
  dataDir,
  broker,
}: Configuration): Promise<DataFolderCheck & { readonly folder: string }> {
  if (isPostgresUrl(store.url)) return { ...(await checkDatabase(store, stepMs)), folder: 'the database' };
  const isEmbedded = broker.url === 'embedded:';
  return { ...(await checkDataFolder({ folder: dataDir, isEmbedded })), folder: dataDir };
}

/** It may well listen elsewhere: then it is heard through its broker. */
function hearsGateway(
  isEmbedded: boolean,
  { server, storeIds }: Pick<BrokerCheck, 'server' | 'storeIds'>,
): boolean {
  return isEmbedded ? isEmbeddedBroker(server) : storeIds.size > 0;
}

function namedGateway({ REPLYTO_URL }: Environment): string | undefined {
  return REPLYTO_URL === '' ? undefined : REPLYTO_URL;
}

/** Undefined when one answers, when nobody knows where, and when none has to. */
function stuckOrMissing(
  { url, running }: GatewayCheck,
  data: Parameters<typeof missingGateway>[1],
): Finding | undefined {
  return url === undefined || running !== undefined ? undefined : missingGateway(url, data);
}

/** The embedded broker is there when a gateway is; whoever else listens on its port is in the way. */
async function examineEmbedded(
  loaded: LoadedConfiguration,
): Promise<Pick<BrokerCheck, 'server' | 'storeIds'> & { readonly findings: readonly Finding[] }> {
  const { configuration } = loaded;
  const { port } = configuration.broker;
  let atPort: BrokerCheck | undefined;
  const portOptions = embeddedBrokerPort(configuration.broker, async () => {
    atPort = await checkBroker({ url: `stomp://127.0.0.1:${port}`, configuration, stepMs });
    return isEmbeddedBroker(atPort.server);
  });
  const portFinding = await checkPort('broker port', portOptions);
  const isOurs = isEmbeddedBroker(atPort?.server);
  const says = 'embedded: it starts with the gateway; one process on one machine, production means ActiveMQ';
  const broker: Finding =
    isOurs && atPort !== undefined ? atPort.finding : { check: 'broker', state: 'note', says };
  return { findings: [portFinding, broker], server: atPort?.server, storeIds: new Set() };
}

function ownBroker({ configuration, origins }: LoadedConfiguration, name: string | undefined): OwnBroker {
  const isEmbedded = configuration.broker.url === 'embedded:';
  const keys = isEmbedded ? ['broker.port', 'broker.url'] : ['broker.url'];
  const origin = keys
    .map((key) => origins.get(key))
    .find((one) => one !== undefined && one.kind !== 'default');
  return {
    url: brokerAddress(configuration.broker),
    isEmbedded,
    name,
    namedBy: origin === undefined ? undefined : originInWords(origin),
  };
}

async function checkOwnGateway(
  { configuration: { http } }: LoadedConfiguration,
  environment: Environment,
): Promise<GatewayCheck> {
  if (http.port !== 0) {
    const { headers, tls } = readCredentials(environment);
    return checkGateway(listenUrl(http), false, { headers, tls: { ...tls, ...trustOwn(http) } });
  }
  const says = 'its port is chosen when it starts; name the one that runs by REPLYTO_URL';
  return {
    url: undefined,
    clock: undefined,
    running: undefined,
    finding: { check: 'gateway', state: 'note', says },
  };
}

async function checkNamedGateway(text: string, environment: Environment): Promise<GatewayCheck> {
  if (URL.canParse(text) && /^https?:/u.test(text)) {
    return checkGateway(new URL(text), true, readCredentials(environment));
  }
  const finding: Finding = {
    check: 'gateway',
    state: 'wrong',
    says: 'REPLYTO_URL is no address',
    remedy: 'write it as http://127.0.0.1:8080',
    code: 'INVALID_ARGUMENT',
  };
  return { url: undefined, clock: undefined, running: undefined, finding };
}
