/** What is compared: ways from a caller to a service behind a broker and back, and one that has no service at all. */

/** Who asks: HTTP connections, or a program that has the requests in flight itself. */
export type Kind = 'http' | 'library';

type BrokerName = 'classic' | 'embedded';
export type StoreName = 'sqlite' | 'postgres';

/** What is under test. */
type Subject =
  | { readonly is: 'echo' }
  | { readonly is: 'naive-bridge' }
  | { readonly is: 'bare-stomp' }
  | { readonly is: 'gateway'; readonly store: StoreName }
  | { readonly is: 'library'; readonly store: StoreName | null };

export interface Way {
  /** As `--only` takes it. */
  readonly id: string;
  readonly kind: Kind;
  readonly title: string;
  readonly subject: Subject;
  /** Null: no broker takes part. */
  readonly broker: BrokerName | null;
  /** Differs by its broker or its store alone from one that a smoke run has. */
  readonly notInSmoke?: true;
}

/** In the order of the report. */
export const ways: readonly Way[] = [
  {
    id: 'express',
    kind: 'http',
    title: 'Express echo, no broker',
    subject: { is: 'echo' },
    broker: null,
  },
  {
    id: 'naive',
    kind: 'http',
    title: 'naive bridge, Classic',
    subject: { is: 'naive-bridge' },
    broker: 'classic',
  },
  {
    id: 'embedded-sqlite',
    kind: 'http',
    title: 'replyto, embedded, SQLite',
    subject: { is: 'gateway', store: 'sqlite' },
    broker: 'embedded',
  },
  {
    id: 'classic-sqlite',
    kind: 'http',
    title: 'replyto, Classic, SQLite',
    subject: { is: 'gateway', store: 'sqlite' },
    broker: 'classic',
  },
  {
    id: 'classic-postgres',
    kind: 'http',
    title: 'replyto, Classic, PostgreSQL',
    subject: { is: 'gateway', store: 'postgres' },
    broker: 'classic',
  },
  {
    id: 'bare',
    kind: 'library',
    title: 'bare stompjs, Classic',
    subject: { is: 'bare-stomp' },
    broker: 'classic',
  },
  {
    id: 'library-memory',
    kind: 'library',
    title: 'library, Classic, no store',
    subject: { is: 'library', store: null },
    broker: 'classic',
    notInSmoke: true,
  },
  {
    id: 'library-embedded',
    kind: 'library',
    title: 'library, embedded, SQLite',
    subject: { is: 'library', store: 'sqlite' },
    broker: 'embedded',
    notInSmoke: true,
  },
  {
    id: 'library-classic',
    kind: 'library',
    title: 'library, Classic, SQLite',
    subject: { is: 'library', store: 'sqlite' },
    broker: 'classic',
  },
  {
    id: 'library-postgres',
    kind: 'library',
    title: 'library, Classic, PostgreSQL',
    subject: { is: 'library', store: 'postgres' },
    broker: 'classic',
  },
];

/** The way of that id. @throws Error when there is none */
export function wayOf(id: string): Way {
  const way = ways.find((one) => one.id === id);
  if (way === undefined) throw new Error(`way ${id} of the results is not known here`);
  return way;
}

export function usesPostgres({ subject }: Way): boolean {
  return 'store' in subject && subject.store === 'postgres';
}

/** `50 connections`, `100 in flight`. */
export function widthText(kind: Kind, width: number): string {
  const count = width.toLocaleString('en-US');
  if (kind === 'library') return `${count} in flight`;
  return `${count} ${width === 1 ? 'connection' : 'connections'}`;
}
