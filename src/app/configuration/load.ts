/**
 * The configuration from its sources: presets, file, environment, flags; the later goes before the
 * earlier. Everything is checked, and all that is wrong is told at once, each problem with its source,
 * the value given and what is allowed. Secrets stand in no problem. Nothing outside of the arguments is
 * read but the files that they name.
 */
import { resolve } from 'node:path';
import type { Problem } from '#core/errors.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { BodyCheck } from '#schema/body-check.js';
import type { Configuration } from '#schema/configuration.js';
import { configurationSchema } from '#schema/configuration.js';
import { didYouMean } from '#schema/did-you-mean.js';
import type { Finding, Path } from '#schema/problems.js';
import { check, firstOfEach } from '#schema/problems.js';
import { mostSpecificFirst } from '#schema/route-conflicts.js';
import { notBuiltYet, settings } from '#schema/settings.js';
import { dataFolderFindings } from './data-folder.js';
import type { Environment } from './environment.js';
import { readEnvironment } from './environment.js';
import { readConfigurationFile } from './file.js';
import type { ServeFlags } from './flags.js';
import { readFlags } from './flags.js';
import { frozen } from './frozen.js';
import type { Merged, Origin } from './origin.js';
import { fieldInWords, mergeGiven } from './origin.js';
import { checkNamedFiles } from './named-files.js';
import { resolvePasscode } from './passcode-file.js';
import { loadRouteSchemas } from './route-schemas.js';
import { brokenBrokerUrl, brokenRules, routesOf } from './rules.js';
import { visibleValue } from './secrets.js';

export interface ConfigurationSources {
  /** `process.env`, or what a test puts in its place. */
  readonly environment: Environment;
  readonly flags?: ServeFlags;
  /** Absolute; where `replyto.yaml` is looked for, and what relative paths of variables and flags start at. */
  readonly workingFolder: string;
}

export interface LoadedConfiguration {
  /** Frozen. Paths are absolute; routes stand in the order in which they are to be tried. */
  readonly configuration: Configuration;
  /** Where each value came from, by key: `requests.waitMs`. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** The file that was read, absolute; null when there was none. */
  readonly file: string | null;
  /** The compiled JSON Schemas of the routes, by the paths that stand in `routes[].schema`. */
  readonly bodyChecks: ReadonlyMap<string, BodyCheck>;
}

/** What a key that nobody knows was meant to be. */
function unknownKey({ path, allowed, knownKeys = [] }: Finding): string {
  const steps = path.filter((step) => typeof step === 'string');
  const refused = notBuiltYet.get(steps.join('.'));
  if (refused !== undefined) return refused;
  const key = String(steps.at(-1));
  const lastSteps = settings.map((setting) => setting.path.at(-1) ?? '');
  // The nearest of all; where two are as near, the one that may stand in this place.
  const nearest = didYouMean(key, [...knownKeys, ...lastSteps]);
  if (nearest !== undefined && knownKeys.includes(nearest)) return allowed;
  const nested = settings.find((setting) => setting.key === key);
  if (nested !== undefined && nested.path.length > 1) {
    return `no such key; write ${nested.path.join(': { ')}: ... }, nested instead of dotted`;
  }
  const elsewhere = settings.find((setting) => setting.path.at(-1) === nearest);
  return elsewhere === undefined ? allowed : `no such key; did you mean '${elsewhere.key}'?`;
}

function problemOf(finding: Finding, merged: Merged): Problem {
  const { path, value, allowed, knownKeys } = finding;
  const field = fieldInWords(path, merged.originOf(path));
  // The value of an unknown key is never told: it may be a misspelled secret.
  return knownKeys === undefined
    ? toProblem(field, visibleValue(path, value), allowed)
    : toProblem(field, undefined, unknownKey(finding));
}

function withAbsolutePaths(configuration: Configuration, folderFor: (path: Path) => string): Configuration {
  const { routes } = configuration;
  const schemaPath = (name: string | undefined): string | undefined =>
    name === undefined ? undefined : resolve(folderFor(['routes']), name);
  return {
    ...withAbsoluteSettings(configuration, folderFor),
    routes: mostSpecificFirst(routes).map((route) =>
      route.schema === undefined
        ? route
        : {
            ...route,
            schema: { request: schemaPath(route.schema.request), reply: schemaPath(route.schema.reply) },
          },
    ),
  };
}

function withAbsoluteSettings(
  configuration: Configuration,
  folderFor: (path: Path) => string,
): Configuration {
  const members = (group: object, outer: readonly string[]): object =>
    Object.fromEntries(
      Object.entries(group).map(([name, value]: [string, unknown]) => {
        const path = [...outer, name];
        const setting = settings.find(({ key }) => key === path.join('.'));
        if (setting?.isPath === true && typeof value === 'string') {
          return [name, resolve(folderFor(path), value)];
        }
        return [name, setting === undefined && isGroup(value) ? members(value, path) : value];
      }),
    );
  // Each member has the type that it had.
  return members(configuration, []) as Configuration;
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(problems: readonly Problem[]): never {
  const [first] = problems;
  const count = problems.length === 1 ? 'a fault' : `${problems.length} faults`;
  const shown = first?.value === undefined ? '' : ` '${first.value}'`;
  const detail = `The configuration has ${count}: ${first?.field ?? ''}${shown}: ${first?.allowed ?? ''}`;
  throw new ReplytoError('INVALID_CONFIGURATION', { problems, detail });
}

/** @throws INVALID_CONFIGURATION with every problem of every source; nothing else. */
export function loadConfiguration(sources: ConfigurationSources): LoadedConfiguration {
  const { workingFolder } = sources;
  const environment = readEnvironment(sources.environment);
  const flags = readFlags(sources.flags ?? {});
  const file = readConfigurationFile(flags.file ?? environment.file, workingFolder);
  const folderOf = (origin: Origin): string => (origin.kind === 'file' ? file.folder : workingFolder);

  const passcode = resolvePasscode([...file.values, ...environment.values, ...flags.values], folderOf);
  const merged = mergeGiven(passcode.given);
  const folderFor = (path: Path): string => folderOf(merged.originOf(path));
  const schemas = loadRouteSchemas(routesOf(merged.tree), folderFor(['routes']));
  const files = checkNamedFiles(merged.tree, (path, name) => resolve(folderFor(path), name));
  const checked = check(configurationSchema, merged.tree);

  const findings = firstOfEach([
    ...brokenBrokerUrl(merged.tree),
    ...(checked.ok ? [] : checked.findings),
    ...passcode.findings,
    ...schemas.findings,
    ...files.findings,
    ...(checked.ok ? dataFolderFindings(checked.value.dataDir, folderFor(['dataDir'])) : []),
    // With a file that cannot be read half of what the rules weigh is missing.
    ...(file.isReadable ? brokenRules(merged.tree) : []),
  ]);
  const problems = [
    ...file.problems,
    ...environment.problems,
    ...findings.map((finding) => problemOf(finding, merged)),
    ...files.problems.map(({ setting, problem }) => ({
      ...problem,
      field: `${fieldInWords(setting, merged.originOf(setting))}: ${problem.field}`,
    })),
  ];
  if (problems.length > 0 || !checked.ok) refuse(problems);

  return {
    configuration: frozen(withAbsolutePaths(checked.value, folderFor)),
    origins: new Map(settings.map(({ key, path }) => [key, merged.originOf(path)])),
    file: file.path,
    bodyChecks: schemas.checks,
  };
}
