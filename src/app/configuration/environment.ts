/**
 * Settings from environment variables. Every key has the name `REPLYTO_SECTION__KEY_NAME`, some a short
 * one besides; a group can be given whole as JSON under `REPLYTO_SECTION`, single keys go before it. An
 * empty variable counts as not set. An unknown `REPLYTO_` name is a problem: it was meant for us.
 */
import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';
import { didYouMean } from '#schema/did-you-mean.js';
import type { Setting } from '#schema/settings.js';
import { notBuiltYet, sections, settings } from '#schema/settings.js';
import type { NamedFile } from './file.js';
import type { Given } from './flatten.js';
import { flattenSection } from './flatten.js';
import { visibleValue } from './secrets.js';
import { fromText } from './text-value.js';

export type Environment = Readonly<Record<string, string | undefined>>;

const shortNames: Readonly<Record<string, string>> = {
  'http.host': 'HOST',
  'http.port': 'PORT',
  'broker.url': 'BROKER_URL',
  'broker.port': 'BROKER_PORT',
  'broker.virtualHost': 'BROKER_VIRTUAL_HOST',
  'broker.login': 'BROKER_LOGIN',
  'broker.passcode': 'BROKER_PASSCODE',
  'broker.passcodeFile': 'BROKER_PASSCODE_FILE',
  'store.url': 'STORE_URL',
  authTokensFile: 'AUTH_TOKENS_FILE',
  dataDir: 'DATA_DIR',
  'log.level': 'LOG_LEVEL',
  'log.format': 'LOG_FORMAT',
  'telemetry.otlpEndpoint': 'OTEL_EXPORTER_OTLP_ENDPOINT',
  'telemetry.serviceName': 'OTEL_SERVICE_NAME',
  'telemetry.traces': 'OTEL_TRACES_EXPORTER',
  'telemetry.metrics': 'OTEL_METRICS_EXPORTER',
  'telemetry.metricsEveryMs': 'OTEL_METRIC_EXPORT_INTERVAL',
  'telemetry.disabled': 'OTEL_SDK_DISABLED',
};

const configName = 'REPLYTO_CONFIG';

/** Those of the commands that speak HTTP; no settings of the server. */
const foreignNames: readonly string[] = [
  'REPLYTO_URL',
  'REPLYTO_TOKEN',
  'REPLYTO_TOKEN_FILE',
  'REPLYTO_CA_FILE',
  'REPLYTO_CERT_FILE',
  'REPLYTO_KEY_FILE',
];

function longName(path: readonly string[]): string {
  return `REPLYTO_${path.map((step) => step.replace(/[A-Z]/gu, '_$&').toUpperCase()).join('__')}`;
}

/** Names of a key, the one to prefer first. */
export function environmentNames(setting: Pick<Setting, 'key' | 'path'>): readonly string[] {
  const short = shortNames[setting.key];
  return short === undefined ? [longName(setting.path)] : [short, longName(setting.path)];
}

/** Names of settings that are refused because they are not built, with the words for it. */
const refusedNames: ReadonlyMap<string, string | undefined> = new Map(
  [...notBuiltYet].map(([key, words]) => [longName(key.split('.')), words] as const),
);

/** An unknown name that begins so was meant for us. */
export const ownPrefix = 'REPLYTO_';

const knownNames: readonly string[] = [
  ...settings.flatMap(environmentNames),
  ...sections.map((section) => longName([section])),
  configName,
];

/** Every name that any command reads, or that is refused in words. */
export const readNames: readonly string[] = [...knownNames, ...foreignNames];

/** An empty variable counts as not set. */
export function isSet(environment: Environment, name: string): boolean {
  return Object.hasOwn(environment, name) && (environment[name] ?? '').trim() !== '';
}

function readSection(section: string, environment: Environment): Given {
  const name = longName([section]);
  if (!isSet(environment, name)) return { values: [], problems: [] };
  const read = fromText(environment[name] ?? '', 'structure');
  const origin = { kind: 'environment', name, steps: 1 } as const;
  if (read.ok) return flattenSection(section, read.value, origin);
  return { values: [], problems: [toProblem(name, undefined, `a JSON object with the keys of ${section}`)] };
}

/** Kubernetes sets `BROKER_PORT=tcp://10.0.0.7:61613` in every pod of a namespace with a service called `broker`. */
function isServiceLink(name: string, text: string): boolean {
  return name.endsWith('_PORT') && /^(?:tcp|udp|sctp):\/\//u.test(text.trim());
}

function serviceLinkWords(name: string): string {
  const service = name.slice(0, -'_PORT'.length).toLowerCase().replaceAll('_', '-');
  return `a port number; this is what Kubernetes sets for a service called '${service}': write enableServiceLinks: false into the pod, or give the service another name`;
}

function readSetting(setting: Setting, environment: Environment): Given {
  const [name, other] = environmentNames(setting).filter((candidate) => isSet(environment, candidate));
  if (name === undefined) return { values: [], problems: [] };
  const text = environment[name] ?? '';
  const value = visibleValue(setting.path, text);
  if (other !== undefined) {
    return { values: [], problems: [toProblem(name, value, `only one of ${name} and ${other}`)] };
  }
  if (isServiceLink(name, text))
    return { values: [], problems: [toProblem(name, value, serviceLinkWords(name))] };
  const read = fromText(text, setting.kind);
  if (!read.ok) {
    const form = setting.kind === 'list' ? 'entries with commas between them, or a JSON list' : 'JSON';
    return { values: [], problems: [toProblem(name, value, `${form}: ${setting.allowed}`)] };
  }
  const origin = { kind: 'environment', name, steps: setting.path.length } as const;
  return { values: [{ path: setting.path, value: read.value, origin }], problems: [] };
}

/** Compared without the prefix: what all names share brings no two of them nearer. */
function nearestName(name: string): string | undefined {
  const bare = (full: string): string => full.replace(/^REPLYTO_/u, '');
  const nearest = didYouMean(bare(name), knownNames.map(bare));
  return knownNames.find((known) => bare(known) === nearest);
}

/** No value stands in these problems: a misspelled name may hold a secret. */
function unknownNames(environment: Environment): Problem[] {
  const problems: Problem[] = [];
  for (const name of Object.keys(environment)) {
    // A name without our prefix may be anybody's.
    if (!name.startsWith(ownPrefix)) continue;
    if (!isSet(environment, name) || knownNames.includes(name) || foreignNames.includes(name)) continue;
    const meant = nearestName(name);
    const words = meant === undefined ? 'no such setting' : `no such setting; did you mean ${meant}?`;
    problems.push(toProblem(name, undefined, refusedNames.get(name) ?? words));
  }
  return problems;
}

export interface EnvironmentSettings extends Given {
  /** The configuration file that `REPLYTO_CONFIG` names. */
  readonly file: NamedFile | undefined;
}

export function readEnvironment(environment: Environment): EnvironmentSettings {
  const parts = [
    ...sections.map((section) => readSection(section, environment)),
    ...settings.map((setting) => readSetting(setting, environment)),
  ];
  return {
    values: parts.flatMap(({ values }) => values),
    problems: [...parts.flatMap(({ problems }) => problems), ...unknownNames(environment)],
    file: isSet(environment, configName)
      ? { path: environment[configName] ?? '', namedBy: configName }
      : undefined,
  };
}
