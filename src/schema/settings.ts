import { z } from 'zod';
import { configurationSchema } from './configuration.js';
import type { SettingFacts } from './setting.js';
import { settingFacts } from './setting.js';
import { membersOf } from './schema-tree.js';

/** One key of the configuration, as sources, print and reference page need it. */
export interface Setting extends SettingFacts {
  /** `requests.waitMs` */
  readonly key: string;
  readonly path: readonly string[];
  readonly description: string;
}

function descriptionOf(schema: z.core.$ZodType): string {
  return z.globalRegistry.get(schema)?.description ?? '';
}

function collect(schema: z.core.$ZodType, path: readonly string[]): Setting[] {
  const facts = settingFacts.get(schema);
  if (facts !== undefined)
    return [{ ...facts, key: path.join('.'), path, description: descriptionOf(schema) }];
  return [...(membersOf(schema) ?? [])].flatMap(([name, member]) => collect(member, [...path, name]));
}

/** Every key, in the order of the schema. */
export const settings: readonly Setting[] = collect(configurationSchema, []);

/** Names of the groups: `http`, `broker`, ... */
export const sections: readonly string[] = [
  ...new Set(settings.filter(({ path }) => path.length > 1).map(({ path }) => path[0] ?? '')),
];

/** Settings that are planned and not built yet. They are refused in words, never ignored. */
export const notBuiltYet: ReadonlyMap<string, string> = new Map([
  ['routes.claimCheck', 'not built yet: large bodies by claim check'],
]);
