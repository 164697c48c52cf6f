import type { StompBroker } from '#adapters/stomp/broker.js';
import type { Tracer } from '#core/ports/tracer.js';
import { createTracedChannel } from '#messaging/traced-channel.js';

/** The same broker, whose sends are traced; the very same where nothing is. */
export function toTracedBroker(broker: StompBroker, tracer: Tracer): StompBroker {
  return tracer.isOn ? { ...broker, channel: createTracedChannel(broker.channel, tracer) } : broker;
}
