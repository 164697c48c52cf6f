/** Stands before `#adapters/stomp/broker.js`: the broker with a fault point between a send and its receipt. */
import { createStompBroker as create } from '../../../src/adapters/stomp/broker.js';
import type { StompBroker, StompBrokerOptions } from '../../../src/adapters/stomp/broker.js';
import type { MessageChannel } from '#core/ports/message-channel.js';
import { passPoint } from './crash-point.js';

export function createStompBroker(options: StompBrokerOptions): StompBroker {
  const broker = create(options);
  return { ...broker, channel: withPoint(broker.channel) };
}

/** The embedded broker stops with its gateway: what is to be on its disk is there when it has said so, and not sooner. */
const isEmbedded = process.env['BROKER_URL'] === undefined;

function withPoint(channel: MessageChannel): MessageChannel {
  return {
    ...channel,
    async send(destination, message, options) {
      let isOver = false;
      const sending = channel.send(destination, message, options).finally(() => (isOver = true));
      if (isEmbedded) {
        await sending;
        if (message.replyTo !== null) passPoint('sent', message.messageId);
        return;
      }
      // Frames of one turn of the event loop leave together at its end, which was asked for before this.
      if (message.replyTo !== null) {
        setImmediate(() => {
          if (!isOver) passPoint('sent', message.messageId);
        });
      }
      await sending;
    },
  };
}
