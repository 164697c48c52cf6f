import { sql } from 'kysely';
import type { IncidentDetail, IncidentKind } from '#core/ports/request-lives.js';
import { mostIncidents } from '#core/ports/request-lives.js';
import type { StoreContext, Tx } from './context.js';
import { toBlob } from './rows.js';

export interface NewIncident {
  /** Of the request. */
  readonly seq: number;
  readonly kind: IncidentKind;
  /** Where it happened. */
  readonly instance: string | null;
  readonly detail: IncidentDetail;
}

/** Characters of what a broker says. */
const longestError = 1_000;

/** Keeps what is not as usual with requests, in the transaction in which it happens; of each the newest. */
export async function noteIncidents(
  tx: Tx,
  { clock, dialect }: StoreContext,
  incidents: readonly NewIncident[],
): Promise<void> {
  if (incidents.length === 0) return;
  const time = clock.now();
  await tx
    .insertInto('incidents')
    .values(
      incidents.map(({ seq, kind, instance, detail }) => ({
        ...{ request_seq: seq, kind, time, instance },
        detail: toBlob(
          detail.error === undefined ? detail : { ...detail, error: detail.error.slice(0, longestError) },
        ),
      })),
    )
    .execute();
  const seqs = dialect.toList([...new Set(incidents.map(({ seq }) => seq))]);
  await tx
    .deleteFrom('incidents')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom(
          eb
            .selectFrom('incidents')
            .select([
              'id',
              sql<number>`row_number() OVER (PARTITION BY request_seq ORDER BY id DESC)`.as('place'),
            ])
            .where(dialect.isOneOf('request_seq', seqs))
            .as('placed'),
        )
        .select('placed.id')
        .where('place', '>', mostIncidents),
    )
    .execute();
}

/** Of requests that are removed. */
export async function forgetIncidents(
  tx: Tx,
  { dialect }: Pick<StoreContext, 'dialect'>,
  requests: readonly { readonly seq: number }[],
): Promise<void> {
  if (requests.length === 0) return;
  const seqs = dialect.toList(requests.map(({ seq }) => seq));
  await tx.deleteFrom('incidents').where(dialect.isOneOf('request_seq', seqs)).execute();
}
