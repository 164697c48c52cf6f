import type { Reconnecting } from './reconnecting.js';

/** Connections that are not needed any more and say goodbye. */
export interface Leaving {
  add(link: Reconnecting, deadlineMs: number): void;
  /** Resolves when all are gone; this deadline holds for those too that had more time. */
  stop(deadlineMs: number): Promise<void>;
}

export function createLeaving(): Leaving {
  const links = new Set<Reconnecting>();
  return {
    add(link, deadlineMs) {
      links.add(link);
      void link.stop(deadlineMs).then(() => links.delete(link));
    },
    async stop(deadlineMs) {
      await Promise.all([...links].map((link) => link.stop(deadlineMs)));
    },
  };
}
