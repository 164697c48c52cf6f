import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import { connectedFrame, errorFrame, receiptFrame } from './answers.js';
import { agree } from './connect.js';
import type { OutgoingFrame } from './frame-encoder.js';
import { encodeFrame, heartBeat } from './frame-encoder.js';
import type { FrameHandler, Session } from './frame-handler.js';
import { createFrameParser } from './frame-parser.js';
import type { Frame, StompVersion } from './frame.js';
import { stompVersions } from './frame.js';
import type { HeartBeat } from './heart-beat.js';
import { startHeartBeat } from './heart-beat.js';
import type { SessionLimits } from './limits.js';
import type { LoginCheck } from './login.js';
import { StompRefusal, protocolFault } from './refusal.js';
import { createStallWatch } from './stall-watch.js';
import type { Transport } from './transport.js';

/*
 * The server side of one STOMP connection, over any transport: CONNECT, heart-beats, receipts, errors,
 * DISCONNECT, limits. What the frames mean is the handler's matter.
 *
 * A receipt goes out when the handler is done with its frame, which for a SEND means when it is on disk; the
 * receipts of one connection may overtake each other, that of DISCONNECT never. After a fault or DISCONNECT no
 * frame is read any more, what is under way is finished and receipted, then the connection closes.
 *
 *   what happened                                                 | answer | connection
 *   --------------------------------------------------------------|--------|-----------
 *   not STOMP, unknown command, limit broken, bad escape or UTF-8  | ERROR  | closes
 *   frame before CONNECT, second CONNECT, CONNECT deadline         | ERROR  | closes
 *   no common version, login refused, too many connections         | ERROR  | closes
 *   half a frame stalls, heart-beats stop                          | ERROR  | closes
 *   client takes no bytes for too long                             | none   | destroyed
 *   topic subscriber too far behind                                | ERROR  | closes
 *   required header missing, ack id or subscription unknown,       | ERROR  | serves on, as
 *     destination or option not offered, transaction unknown       |        | on Classic
 *   message not stored: store full, failing, over its limit        | ERROR  | serves on
 *   too many queues                                                | ERROR  | serves on
 *   too many subscriptions, transactions, actions in one           | ERROR  | closes
 *   failure inside the server                                      | ERROR  | closes
 */

export interface SessionOptions {
  readonly id: string;
  readonly transport: Transport;
  /** `server` header of CONNECTED. */
  readonly server: string;
  readonly limits: SessionLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Absent: everybody may connect. */
  readonly login?: LoginCheck | undefined;
  /** Makes the handler of a client that has logged in; may throw a StompRefusal to turn it away. */
  readonly accept: (session: Session, connect: Frame) => FrameHandler;
  /** The transport is gone. */
  readonly onClosed: () => void;
}

export function createSession(options: SessionOptions): Session {
  const { transport, limits, clock } = options;
  const logger = options.logger.child({ session: options.id, remote: transport.remote });
  const parser = createFrameParser(limits);
  let phase: 'connecting' | 'open' | 'closing' | 'closed' = 'connecting';
  let version: StompVersion = stompVersions[0];
  let handler: FrameHandler | undefined;
  let beats: HeartBeat | undefined;
  let underWay = 0;
  /** The last frame, to be sent when nothing is under way any more. */
  let farewell: OutgoingFrame | undefined;

  const cancelConnectDeadline = clock.after(limits.connectDeadlineMs, () =>
    session.fail(
      protocolFault('no CONNECT in time', `CONNECT must come within ${limits.connectDeadlineMs} ms.`),
    ),
  );
  const stalls = createStallWatch({
    limits,
    clock,
    midFrame: () => parser.midFrame,
    bufferedBytes: () => transport.bufferedBytes,
    onHalfFrame: () =>
      session.fail(
        protocolFault(
          'half a frame',
          `A frame must go on within ${limits.frameStallMs} ms of its last byte.`,
        ),
      ),
    onOutputStuck: () => {
      logger.warn(
        { bufferedBytes: transport.bufferedBytes },
        'client takes no bytes, its connection is ended',
      );
      transport.destroy();
    },
    pause: () => transport.pause(),
    resume: () => transport.resume(),
  });

  const session: Session = {
    id: options.id,
    get version() {
      return version;
    },
    isBehind: () => transport.bufferedBytes > limits.outputBytes,
    send(frame) {
      transport.send(frame);
      beats?.sent();
      stalls.sent();
    },
    fail(fault) {
      logger.info({ reason: fault.message }, 'a connection is ended');
      end(errorFrame(fault, fault.receipt));
    },
    close() {
      end(undefined);
    },
  };

  function write(frame: OutgoingFrame): void {
    session.send(encodeFrame(frame, version));
  }

  function end(last: OutgoingFrame | undefined): void {
    if (phase === 'closing' || phase === 'closed') return;
    phase = 'closing';
    farewell = last;
    cancelConnectDeadline();
    beats?.stop();
    stalls.ignoreInput();
    handler?.closed();
    closeWhenDone();
  }

  function closeWhenDone(): void {
    if (phase !== 'closing' || underWay > 0) return;
    if (farewell !== undefined) write(farewell);
    farewell = undefined;
    transport.close();
  }

  function confirm(receipt: string | undefined): void {
    if (receipt !== undefined && phase !== 'closed') write(receiptFrame(receipt));
  }

  function refuse(thrown: unknown, receipt: string | undefined): void {
    if (phase === 'closed') return;
    if (!(thrown instanceof StompRefusal)) logger.error({ err: thrown }, 'a frame could not be carried out');
    const reason =
      thrown instanceof StompRefusal
        ? thrown
        : protocolFault(
            'failure inside the server',
            'Nothing is wrong with the frame; the log of the server says more.',
          );
    logger.debug({ refused: reason.message, closes: reason.closes }, 'a frame was refused');
    const frame = errorFrame(reason, receipt ?? reason.receipt);
    if (!reason.closes && phase !== 'connecting') write(frame);
    else if (phase === 'closing') farewell ??= frame;
    else end(frame);
  }

  function settled(): void {
    underWay -= 1;
    closeWhenDone();
  }

  function handle(frame: Frame): void {
    const receipt = frame.headers.get('receipt');
    if (handler === undefined) {
      connect(frame);
    } else if (frame.command === 'CONNECT' || frame.command === 'STOMP') {
      throw protocolFault(`second ${frame.command}`, 'A connection logs in once.', receipt);
    } else if (frame.command === 'DISCONNECT') {
      end(receipt === undefined ? undefined : receiptFrame(receipt));
    } else {
      const outcome = handler.handle(frame);
      if (outcome === undefined) {
        confirm(receipt);
        return;
      }
      underWay += 1;
      outcome
        .then(
          () => confirm(receipt),
          (error: unknown) => refuse(error, receipt),
        )
        .then(settled, settled);
    }
  }

  function connect(frame: Frame): void {
    const agreement = agree(frame, limits, options.login);
    version = agreement.version;
    handler = options.accept(session, frame);
    parser.connected(version);
    phase = 'open';
    cancelConnectDeadline();
    write(connectedFrame({ ...agreement, server: options.server, session: options.id }));
    beats = startHeartBeat({
      agreement: agreement.heartBeat,
      clock,
      beat: () => {
        if (transport.bufferedBytes === 0) session.send(heartBeat);
      },
      isDeaf: () => stalls.paused,
      onSilence: () => {
        const ms = 2 * agreement.heartBeat.expectMs;
        session.fail(
          protocolFault('heart-beats stopped', `Something must come every ${ms / 2} ms; ${ms} ms are over.`),
        );
      },
    });
  }

  function readFrames(): void {
    for (;;) {
      if (phase === 'closing' || phase === 'closed') return;
      const frame = parser.next();
      if (frame === undefined) return;
      try {
        handle(frame);
      } catch (error) {
        refuse(error, frame.headers.get('receipt'));
      }
    }
  }

  transport.attach({
    onData(chunk) {
      if (phase === 'closing' || phase === 'closed') return;
      beats?.received();
      parser.feed(chunk);
      try {
        readFrames();
      } catch (error) {
        refuse(error, undefined);
      }
      stalls.received();
    },
    onFlushed() {
      stalls.flushed();
      if (phase === 'open') handler?.writable();
    },
    onEnd: () => session.close(),
    onClose() {
      const before = phase;
      phase = 'closed';
      cancelConnectDeadline();
      beats?.stop();
      stalls.stop();
      if (before !== 'closing') handler?.closed();
      options.onClosed();
    },
  });
  return session;
}
