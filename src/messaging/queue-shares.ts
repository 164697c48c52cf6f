/**
 * How many messages of each queue are under way. A queue that confirms nothing keeps its places until the deadline of
 * the receipts; so a queue that has more than what is left gets no more, and several such queues leave places to others.
 */
export interface QueueShares {
  /** The returned function gives the place back. */
  take(queue: string): () => void;
  /** Whether a message of this queue may set out. */
  hasRoom(queue: string): boolean;
  /** Queues that have their share. */
  crowded(): readonly string[];
  /** How many may set out together, whatever their queues: a quarter of what is left; 0 when nothing is. */
  mostAtOnce(): number;
}

export function createQueueShares(places: number): QueueShares {
  const taken = new Map<string, number>();
  let all = 0;

  const left = (): number => places - all;
  const isCrowded = (count: number): boolean => count > left();

  return {
    take(queue) {
      taken.set(queue, (taken.get(queue) ?? 0) + 1);
      all += 1;
      return () => {
        const count = (taken.get(queue) ?? 0) - 1;
        all -= 1;
        if (count > 0) taken.set(queue, count);
        else taken.delete(queue);
      };
    },
    hasRoom: (queue) => left() > 0 && !isCrowded(taken.get(queue) ?? 0),
    crowded: () => [...taken].filter(([, count]) => isCrowded(count)).map(([queue]) => queue),
    mostAtOnce: () => Math.max(0, Math.ceil(left() / 4)),
  };
}
