// The page of every header: those of HTTP from the description of the API, those on the broker from their table.
import { loadConfiguration } from '#app/configuration/load.js';
import { openApiDocument } from '#gateway/openapi/openapi.js';
import { markdownTable } from '#schema/markdown-table.js';
import { wireHeaders } from './wire-headers.js';

interface Described {
  readonly description?: string;
}

interface DescribedOperation {
  readonly parameters?: readonly (Described & { readonly name: string; readonly in: string })[];
  readonly responses?: Readonly<Record<string, { readonly headers?: Readonly<Record<string, Described>> }>>;
}

/** By name; the first meaning of a header that has several stands for all, as it is the one of asking. */
type Meanings = Map<string, string>;

function add(meanings: Meanings, name: string, { description = '' }: Described): void {
  if (!meanings.has(name)) meanings.set(name, description);
}

export function httpHeaders(): { readonly calls: Meanings; readonly answers: Meanings } {
  const calls: Meanings = new Map();
  const answers: Meanings = new Map();
  const { configuration } = loadConfiguration({ environment: {}, workingFolder: '/' });
  const paths = JSON.parse(JSON.stringify(openApiDocument(configuration, '0').paths)) as Readonly<
    Record<string, Readonly<Record<string, DescribedOperation>>>
  >;
  for (const operation of Object.values(paths).flatMap((path) => Object.values(path))) {
    for (const parameter of operation.parameters ?? []) {
      if (parameter.in === 'header') add(calls, parameter.name, parameter);
    }
    for (const { headers = {} } of Object.values(operation.responses ?? {})) {
      for (const [name, header] of Object.entries(headers)) add(answers, name, header);
    }
  }
  return { calls, answers };
}

function tableOf(meanings: Iterable<readonly [string, string]>): string {
  const rows = [...meanings]
    .sort(([a], [b]) => a.localeCompare(b, 'en'))
    .map(([name, meaning]) => [`\`${name}\``, meaning.replaceAll('\n', ' ')]);
  return markdownTable(['header', 'meaning'], rows);
}

export function headersPage(): string {
  const { calls, answers } = httpHeaders();
  return [
    '# Headers\n',
    'Every header that is of this product, made from the source by `npm run schemas`. `X-` headers travel with the message',
    'and come back with its reply, but for those by which proxies talk to each other.\n',
    '## Of calls\n',
    tableOf(calls),
    '\n## Of answers\n',
    tableOf(answers),
    '\n## Of messages on the broker\n',
    'Optional but for `Message-ID`: a message of a stranger that has none of them is understood all the same.\n',
    tableOf(Object.entries(wireHeaders)),
    '',
  ].join('\n');
}
