/** One step of one task. */
export interface StepEvent {
  readonly project: string;
  /** Number of the client whose task it is. */
  readonly client: number;
  readonly subject: string;
  readonly step: number;
  readonly steps: number;
}

/** The side that knows of the steps. */
export interface Publisher {
  /** Sees to it that the event goes out; never waits for it, so that one slow event delays no other. */
  publish(event: StepEvent): void;
  /** Resolves when everything that was published has gone out or failed; how often what went wrong since the last call. */
  settled(): Promise<Readonly<Record<string, number>>>;
  close(): Promise<void>;
}

/** Publishes by a function that resolves when the event is out. */
export function createPublisher(
  send: (event: StepEvent) => Promise<void>,
  close: () => Promise<void>,
): Publisher {
  const underWay = new Set<Promise<void>>();
  const failures = new Map<string, number>();
  return {
    publish(event) {
      const sending: Promise<void> = send(event)
        .catch((error: unknown) => {
          const words = error instanceof Error ? error.message : String(error);
          failures.set(words, (failures.get(words) ?? 0) + 1);
        })
        .finally(() => underWay.delete(sending));
      underWay.add(sending);
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay);
      const since = Object.fromEntries(failures);
      failures.clear();
      return since;
    },
    close,
  };
}
