import type { Client as StompClient, IMessage } from '@stomp/stompjs';
import { within } from '../../../test/support/until.js';
import { stepOf } from '../schedule.js';
import { activate, openStomp } from '../../tools/stomp-connection.js';
import type { TextHeaders } from '../../tools/stomp-connection.js';
import type { Client, ClientContext, Clients } from './client.js';
import { separateClients } from './client.js';

interface Subscription {
  readonly url: string;
  readonly destination: string;
  readonly headers: (position: string | undefined) => TextHeaders;
  /** Where a message stands, for the next subscription. */
  readonly positionOf: (message: IMessage) => string | undefined;
  readonly connectHeaders?: TextHeaders;
  /** What ends a subscription that outlives its connection. */
  readonly forget?: TextHeaders;
}

/** Subscribes to the topic of the project at the broker itself; the gateway takes no part. */
export function createTopicClients(context: ClientContext, durable: boolean): Clients {
  const { project, surroundings } = context.measurement;
  return createSubscribers(context, (subject) => ({
    url: surroundings.brokerUrl,
    destination: `/topic/status.${project}`,
    headers: () => ({
      ...(surroundings.selectors ? { selector: `Subject = '${subject}'` } : {}),
      ...(durable ? { 'activemq.subscriptionName': subject } : {}),
    }),
    positionOf: () => undefined,
    ...(durable
      ? { connectHeaders: { 'client-id': subject }, forget: { 'activemq.subscriptionName': subject } }
      : {}),
  }));
}

/** Subscribes to its request at the gateway. */
export function createWebSocketClients(context: ClientContext): Clients {
  const url = `${context.measurement.surroundings.gatewayUrl.replace(/^http/u, 'ws')}/stomp`;
  return createSubscribers(context, (subject) => ({
    url,
    destination: `/topic/request.${subject}`,
    headers: (position) => (position === undefined ? {} : { after: position }),
    positionOf: ({ headers }) => headers['number'],
  }));
}

function createSubscribers(
  context: ClientContext,
  toSubscription: (subject: string) => Subscription,
): Clients {
  const { recorder, meter } = context;
  return separateClients(context, (subject, index): Client => {
    const { url, destination, headers, positionOf, connectHeaders = {}, forget } = toSubscription(subject);
    let position: string | undefined;
    let client: StompClient | undefined;

    function take(message: IMessage): void {
      position = positionOf(message) ?? position;
      const event = JSON.parse(message.body) as { subject: string; text?: string };
      // Where the broker has no selectors, the events of all others come too.
      if (event.subject === subject) recorder.learned(index, stepOf(event.text));
    }

    return {
      async start() {
        const opened = openStomp(url, { meter, connectHeaders });
        client = opened;
        opened.onWebSocketClose = () => {
          if (client === opened) recorder.failed('the STOMP connection was closed');
        };
        await new Promise<void>((resolve, reject) => {
          activate(opened, () => {
            // RECEIPT says that the subscription holds; where there are none, whatever is asked next does.
            opened.watchForReceipt(`subscribed-${index}`, () => resolve());
            opened.subscribe(destination, take, {
              ...headers(position),
              id: 'task',
              receipt: `subscribed-${index}`,
            });
            // From here on it is the subscription that is refused.
            opened.onStompError = ({ headers: { message = 'ERROR without a message' } }) => {
              recorder.failed(message);
              reject(new Error(message));
            };
          }).catch(reject);
        });
      },
      async stop() {
        const opened = client;
        client = undefined;
        await opened?.deactivate();
      },
      async close() {
        if (forget === undefined) return;
        const opened = openStomp(url, { connectHeaders });
        await activate(opened, () => undefined);
        const forgotten = new Promise<void>((resolve) => {
          opened.watchForReceipt(`forgotten-${index}`, () => resolve());
        });
        opened.unsubscribe('task', { ...forget, receipt: `forgotten-${index}` });
        await within(forgotten, { what: 'the end of a durable subscription' });
        await opened.deactivate();
      },
    };
  });
}
