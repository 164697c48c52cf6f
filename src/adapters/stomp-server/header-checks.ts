import { refusal } from './refusal.js';

/** @throws StompRefusal when the header is missing or empty. */
export function required(headers: ReadonlyMap<string, string>, name: string): string {
  const value = headers.get(name);
  if (value === undefined || value === '')
    throw refusal(`${name} missing`, `This frame needs the header ${name}.`);
  return value;
}

/** Options of other brokers that change what is delivered: to ignore them would be wrong without a word. */
const notOffered: readonly (readonly [name: string, harmless: string])[] = [
  ['selector', ''],
  ['browser', 'false'],
  ['no-local', 'false'],
  ['activemq.noLocal', 'false'],
  ['activemq.exclusive', 'false'],
  ['exclusive', 'false'],
  ['activemq.retroactive', 'false'],
  ['activemq.priority', '0'],
];

/** @param instead what is done here: `this broker delivers ...`. @throws StompRefusal */
export function refuseOptions(headers: ReadonlyMap<string, string>, instead: string): void {
  for (const [name, harmless] of notOffered) {
    const value = headers.get(name);
    if (value !== undefined && value !== harmless) {
      throw refusal(`${name} is not offered`, `Leave ${name} out: ${instead}.`);
    }
  }
}

/** Name of a durable subscription, as ActiveMQ and as RabbitMQ spell its header. */
export function durableNameOf(headers: ReadonlyMap<string, string>): string | undefined {
  return headers.get('activemq.subscriptionName') ?? headers.get('durable-subscription-name');
}
