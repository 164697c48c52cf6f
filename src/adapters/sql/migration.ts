/** One step of a schema. Steps are numbered by their place and never changed once released. */
export interface Migration {
  readonly name: string;
  /** One or more statements, in what SQLite understands; see postgres/schema-text.ts for what becomes of them elsewhere. */
  readonly sql: string;
}
