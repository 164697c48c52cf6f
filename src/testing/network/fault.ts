import type { FrameChange } from './frame-bytes.js';
import type { SeenFrame, WholeFrame } from './seen-frame.js';

/** What a rule does with a frame. */
export type Fault =
  | { readonly kind: 'watch' }
  /** `isConfirmed`: its sender gets the receipt all the same. */
  | { readonly kind: 'drop'; readonly isConfirmed: boolean }
  | { readonly kind: 'duplicate'; readonly copies: number; readonly afterMs: number }
  | { readonly kind: 'delay'; readonly leastMs: number; readonly mostMs: number }
  /** Until it is released. */
  | { readonly kind: 'hold' }
  | { readonly kind: 'swap'; readonly withinMs: number }
  | { readonly kind: 'alter'; readonly change: Alteration }
  | { readonly kind: 'cut'; readonly at: CutAt };

/** A change, or what makes one of a frame: bytes are sent as they are, in place of the whole frame. */
export type Alteration = FrameChange | ((frame: WholeFrame) => FrameChange | Uint8Array);

/** Before anything of the frame, after half of its bytes, after all of it. */
export type CutAt = 'before' | 'middle' | 'after';

/** What happened in a network. */
export type NetworkEventKind =
  | 'opened'
  /** By one of the two sides. */
  | 'ended'
  /** A new connection, while the network refuses them, or because the broker does. */
  | 'refused'
  /** By a rule or by `cut()`. */
  | 'cut'
  /** The stream is no STOMP from here on: bytes are passed on, and no rule sees a frame. */
  | 'unreadable'
  | 'dropped'
  | 'duplicated'
  | 'delayed'
  | 'held'
  | 'released'
  | 'swapped'
  /** Its second half did not come in time. */
  | 'not-swapped'
  | 'altered'
  /** The connection ended while a frame was kept. */
  | 'lost';

/** One thing that a network did, or that happened to it. */
export interface NetworkEvent {
  /** Epoch milliseconds of the network's clock. */
  readonly at: number;
  readonly kind: NetworkEventKind;
  /** 1, 2, ... in the order in which connections were opened. */
  readonly connection: number;
  readonly frame: SeenFrame | null;
  /** What else is to be said, in words. */
  readonly detail: string | null;
}
