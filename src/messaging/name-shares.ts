/**
 * Places that all who call share. Where callers log in, no name takes them all: it gets no more than it leaves to
 * others, so a first name has half of them at most, a second half of the rest, and so on. Nobody has a name where
 * nobody logs in, and then the limit alone counts.
 */
export interface NameShares {
  /** Why there is no room for so many more (default 1), in one sentence; null when there is. */
  refusal(name: string | null, count?: number): string | null;
  /** The returned function gives back what was taken; again it does nothing. */
  take(name: string | null, count?: number): () => void;
  /** Taken by all. */
  readonly size: number;
}

interface NameSharesOptions {
  readonly limit: number;
  /** What is counted, and what it does: `callers wait`. */
  readonly what: string;
}

export function createNameShares({ limit, what }: NameSharesOptions): NameShares {
  const taken = new Map<string, number>();
  let size = 0;

  function add(name: string | null, count: number): void {
    size += count;
    if (name === null) return;
    const left = (taken.get(name) ?? 0) + count;
    if (left > 0) taken.set(name, left);
    else taken.delete(name);
  }

  return {
    refusal(name, count = 1) {
      const own = name === null ? 0 : (taken.get(name) ?? 0);
      return shareRefusal({ limit, what, all: size + count - 1, own: own + count - 1, name });
    },
    take(name, count = 1) {
      let isTaken = true;
      add(name, count);
      return () => {
        if (isTaken) add(name, -count);
        isTaken = false;
      };
    },
    get size() {
      return size;
    },
  };
}

interface Shared extends NameSharesOptions {
  readonly all: number;
  /** Of these, what the name has. */
  readonly own: number;
  readonly name: string | null;
}

/** The rule itself, for places that are counted elsewhere. */
export function shareRefusal({ limit, what, all, own, name }: Shared): string | null {
  if (all >= limit) return `${all} ${what}; the limit is ${limit}`;
  if (name === null || own < limit - all) return null;
  return `${own} ${what} for '${name}'; of ${limit} in all a name gets no more than it leaves to others`;
}
