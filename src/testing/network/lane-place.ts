import type { FrameHead } from '#adapters/stomp-server/frame-head.js';
import type { StompVersion } from '#adapters/stomp-server/frame.js';
import type { NetworkLog } from './network-log.js';
import type { SeenFrame } from './seen-frame.js';

type Head = FrameHead<string>;

/** A frame that has come as a whole. */
export interface KeptFrame {
  readonly head: Head;
  readonly seen: SeenFrame;
  readonly body: Buffer;
  /** As they came. */
  readonly bytes: Buffer;
}

/** What a connection knows that one of its directions has to respect. */
export interface LaneSide {
  /** Commands that may come. */
  readonly commands: readonly string[];
  readonly version: () => StompVersion;
  readonly toSeen: (head: Head) => SeenFrame;
  /** Whether the frame may have to go on as others. */
  readonly concerns: (head: Head) => boolean;
  /** As what bytes it goes on, if at all. */
  readonly toGoOn: (frame: KeptFrame) => readonly Buffer[];
  /** One more copy of it. */
  readonly toCopy: (frame: KeptFrame) => KeptFrame;
  /** It goes on now. */
  readonly passed: (head: Head) => void;
  /** Tells the sender that the frame was taken, if it wants to know. */
  readonly confirm: (head: Head) => void;
}

/** Where a frame is. */
export interface LanePlace {
  /** What is known about this direction. */
  readonly side: LaneSide;
  readonly log: NetworkLog;
  readonly connection: number;
  /** Ends the connection at once, as a failing network does; `afterWriting`: the far side gets what was written for it. */
  readonly cut: (frame: SeenFrame, afterWriting: boolean) => void;
  /** What a program of the test threw. */
  readonly onFailure: (error: unknown) => void;
}
