import { settings } from '#schema/settings.js';
import type { NamedFile } from './file.js';
import type { GivenValue } from './origin.js';
import { fromText } from './text-value.js';

/** Flags of `serve` and `dev` as the command line hands them over: text, or true for a flag without value. */
export interface ServeFlags {
  readonly config?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly brokerUrl?: string | undefined;
  readonly brokerPort?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly storeUrl?: string | undefined;
  readonly prefix?: string | undefined;
  readonly roles?: string | undefined;
  readonly workers?: string | undefined;
  readonly logLevel?: string | undefined;
  readonly logFormat?: string | undefined;
  readonly insecure?: boolean | undefined;
}

type SettingFlag = Exclude<keyof ServeFlags, 'config'>;

const keys: Readonly<Record<SettingFlag, string>> = {
  host: 'http.host',
  port: 'http.port',
  brokerUrl: 'broker.url',
  brokerPort: 'broker.port',
  dataDir: 'dataDir',
  storeUrl: 'store.url',
  prefix: 'prefix',
  roles: 'roles',
  workers: 'workers',
  logLevel: 'log.level',
  logFormat: 'log.format',
  insecure: 'http.insecure',
};

/** One flag that sets a key. */
export interface SettingFlagFacts {
  readonly option: SettingFlag;
  /** `--broker-url` */
  readonly flag: string;
  readonly key: string;
  /** False: the flag alone means true. */
  readonly takesValue: boolean;
  /** From the schema, for the help text. */
  readonly description: string;
}

/** Every flag that sets a key, in the order of the help text. `--config` is besides. */
export const serveFlags: readonly SettingFlagFacts[] = (Object.keys(keys) as SettingFlag[]).map((option) => {
  const key = keys[option];
  const setting = settings.find((known) => known.key === key);
  return {
    option,
    flag: `--${option.replace(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)}`,
    key,
    takesValue: setting?.kind !== 'flag',
    description: setting?.description ?? '',
  };
});

export interface FlagSettings {
  readonly values: readonly GivenValue[];
  readonly file: NamedFile | undefined;
}

export function readFlags(flags: ServeFlags): FlagSettings {
  const values: GivenValue[] = [];
  for (const { option, flag, key } of serveFlags) {
    const given = flags[option];
    const setting = settings.find((known) => known.key === key);
    if (given === undefined || setting === undefined) continue;
    const read = typeof given === 'string' ? fromText(given, setting.kind) : undefined;
    const value = read?.ok === true ? read.value : given;
    values.push({
      path: setting.path,
      value,
      origin: { kind: 'flag', name: flag, steps: setting.path.length },
    });
  }
  const file = flags.config === undefined ? undefined : { path: flags.config, namedBy: '--config' };
  return { values, file };
}
