/** A bounded amount of bytes that many share. */
export interface Budget {
  readonly used: number;
  readonly limit: number;
  /** Takes the bytes if they are left. */
  take(bytes: number): boolean;
  /** Takes them in any case: for what is there already and only changes its place. */
  takeAnyway(bytes: number): void;
  give(bytes: number): void;
}

export function createBudget(limit: number, used = 0): Budget {
  let taken = used;
  return {
    get used() {
      return taken;
    },
    limit,
    take(bytes) {
      if (taken + bytes > limit) return false;
      taken += bytes;
      return true;
    },
    takeAnyway(bytes) {
      taken += bytes;
    },
    give(bytes) {
      taken -= bytes;
    },
  };
}
