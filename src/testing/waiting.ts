/** Milliseconds of real time that a test waits for something, unless it says otherwise. */
export const usualWithinMs = 10_000;

export interface WithinOptions {
  /** Milliseconds of real time, whatever clock the test has; default 10,000. */
  readonly withinMs?: number;
}

/** Who waits in a test for something that is told by events; every wait has a deadline and says what it was for. */
export interface Waiting {
  /** Something has changed: every wait looks again. */
  wake(): void;
  /**
   * Resolves with what `look` gives as soon as that is not undefined.
   *
   * @throws what `look` throws; Error that says what was awaited, when the deadline passes
   */
  until<T>(look: () => T | undefined, what: () => string, withinMs?: number): Promise<T>;
  /** Every wait, now and in future, that has not found what it waits for fails for this reason. */
  end(reason: string): void;
}

export function createWaiting(): Waiting {
  const looks = new Set<() => void>();
  let ended: string | undefined;

  return {
    wake() {
      for (const look of [...looks]) look();
    },
    until(look, what, withinMs = usualWithinMs) {
      return new Promise((resolve, reject) => {
        const finish = (settle: () => void): void => {
          clearTimeout(timer);
          looks.delete(again);
          settle();
        };
        const again = (): void => {
          try {
            const found = look();
            if (found !== undefined) finish(() => resolve(found));
            else if (ended !== undefined) throw new Error(`${ended}; waited for ${what()}`);
          } catch (error) {
            // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- passed on as it was thrown
            finish(() => reject(error));
          }
        };
        const timer = setTimeout(() => {
          finish(() => reject(new Error(`waited ${withinMs} ms in vain for ${what()}`)));
        }, withinMs);
        looks.add(again);
        again();
      });
    },
    end(reason) {
      ended = reason;
      for (const look of [...looks]) look();
    },
  };
}
