import type { Destination } from '#core/destination.js';
import type { ErrorCode } from '#core/error-kinds.js';
import { ReplytoError } from '#core/errors.js';
import type { Message } from '#core/message.js';
import type { MessageChannel, SendOptions } from '#core/ports/message-channel.js';

/** What the fake broker does with a frame that was written: confirms it, fails with this code, or says nothing. */
export type SendAnswer = 'confirm' | 'hold' | ErrorCode;

/** A frame that was written. */
interface SentMessage {
  readonly destination: Destination;
  readonly message: Message;
  readonly options: SendOptions;
  /** Answers what was held. */
  answer(answer: Exclude<SendAnswer, 'hold'>): void;
}

/** A channel without a broker: the test decides what becomes of every send. It is up at first. */
export interface FakeChannel extends MessageChannel {
  /** Frames in the order in which they were written. */
  readonly sent: readonly SentMessage[];
  /** Bodies, message ids or what else of the frames to this destination. */
  sentTo(name: string): readonly SentMessage[];
  /** Answers for the next frames, one each; then the rule of `always` holds again. */
  next(...answers: SendAnswer[]): void;
  /** What to answer otherwise; at first every frame is confirmed. */
  always(rule: SendAnswer | ((sent: SentMessage) => SendAnswer)): void;
  /** Called with each frame, before its answer. */
  onSend(callback: (sent: SentMessage) => void): void;
  /** The connection is lost: what is held is unconfirmed, nothing more is written. */
  down(): void;
  up(): void;
  /** Frames that were held and not answered. */
  readonly pending: number;
  /** Callbacks that wait for the channel to come up. */
  readonly listeners: number;
}

export function createFakeChannel(): FakeChannel {
  const sent: SentMessage[] = [];
  const scripted: SendAnswer[] = [];
  const held = new Set<SentMessage>();
  const upListeners = new Set<() => void>();
  let rule: (sent: SentMessage) => SendAnswer = () => 'confirm';
  let onSend: (sent: SentMessage) => void = () => undefined;
  let isUp = true;

  function send(destination: Destination, message: Message, options: SendOptions = {}): Promise<void> {
    if (!isUp) return Promise.reject(new ReplytoError('BROKER_UNAVAILABLE', { detail: 'the fake is down' }));
    return new Promise((resolve, reject) => {
      const frame: SentMessage = {
        destination,
        message,
        options,
        answer(answer) {
          held.delete(frame);
          if (answer === 'confirm') resolve();
          else reject(new ReplytoError(answer, { detail: `${answer} by the fake` }));
        },
      };
      sent.push(frame);
      onSend(frame);
      const answer = scripted.shift() ?? rule(frame);
      if (answer === 'hold') held.add(frame);
      else frame.answer(answer);
    });
  }

  return {
    sent,
    sentTo: (name) => sent.filter(({ destination }) => destination.name === name),
    next: (...answers) => void scripted.push(...answers),
    always: (given) => void (rule = typeof given === 'function' ? given : () => given),
    onSend: (callback) => void (onSend = callback),
    down() {
      isUp = false;
      for (const frame of [...held]) frame.answer('SEND_UNCONFIRMED');
    },
    up() {
      isUp = true;
      for (const listener of [...upListeners]) listener();
    },
    get pending() {
      return held.size;
    },
    get listeners() {
      return upListeners.size;
    },
    isUp: () => isUp,
    onUp(callback) {
      upListeners.add(callback);
      return () => void upListeners.delete(callback);
    },
    send,
    publish: send,
  };
}
