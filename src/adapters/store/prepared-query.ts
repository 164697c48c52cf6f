import type { CompiledQuery, Kysely, QueryResult } from 'kysely';

/** A query that is compiled once and run with other values each time; building it anew costs more than running it. */
export type PreparedQuery<Values, Row> = (db: Runner, values: Values) => Promise<Row[]>;

/** A database, or a transaction of it. */
type Runner = Pick<Kysely<never>, 'executeQuery'>;

interface Compilable<Row> {
  compile(): CompiledQuery<Row>;
}

/** The same for a query that takes any number of rows. */
export type PreparedRows<Values, Row> = (db: Runner, rows: readonly Values[]) => Promise<Row[]>;

/** The same for a change; resolves with how many rows it has changed. */
export type PreparedChanges<Values> = (db: Runner, rows: readonly Values[]) => Promise<number>;

/** Stands for a value while the query is built. */
class Placeholder {
  readonly name: string;
  /** In which of several rows. */
  readonly row: number;

  constructor(name: string, row = 0) {
    this.name = name;
    this.row = row;
  }
}

/** So many rows in one statement; each number of rows is a statement of its own. */
const mostRows = 32;

/**
 * `build` is called once and uses `value(name)` wherever a value will stand.
 *
 * @example prepareQuery<{ id: string }, Row>((value) => db.selectFrom('t').selectAll().where('id', '=', value('id')))
 */
export function prepareQuery<Values, Row>(
  build: (value: <Name extends keyof Values & string>(name: Name) => Values[Name]) => Compilable<Row>,
): PreparedQuery<Values, Row> {
  let compiled: CompiledQuery<Row> | undefined;
  return async (db, values) => {
    // Kysely hands values through untouched, so a placeholder comes out where its value belongs.
    compiled ??= build((name) => new Placeholder(name) as unknown as Values[typeof name]).compile();
    const parameters = compiled.parameters.map((parameter) =>
      parameter instanceof Placeholder ? values[parameter.name as keyof Values] : parameter,
    );
    const { rows } = await db.executeQuery<Row>({ ...compiled, parameters });
    return rows;
  };
}

/**
 * `build` is called once for each power of two up to 32, with so many rows that stand for those that come. Any number of
 * rows is then a few statements, which stay prepared.
 *
 * @param columns all that `build` uses of a row
 */
export function prepareRows<Values extends object, Row>(
  columns: readonly (keyof Values & string)[],
  build: (rows: readonly Values[]) => Compilable<Row>,
): PreparedRows<Values, Row> {
  const run = prepareInParts(columns, build);
  return async (db, rows) => (await run(db, rows)).flatMap((result) => result.rows);
}

/** As {@link prepareRows}, for what gives no rows back. */
export function prepareChanges<Values extends object>(
  columns: readonly (keyof Values & string)[],
  build: (rows: readonly Values[]) => Compilable<unknown>,
): PreparedChanges<Values> {
  const run = prepareInParts(columns, build);
  return async (db, rows) =>
    (await run(db, rows)).reduce((sum, { numAffectedRows }) => sum + Number(numAffectedRows ?? 0), 0);
}

function prepareInParts<Values extends object, Row>(
  columns: readonly (keyof Values & string)[],
  build: (rows: readonly Values[]) => Compilable<Row>,
): (db: Runner, rows: readonly Values[]) => Promise<readonly QueryResult<Row>[]> {
  const compiled = new Map<number, CompiledQuery<Row>>();

  function compile(count: number): CompiledQuery<Row> {
    const rows = Array.from({ length: count }, (_, row) =>
      Object.fromEntries(columns.map((name) => [name, new Placeholder(name, row)])),
    );
    const query = build(rows as Values[]).compile();
    compiled.set(count, query);
    return query;
  }

  function run(db: Runner, some: readonly Values[]): Promise<QueryResult<Row>> {
    const query = compiled.get(some.length) ?? compile(some.length);
    const parameters = query.parameters.map((parameter) =>
      parameter instanceof Placeholder ? some[parameter.row]?.[parameter.name as keyof Values] : parameter,
    );
    return db.executeQuery<Row>({ ...query, parameters });
  }

  return async (db, rows) => {
    const results: QueryResult<Row>[] = [];
    let from = 0;
    while (from < rows.length) {
      const count = Math.min(mostRows, 2 ** Math.floor(Math.log2(rows.length - from)));
      results.push(await run(db, rows.slice(from, from + count)));
      from += count;
    }
    return results;
  };
}
