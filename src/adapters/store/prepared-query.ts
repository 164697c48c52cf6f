import type { CompiledQuery, Kysely } from 'kysely';

/** A query that is compiled once and run with other values each time; building it anew costs more than running it. */
export type PreparedQuery<Values, Row> = (db: Runner, values: Values) => Promise<Row[]>;

/** A database, or a transaction of it. */
type Runner = Pick<Kysely<never>, 'executeQuery'>;

interface Compilable<Row> {
  compile(): CompiledQuery<Row>;
}

/** Stands for a value while the query is built. */
class Placeholder {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

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
