import { z } from 'zod';
import { configurationSchema } from '#schema/configuration.js';
import { durationInWords } from '#schema/duration.js';
import { routeSchema } from '#schema/route.js';
import { membersOf } from '#schema/schema-tree.js';
import type { Row } from '#schema/markdown-table.js';
import { markdownTable } from '#schema/markdown-table.js';
import type { Setting } from '#schema/settings.js';
import { notBuiltYet, sections, settings } from '#schema/settings.js';
import { environmentNames } from './environment.js';
import { serveFlags } from './flags.js';

function code(text: string): string {
  return `\`${text}\``;
}

function presetOf(tree: unknown, setting: Setting): string {
  const value = setting.path.reduce<unknown>(
    (part, step) => (part as Readonly<Record<string, unknown>> | undefined)?.[step],
    tree,
  );
  if (value === undefined) return 'none';
  if (setting.kind === 'structure') return 'see below';
  if (setting.kind === 'duration' && typeof value === 'number') {
    return `${code(String(value))} (${durationInWords(value)})`;
  }
  return code(typeof value === 'string' ? value : JSON.stringify(value));
}

function settingRow(tree: unknown, setting: Setting): Row {
  const flag = serveFlags.find(({ key }) => key === setting.key)?.flag;
  const secret = setting.secret === 'whole' ? ' A secret: never shown.' : '';
  return [
    code(setting.key),
    presetOf(tree, setting),
    environmentNames(setting).map(code).join(' '),
    flag === undefined ? '' : code(flag),
    `${setting.description}${secret}`,
    setting.allowed,
  ];
}

function settingsTable(chosen: readonly Setting[]): string {
  const presets = configurationSchema.parse({});
  return markdownTable(
    ['key', 'default', 'environment', 'flag', 'meaning', 'allowed'],
    chosen.map((setting) => settingRow(presets, setting)),
  );
}

function routeRows(schema: z.core.$ZodType, prefix: string): Row[] {
  return [...(membersOf(schema) ?? [])].flatMap(([name, member]) => [
    [code(`${prefix}${name}`), z.globalRegistry.get(member)?.description ?? ''],
    ...routeRows(member, `${prefix}${name}.`),
  ]);
}

const introduction = `# Configuration

This page is generated from the schema of the configuration; \`npm run schemas\` writes it.

Settings come from these sources, the later going before the earlier: the defaults; the file \`replyto.yaml\` in the
working folder, or the one that \`--config\` or \`REPLYTO_CONFIG\` names; environment variables; flags. What is wrong
is told all at once, and the process does not start. Unknown keys are errors, and so are unknown variables that begin
with \`REPLYTO_\`. Other names that are one letter from a name on this page (\`BROKER_ULR\`) are noted by \`config check\`
and \`doctor\`, and logged at the start. \`schemas/configuration.v1.json\` lets editors check the file while it is written.

- **Durations** are milliseconds (\`500\`) or text with a unit: \`500ms\`, \`30s\`, \`5m\`, \`24h\`, \`7d\`.
- **Variables**: every key has the name \`REPLYTO_SECTION__KEY_NAME\`, some a short one besides; give one of the two.
  Lists have commas between their entries, or are JSON; \`routes\` is JSON; a whole section can be given as a JSON object
  (\`REPLYTO_REQUESTS='{"waitMs":200}'\`). An empty variable counts as not set. \`REPLYTO_URL\` and \`REPLYTO_TOKEN\`
  belong to the commands that speak HTTP.
- **Paths** in the file are relative to the folder of the file, all others to the working folder.
- **Secrets**: passwords, also those inside of URLs, are never logged and never printed. A broker's password can stand
  in a file of its own (\`broker.passcodeFile\`).`;

const routesText = `## Routes

A route turns \`POST\` calls on a path into messages on a queue. \`{name}\` in a path is one decoded segment; the queue may
use the names of its path. When two routes match a call the more specific one counts; two of which neither is more
specific are an error, and so is a first segment that belongs to the API. Without the key \`routes\` this one is on:

\`\`\`yaml
routes:
  - path: /{service}/{resource}/{action}
    queue: '{service}.{resource}.{action}'
\`\`\``;

/** The reference page of the configuration, in Markdown. */
export function referencePage(): string {
  const single = settings.filter(({ path }) => path.length === 1);
  const groups = sections.map(
    (name) =>
      `## ${name}\n\n${settingsTable(settings.filter(({ path }) => path.length > 1 && path[0] === name))}`,
  );
  const planned = [...notBuiltYet].map(
    ([key, words]) => `- ${code(key)}: ${words.replace('not built yet: ', '')}`,
  );
  return [
    introduction,
    ...groups,
    `## Top level\n\n${settingsTable(single)}`,
    `${routesText}\n\n${markdownTable(['key of a route', 'meaning'], routeRows(routeSchema, ''))}`,
    `## Not built yet\n\nThese are refused, never ignored.\n\n${planned.join('\n')}`,
  ]
    .map((part) => `${part}\n`)
    .join('\n');
}
