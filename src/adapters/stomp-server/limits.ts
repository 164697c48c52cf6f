/** What one connection may take up. Breaking one of them gives ERROR and ends the connection. */
export interface SessionLimits {
  /** Bytes of command and headers of one frame. Default 65,536. */
  readonly headerBlockBytes: number;
  /** Headers of one frame. Default 200. */
  readonly headerCount: number;
  /** Bytes of one header line. Default 16,384. */
  readonly headerLineBytes: number;
  /** Bytes of one body. Default 10 MiB. */
  readonly bodyBytes: number;
  /** Bytes of a whole frame from a client that has not logged in. Default 65,536. */
  readonly frameBytesBeforeConnect: number;
  /** Milliseconds from the opening of the connection to its CONNECT. Default 10,000. */
  readonly connectDeadlineMs: number;
  /** Milliseconds without a byte in the middle of a frame. Default 30,000. */
  readonly frameStallMs: number;
  /** Bytes that wait for the client's socket before no more messages are dispatched to it. Default 1 MiB. */
  readonly outputBytes: number;
  /** Milliseconds in which a client that is owed bytes takes none of them. Default 60,000. */
  readonly outputStallMs: number;
  /** Milliseconds that a connection may take to close after its last frame. Default 3,000. */
  readonly closeMs: number;
  /** Least and most milliseconds between heart-beats that the server offers. Default 500 and 60,000. */
  readonly heartBeatLeastMs: number;
  readonly heartBeatMostMs: number;
}

export const defaultSessionLimits: SessionLimits = {
  headerBlockBytes: 64 * 1024,
  headerCount: 200,
  headerLineBytes: 16 * 1024,
  bodyBytes: 10 * 1024 * 1024,
  frameBytesBeforeConnect: 64 * 1024,
  connectDeadlineMs: 10_000,
  frameStallMs: 30_000,
  outputBytes: 1024 * 1024,
  outputStallMs: 60_000,
  closeMs: 3_000,
  heartBeatLeastMs: 500,
  heartBeatMostMs: 60_000,
};

/** The part of the limits that the parser holds. */
export type FrameLimits = Pick<
  SessionLimits,
  'headerBlockBytes' | 'headerCount' | 'headerLineBytes' | 'bodyBytes' | 'frameBytesBeforeConnect'
>;
