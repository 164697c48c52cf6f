import type { EncodedFrame } from './frame-encoder.js';
import type { Frame, StompVersion } from './frame.js';
import type { StompRefusal } from './refusal.js';

/** What gives frames their meaning: a broker, or a hub of events. */
export interface FrameHandler {
  /**
   * Carries out any frame but CONNECT, STOMP and DISCONNECT. Done when it returns, or when its promise resolves.
   *
   * @throws StompRefusal (thrown or rejected), which the session answers with ERROR.
   */
  handle(frame: Frame): Promise<void> | undefined;
  /** The client took bytes: {@link Session.isBehind} may have become false. */
  writable(): void;
  /** The client is gone or going; nothing sent now matters. Called once. */
  closed(): void;
}

export interface Session {
  readonly id: string;
  readonly version: StompVersion;
  /** Whether so much waits for the client's socket that nothing should be dispatched to it now. */
  isBehind(): boolean;
  send(frame: EncodedFrame): void;
  /** ERROR, then close. */
  fail(fault: StompRefusal): void;
  /** Reads no more frames, finishes what is under way, closes. */
  close(): void;
}
