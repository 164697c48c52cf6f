import { SqliteQueryCompiler } from 'kysely';

/**
 * Leaves out what a query says about locking rows. There is one writer at a time here, so whatever a transaction has read is
 * as good as locked; and SQLite does not know the words.
 */
export class LocklessQueryCompiler extends SqliteQueryCompiler {
  protected override visitSelectModifier(): void {
    // Nothing.
  }
}
