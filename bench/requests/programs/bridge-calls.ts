/** What a bridge under test can be asked. */
export interface BridgeCalls {
  /** Resolves when it listens on 127.0.0.1, for `POST /requests/{queue}`. */
  start(place: {
    /** Empty where no broker takes part. */
    readonly brokerUrl: string;
    /** Where it gets its replies. */
    readonly replyQueue: string;
  }): Promise<{ readonly port: number }>;
}
