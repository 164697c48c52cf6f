import { duration, integer, section, text } from './setting.js';

const postgresUrl = /^postgres(?:ql)?:\/\/\S+$/u;

export function isPostgresUrl(url: string): boolean {
  return postgresUrl.test(url);
}

export const storeSettings = section({
  url: text(
    {
      pattern: /^(?:sqlite:|postgres(?:ql)?:\/\/\S+)$/u,
      allowed: 'sqlite: (a file in dataDir), or postgres://USER:PASSWORD@HOST:PORT/DATABASE',
      secret: 'url',
      default: 'sqlite:',
    },
    'Where requests and replies are kept. `sqlite:` is a file in `dataDir`, for one gateway; `postgres://…` is a database, for as many as there are; see docs/many-gateways.md.',
  ),
  poolSize: integer(
    { min: 3, max: 1_000, default: 10 },
    'Connections of this process to PostgreSQL at the same time; two of them are for commits alone.',
  ),
  statementTimeoutMs: duration(
    { min: 100, max: 600_000, default: 15_000 },
    'How long PostgreSQL may take for one statement, or a row may be locked by another gateway; after it the work counts as failed and is tried again.',
  ),
});
