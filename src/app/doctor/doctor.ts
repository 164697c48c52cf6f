/**
 * `replyto doctor`: says what is right and what is wrong with an installation, before a start or beside a running
 * gateway. Every check is made whatever the others found, each with a deadline; nothing is left behind.
 */
import { errorKinds } from '#core/error-kinds.js';
import type { CommandContext } from '../command-context.js';
import { withoutMessageVariables } from '../broker-tools/message-variables.js';
import type { ServeFlags } from '../configuration/flags.js';
import type { LoadedConfiguration } from '../configuration/load.js';
import type { BrokerCheck } from './broker-check.js';
import { checkBroker } from './broker-check.js';
import { checkConfiguration } from './configuration-check.js';
import { checkDataFolder } from './data-folder-check.js';
import type { Finding } from './finding.js';
import { checkNames } from './finding.js';
import { checkGateway, gatewayVersion } from './gateway-check.js';
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
const embeddedServer = 'replyto-embedded';

/** Resolves with exit code 0 when nothing is wrong, else with that of the first error, by the error table. */
export async function doctor(context: CommandContext, options: DoctorOptions): Promise<number> {
  const { stdout } = context;
  const findings = await examine(context, options);
  const ordered = checkNames.flatMap((name) => findings.filter(({ check }) => check === name));
  const isColourful = stdout.isColourful;
  await stdout.write(options.output === 'json' ? reportJson(ordered) : reportText(ordered, isColourful));
  const first = ordered.find(({ state }) => state === 'wrong');
  return first === undefined ? 0 : first.code === undefined ? 1 : errorKinds[first.code].exitCode;
}

async function examine(context: CommandContext, { flags, url }: DoctorOptions): Promise<Finding[]> {
  const environment = withoutMessageVariables(context.environment);
  const { workingFolder } = context;
  const { finding, loaded } = checkConfiguration({ environment, flags, workingFolder });
  const named = url ?? (environment['REPLYTO_URL'] === '' ? undefined : environment['REPLYTO_URL']);
  if (loaded === undefined) {
    return named === undefined ? [finding] : [finding, await checkNamedGateway(named)];
  }
  const gateway = await (named === undefined ? checkOwnGateway(loaded) : checkNamedGateway(named));
  return [finding, gateway, ...(await examineParts(loaded))];
}

async function examineParts(loaded: LoadedConfiguration): Promise<Finding[]> {
  const { http, broker, dataDir, prefix } = loaded.configuration;
  const isEmbedded = broker.url === 'embedded:';
  const httpPort = await checkPort({
    check: 'HTTP port',
    host: http.host,
    port: http.port,
    settings: '--port or PORT',
    whoListens: async () => {
      const version = await gatewayVersion(listenUrl(loaded));
      return version === undefined ? undefined : `a running gateway (replyto ${version})`;
    },
  });
  const atBroker = isEmbedded
    ? await examineEmbedded(loaded)
    : await checkBroker({ url: broker.url, configuration: loaded.configuration, stepMs });
  // Last, because its files are held for a moment, in which a gateway could not start.
  const data = await checkDataFolder({ folder: dataDir, isEmbedded });
  const prefixFinding = isEmbedded ? [] : [checkPrefix({ prefix, ...data, ...atBroker })];
  const found = 'findings' in atBroker ? atBroker.findings : [atBroker.finding];
  return [httpPort, ...data.findings, ...found, ...prefixFinding];
}

/** The embedded broker is there when a gateway is; whoever else listens on its port is in the way. */
async function examineEmbedded(
  loaded: LoadedConfiguration,
): Promise<Pick<BrokerCheck, 'server' | 'storeIds'> & { readonly findings: readonly Finding[] }> {
  const { configuration } = loaded;
  const { port } = configuration.broker;
  let atPort: BrokerCheck | undefined;
  const portFinding = await checkPort({
    check: 'broker port',
    host: '127.0.0.1',
    port,
    settings: '--broker-port or BROKER_PORT',
    whoListens: async () => {
      atPort = await checkBroker({ url: `stomp://127.0.0.1:${port}`, configuration, stepMs });
      return atPort.server?.startsWith(embeddedServer) === true
        ? 'the broker of a running gateway'
        : undefined;
    },
  });
  const isOurs = atPort?.server?.startsWith(embeddedServer) === true;
  const says = 'embedded: it starts with the gateway; one process on one machine, production means ActiveMQ';
  const broker: Finding =
    isOurs && atPort !== undefined ? atPort.finding : { check: 'broker', state: 'note', says };
  return { findings: [portFinding, broker], server: atPort?.server, storeIds: new Set() };
}

function listenUrl({ configuration: { http } }: LoadedConfiguration): URL {
  const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };
  const host = everywhere[http.host] ?? (http.host.includes(':') ? `[${http.host}]` : http.host);
  return new URL(`http://${host}:${http.port}`);
}

async function checkOwnGateway(loaded: LoadedConfiguration): Promise<Finding> {
  if (loaded.configuration.http.port !== 0) return checkGateway(listenUrl(loaded), false);
  const says = 'its port is chosen when it starts; name the one that runs by REPLYTO_URL';
  return { check: 'gateway', state: 'note', says };
}

async function checkNamedGateway(text: string): Promise<Finding> {
  if (URL.canParse(text) && /^https?:/u.test(text)) return checkGateway(new URL(text), true);
  return {
    check: 'gateway',
    state: 'wrong',
    says: 'REPLYTO_URL is no address',
    remedy: 'write it as http://127.0.0.1:8080',
    code: 'INVALID_ARGUMENT',
  };
}
